"""The manifest of a release, `release.toml`: its text and its seal.

The first line seals the rest: `seal` is the digest of all bytes below it. `previous` has the version,
digest and seal of the release before, so that a rewritten release is always detected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from msgspec import Struct, convert, to_builtins
from msgspec.structs import replace
from semver import Version

from fieldstone.compatibility.exemption import Exemption
from fieldstone.compatibility.waiver import Waiver
from fieldstone.errors import Damaged, Invalid
from fieldstone.registry.release import FIRST_RULES, HISTORY, LAYOUT, Link, Release
from fieldstone.registry.signature import split, with_signature
from fieldstone.schema.digest import file_digest

_RETIRED = "true"
"""The only value of the key `retired`: a manifest has texts only."""


_FILES = "\n[files]\n"
_PLAIN = r'"([^"\\\x00-\x1f\x7f]*)"'
_FILE = re.compile(f"{_PLAIN} = {_PLAIN}\n")
_IN = " in "
"""Separates the digest of a file from the older version that it is stored in."""
_AROUND = len('"" = ""\n')
"""The start of the table of files; a line of it without escapes and comments; the length of a line's punctuation."""


def to_toml(release: Release) -> str:
    """The text of `release.toml`, sealed, and with its signature if it has one."""
    import tomli_w

    content: dict[str, Any] = {
        **({"layout": release.layout} if release.layout > 1 else {}),
        "name": release.name,
        "version": release.version,
        "digest": release.digest,
        "judged" if release.accepted else "bump": release.bump,
        "released_at": release.released_at,
        "commit": release.commit,
        "style": release.style,
        "compiler": release.compiler,
        "rules": str(release.rules),
        "changes": list(release.changes),
        "waivers": [{name: text for name, text in to_builtins(waiver).items() if text} for waiver in release.waivers],
    }
    if release.exemptions:
        content["exemptions"] = [
            {name: text for name, text in to_builtins(exemption).items() if text} for exemption in release.exemptions
        ]
    if release.accepted:
        content["accepted"] = release.accepted
    if release.retired:
        content["retired"] = _RETIRED
    if release.previous:
        content["previous"] = _as_table(release.previous)
    if release.line:
        content["line"] = release.line
    if release.beside:
        content["beside"] = [_as_table(link) for link in release.beside]
    if release.dependencies:
        content["dependencies"] = [
            {"name": link.name, "version": link.version, "digest": link.digest} for link in release.dependencies
        ]
    if release.ledgers:
        content["ledgers"] = [f"{link.digest}{_IN}{link.version}" for link in release.ledgers]
    content["files"] = {path: _as_text(release, path) for path in sorted(release.files)}
    body = tomli_w.dumps(content)
    return with_signature(f'seal = "{file_digest(body.encode())}"\n{body}', release.signature)


def _as_text(release: Release, path: str) -> str:
    """The digest of a file, with the version that it is stored in if that is another."""
    there = release.stored.get(path)
    return f"{release.files[path]}{_IN}{there}" if there else release.files[path]


def _as_table(link: Link) -> dict[str, str]:
    """The reference to a release of the same module."""
    return {"version": link.version, "digest": link.digest, "seal": link.seal}


def from_toml(text: str, *, where: str) -> Release:
    """Read `release.toml`.

    Args:
        text: the file's content.
        where: its path, for the error.

    Raises:
        Damaged: the text is not a manifest, or lacks a key.
    """
    found = from_content(parse(text, where=where), where=where)
    signature = split(text)[1]
    return replace(found, signature=signature) if signature else found


def parse(text: str, *, where: str) -> dict[str, Any]:
    """The content of `release.toml` as plain data: texts, in lists and tables.

    Raises:
        Damaged: the text is not TOML, or has other values than texts, or a path outside the release.
        Invalid: it has the layout of a newer Fieldstone.
    """
    import tomllib

    try:
        content = _with_plain_files(text) or tomllib.loads(text)
        _refuse_other_layouts(content.get("layout", 1), where)
        _refuse_other_than_text({key: value for key, value in content.items() if key != "layout"}, "")
        _refuse_paths_that_leave(content.get("files"))
    except (ValueError, TypeError, RecursionError) as error:
        raise Damaged(f"{where} is no release manifest: {error}") from error
    return content


def _refuse_other_layouts(layout: object, where: str) -> None:
    """Raise for a layout of a newer Fieldstone. Layouts are numbers, so that Fieldstones without layouts fail, too."""
    if not isinstance(layout, int) or isinstance(layout, bool) or layout < 1:
        raise ValueError(f"layout is {layout!r}, which is no layout of a release")
    if layout > LAYOUT:
        raise Invalid(
            f"{where} has layout {layout}, and this Fieldstone reads layouts 1 to {LAYOUT}",
            fix="install a newer Fieldstone",
        )


def _with_plain_files(text: str) -> dict[str, Any] | None:
    """The content of `release.toml`, if its table of files is the last one and has plain lines only; else None.

    tomllib reads any other text. It takes 25 times as long, and a module may have thousands of files.
    """
    import tomllib

    head, _, tail = text.partition(_FILES)
    lines = _FILE.findall(tail)
    files = dict(lines)
    covered = sum(len(path) + len(digest) + _AROUND for path, digest in lines)
    if not files or len(files) < len(lines) or covered < len(tail):
        return None
    try:
        content = tomllib.loads(f"{head}\n")
    except tomllib.TOMLDecodeError:  # the header may be inside a multi-line string
        return None
    return None if "files" in content else {**content, "files": files}


class _Reference(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `previous`, and an entry of `beside`."""

    version: str
    digest: str
    seal: str

    def link(self, name: str) -> Link:
        """The reference, with the name of the module."""
        return Link(name, self.version, self.digest, self.seal)


class _Content(Struct, frozen=True):
    """The keys and types of `release.toml`."""

    name: str
    version: str
    digest: str
    released_at: str
    commit: str
    style: str
    compiler: str
    changes: tuple[str, ...]
    waivers: tuple[Waiver, ...]
    files: dict[str, str]
    seal: str
    bump: str = ""
    judged: str = ""
    accepted: str = ""
    previous: _Reference | None = None
    line: str = ""
    beside: tuple[_Reference, ...] = ()
    dependencies: tuple[Link, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    layout: int = 1
    ledgers: tuple[str, ...] = ()
    retired: str | None = None
    rules: str = str(FIRST_RULES)


def from_content(content: Mapping[str, Any], *, where: str) -> Release:
    """The manifest from plain data.

    Raises:
        Damaged: a key is missing, or a value has the wrong type.
    """
    try:
        read = convert(content, type=_Content)
        for waiver in read.waivers:
            date.fromisoformat(waiver.until)
        return Release(
            name=read.name,
            version=str(Version.parse(read.version)),
            digest=read.digest,
            bump=_bump_of(read),
            released_at=read.released_at,
            commit=read.commit,
            style=read.style,
            compiler=read.compiler,
            changes=read.changes,
            waivers=read.waivers,
            exemptions=read.exemptions,
            previous=read.previous.link(read.name) if read.previous else None,
            line=read.line,
            beside=tuple(reference.link(read.name) for reference in read.beside),
            dependencies=read.dependencies,
            files={path: text.partition(_IN)[0] for path, text in read.files.items()}
            if read.layout > 1
            else read.files,
            layout=read.layout,
            stored=_stored(read),
            ledgers=tuple(_older_ledger(read, text) for text in read.ledgers),
            retired=_is_retired(read.retired),
            rules=_rules_of(read.rules),
            accepted=read.accepted,
            seal=read.seal,
        )
    except (TypeError, ValueError) as error:  # msgspec.ValidationError is one
        raise Damaged(f"{where} is no release manifest: {error}") from error


def _bump_of(read: _Content) -> str:
    """The bump: `bump`, or `judged` in a release accepted as history, whose version need not follow from it.

    So a Fieldstone that does not know such releases refuses to read them.
    """
    if read.accepted not in {"", HISTORY}:
        raise ValueError(f'accepted is {read.accepted!r}, and may be "{HISTORY}" alone')
    key, other = ("judged", "bump") if read.accepted else ("bump", "judged")
    if not getattr(read, key) or getattr(read, other):
        raise ValueError(f"it must have {key}, and must not have {other}")
    return read.judged or read.bump


def _stored(read: _Content) -> dict[str, str]:
    """The older version that has a file, by path."""
    if read.layout == 1:
        return {}
    found = {path: version for path, text in read.files.items() if (version := text.partition(_IN)[2])}
    for version in {*found.values()}:
        _refuse_later(version, read)
    return found


def _older_ledger(read: _Content, text: str) -> Link:
    digest, _, version = text.partition(_IN)
    _refuse_later(version, read)
    return Link(read.name, version, digest)


def _refuse_later(version: str, read: _Content) -> None:
    """Raise for a version that is not before the release: its files would be of no use to it."""
    parsed = Version.parse(version)
    if str(parsed) != version or parsed >= Version.parse(read.version):
        raise ValueError(f"{version} is no version before {read.version}, and cannot have files of it")


def _is_retired(text: object) -> bool:
    """Whether the key `retired` is set; only the last release of a retired module has it."""
    if text not in {None, _RETIRED}:
        raise ValueError(f'retired is {text!r}, and may be "{_RETIRED}" alone')
    return text is not None


def _rules_of(text: str) -> int:
    """The version of the rules: a positive number of at most six digits."""
    if not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise ValueError(f"rules is {text!r}, which is no version of the rules")
    return int(text)


def _refuse_other_than_text(value: Any, key: str) -> None:
    """Raise for values other than texts, lists and tables."""
    if isinstance(value, dict):
        for name, item in value.items():
            _refuse_other_than_text(item, name)
    elif isinstance(value, list):
        for item in value:
            _refuse_other_than_text(item, key)
    elif not isinstance(value, str):
        raise TypeError(f"{key} is no text")


def _refuse_paths_that_leave(files: object) -> None:
    """Raise for a path outside the release: it would be read, and written elsewhere for compiling."""
    for path in files if isinstance(files, Mapping) else ():
        if path.startswith("/") or "\\" in path or "\0" in path or not {"", ".", ".."}.isdisjoint(path.split("/")):
            raise ValueError(f"the path {path!r} in files does not stay in the release")


def seal_of(text: str) -> str:
    """The expected seal of a manifest's text: the digest of everything after its first line."""
    return file_digest(text.partition("\n")[2].encode())
