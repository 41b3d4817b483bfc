"""Checks that a module's releases are a chain in each line: each names the previous one, and a retirement is last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from fieldstone.compatibility.verdict import Bump, smallest_version
from fieldstone.errors import Conflict
from fieldstone.registry import Defect
from fieldstone.registry.lines import MAIN, beside, minor_of, newest, predecessors
from fieldstone.registry.release import IMAGE, LEDGER, Link, Release
from fieldstone.schema.digest import file_digest

if TYPE_CHECKING:
    from fieldstone.registry import Registry

Label = Callable[[Release], str]
"""Returns the location of a release for messages."""


def refuse_if_overtaken(release: Release, registry: Registry, *, is_copy: bool = False) -> None:
    """Refuse to add a release that does not follow the newest one of its line, or whose version exists.

    Args:
        release: the new release.
        registry: the registry that it is added to, read anew.
        is_copy: whether it is a copy of another registry's: there, lines may have met in a merge of git.

    Raises:
        FieldstoneError: another release was added meanwhile, in its line or another, or this version exists already.
    """
    line = release.line or MAIN
    last = newest(registry, release.name, line)
    previous = release.previous.version if release.previous else None
    current = last.version if last else None
    if current == previous and release.version in map(str, registry.versions(release.name)):
        raise Conflict(f"{release.name} {release.version} exists already", fix="release another version")
    if current != previous:
        raise Conflict(
            f"{release.name} {current} was released meanwhile, and {release.version} is based on {previous}",
            fix="release again on top of it",
        )
    judged = {link.version for link in release.beside}
    for tip in () if is_copy else beside(registry, release.name, line):
        if tip.version not in judged:
            raise Conflict(f"{release.name} {tip.version} was released meanwhile, in another line", fix="release again")


def broken_links(releases: Sequence[Release], label: Label, remedy: str) -> Iterator[Defect]:
    """The defects of the chains of a module: each release must name the one before it in its line.

    Args:
        releases: all of a module, in the order of semver.
        label: returns the location of a release for messages.
        remedy: the fix for a missing or changed release.
    """
    by_version = {release.version: release for release in releases}
    before_each = predecessors(releases)
    for release in releases:
        before = before_each[release.version]
        if release.previous != (before.link if before else None):
            named = by_version.get(release.previous.version) if release.previous else None
            yield _defect(release, before, named, label(release), remedy)
        yield from _broken_beside(release, by_version, label(release), remedy)
        yield from _lost_homes(release, by_version, label(release), remedy)
    yield from _misplaced(releases, label)


def _broken_beside(release: Release, by_version: Mapping[str, Release], path: str, remedy: str) -> Iterator[Defect]:
    """References to releases of other lines that do not match."""
    for link in release.beside:
        known = by_version.get(link.version)
        if known is None or known.link != link:
            found = _words(known.link if known else None)
            problem = f"{release.version} names {_words(link)} as a release beside it, and that is {found}"
            fix = f"{remedy}: releases are never removed or replaced"
            yield Defect("registry-chain-broken", release.name, release.version, path, problem, fix)


def _lost_homes(release: Release, by_version: Mapping[str, Release], path: str, remedy: str) -> Iterator[Defect]:
    """Files that a release leaves to older ones, and that these do not have."""
    wanted = [(name, release.files[name], version) for name, version in release.stored.items()]
    wanted += [(LEDGER, link.digest, link.version) for link in release.ledgers]
    for name, digest, version in wanted:
        home = by_version.get(version)
        if home is None or name in home.stored or home.files.get(name) != digest:
            problem = f"{name} is stored in {version}, which does not have it"
            yield Defect("registry-file-missing", release.name, release.version, path, problem, remedy)


def _misplaced(releases: Sequence[Release], label: Label) -> Iterator[Defect]:
    """Releases of a line with a number of another, and releases of the main line among those of a minor line."""
    begun: dict[str, Release] = {}
    stable = {minor_of(release.semver) for release in releases if not (release.semver.prerelease or release.line)}
    for release in releases:
        minor, problem = minor_of(release.semver), ""
        if release.line and release.line != minor:
            problem = f"it says that it is of line {release.line}, and {release.version} is of {minor}"
        elif release.line and minor not in stable:
            problem = f"it says that it is of line {minor}, and no release of the main line began that"
        elif not release.line and minor in begun:
            problem = f"it is of the main line, and {begun[minor].version} of line {minor} came before it"
        if release.line:
            begun.setdefault(minor, release)
        if problem:
            where = label(release)
            fix = f"if it is new, remove {where} and release again; see `fieldstone release --line`"
            yield Defect("registry-line-wrong", release.name, release.version, where, problem, fix)


def broken_retirements(releases: Sequence[Release], label: Label, remedy: str) -> Iterator[Defect]:
    """Releases that say they retire a module and do not, and those that follow one that does.

    Args:
        releases: all of a module, in the order of semver.
        label: returns the location of a release for messages.
        remedy: the fix for a missing or changed release.
    """
    for number, release in enumerate(releases):
        problems = _retirement_faults(release, releases[:number]) if release.retired else []
        retired = [earlier.version for earlier in releases[:number] if earlier.retired]
        if retired:
            problems.append(f"{release.version} follows {retired[0]}, which retired the module")
        for problem in problems:
            yield Defect(
                "registry-retirement-wrong",
                release.name,
                release.version,
                label(release),
                problem,
                f"{remedy}: a module is retired by `fieldstone release --retire` alone",
            )


def _retirement_faults(release: Release, before: Sequence[Release]) -> list[str]:
    """The faults in the manifest of a release that claims to retire its module."""
    who = f"{release.version} retires the module"
    faults: list[str] = []
    extra = sorted(release.files.keys() - {IMAGE, LEDGER})
    if extra or release.dependencies:
        held = extra[0] if extra else f"an import of {release.dependencies[0].name}"
        faults.append(f"{who}, and holds {held}")
    if release.files.get(IMAGE) != file_digest(b""):
        faults.append(f"{who}, and its {IMAGE} is not empty")
    smallest = smallest_version([earlier.semver for earlier in before], Bump.MAJOR)
    number = release.semver
    if not before:
        faults.append(f"{who}, and no release came before it")
    elif smallest is None or number < smallest or number.prerelease or release.bump != str(Bump.MAJOR):
        faults.append(f"{who}, and is no major step from {before[-1].version}")
    return faults


def _defect(release: Release, before: Release | None, named: Release | None, path: str, remedy: str) -> Defect:
    previous = release.previous
    if named is not None and before is not None and named.version != before.version and previous == named.link:
        return Defect(
            "registry-forked",
            release.name,
            release.version,
            path,
            f"{release.version} and {before.version} were both released on top of {named.version}",
            f"remove {path}, take over its change on top of {before.version}, and release it again",
        )
    link = before.link if before else None
    return Defect(
        "registry-chain-broken",
        release.name,
        release.version,
        path,
        f"{release.version} names {_words(previous)} as the release before, and that is {_words(link)}",
        f"{remedy}: releases are never removed or replaced",
    )


def _words(link: Link | None) -> str:
    return f"{link.version} ({link.digest[:15]}..., seal {link.seal[9:17]}...)" if link else "none"
