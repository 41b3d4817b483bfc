"""Uses: what a consumer reads and writes, scanned in its code, and published to a registry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from msgspec.structs import replace

from fieldstone.atomic_files import replacing
from fieldstone.consumers.published import Published
from fieldstone.consumers.uses import FILE, Evidence, Rank, Uses, from_toml, to_toml
from fieldstone.errors import FieldstoneError, Invalid, NotFound
from fieldstone.registry import folder_of, open_registry
from fieldstone.registry.consumers import Consumers, open_consumers
from fieldstone.registry.consumers.refusals import check_published
from fieldstone.regular_file import read_file
from fieldstone.scanning.observed import evidence, from_json
from fieldstone.scanning.scanned import Scanned
from fieldstone.toolchain import git
from fieldstone.workflows.known_names import check_names

PYTHON, TYPESCRIPT = "python", "typescript"
LANGUAGES = (PYTHON, TYPESCRIPT)
"""The languages whose code can be scanned."""
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def load_uses(root: Path) -> Uses:
    """The uses of the consumer in a folder.

    Raises:
        NotFound: the folder has no such file.
        Invalid: it has no uses; the error names the key.
    """
    file = root / FILE
    if not file.is_file():
        raise NotFound(f"there is no {FILE} in {root}", fix="`fieldstone uses scan` writes one")
    return from_toml(read_file(file).decode("utf-8", "replace"), where=str(file))


def scan(
    root: Path,
    paths: Sequence[str],
    language: str,
    *,
    consumer: str,
    owner: str,
    python: str,
    today: date | None = None,
) -> tuple[Uses, Scanned]:
    """Scan code, and write what was found into the file of uses; what it says of other sources stays.

    Args:
        root: the root of the consumer's repository, which has the file.
        paths: the files and folders with code, relative to the root.
        language: one of `LANGUAGES`.
        consumer: the consumer's name; empty for that of the file.
        owner: who answers for it; empty for that of the file.
        python: the Python that has mypy and the client packages; empty for that of the root.
        today: the day of the scan (UTC).

    Raises:
        FieldstoneError: the code cannot be read, or the file not be written.
    """
    before = _begun(root, consumer, owner)
    found = _scanned(root, paths, language, python)
    if not found.releases:
        raise NotFound(
            f"none of {found.files} files in {', '.join(paths)} imports a client package",
            fix="install the packages that the code imports, made by `fieldstone package`, in the same environment",
        )
    uses, day = before, today or datetime.now(UTC).date()
    for scanned in found.evidence(language, day):
        uses = uses.renewed(scanned).without(scanned.module, Rank.ENFORCED, language)
        enforced = found.enforced(scanned.module, language, day)
        uses = uses.renewed(enforced) if enforced else uses
    _write(root, uses, again="scan again")
    return uses, found


def observe(root: Path, files: Sequence[Path], *, consumer: str, owner: str) -> tuple[Uses, list[Evidence]]:
    """Add the reads that were recorded while a consumer's tests ran to the file of uses, in place of earlier ones.

    Args:
        root: the root of the consumer's repository, which has the file.
        files: the files that `fieldstone_runtime.reading` has written.
        consumer: the consumer's name; empty for that of the file.
        owner: who answers for it; empty for that of the file.

    Raises:
        FieldstoneError: a file cannot be read or has no recorded reads, or the file of uses cannot be written.
    """
    uses = _begun(root, consumer, owner)
    found = evidence([from_json(read_file(file), where=str(file)) for file in files], PYTHON)
    for one in found:
        uses = uses.renewed(one)
    _write(root, uses, again="observe again")
    return uses, found


def _write(root: Path, uses: Uses, *, again: str) -> None:
    with replacing(root, {FILE: to_toml(uses).encode()}, undone="it is unchanged", again=again):
        pass


def _begun(root: Path, consumer: str, owner: str) -> Uses:
    """The uses so far, under the name and the owner that are given."""
    known = load_uses(root) if (root / FILE).exists() else Uses(consumer, owner)
    named = replace(known, consumer=consumer or known.consumer, owner=owner or known.owner)
    missing = [name for name, value in (("--consumer", named.consumer), ("--owner", named.owner)) if not value]
    if missing:
        raise Invalid(
            f"{FILE} is new: it needs {' and '.join(missing)}", fix="name the consumer, and who answers for it"
        )
    return named


def _scanned(root: Path, paths: Sequence[str], language: str, python: str) -> Scanned:
    if language == TYPESCRIPT:
        from fieldstone.scanning import typescript

        if len(paths) != 1:
            raise Invalid("TypeScript is scanned by one project", fix="name one tsconfig.json")
        return typescript.scan(root, paths[0])
    if language not in LANGUAGES:
        raise Invalid(f"code in {language} cannot be scanned", fix=f"declare its uses by hand in {FILE}")
    from fieldstone.scanning.python import python_of
    from fieldstone.scanning.python import scan as scan_python

    return scan_python(root, paths, python or python_of(root))


def publish(root: Path, registry: str, version: str, modules: Sequence[str] = ()) -> Published:
    """Publish the file of uses to a registry, as that of a version of the consumer.

    Args:
        root: the root of the consumer's repository.
        registry: the address of the registry.
        version: the version; empty for the commit of HEAD, shortened.
        modules: only the evidence about these modules; about all by default.

    Raises:
        FieldstoneError: the file is not there, invalid, not committed and without a version, or names what no release
            has; or the registry refuses it.
    """
    uses, commit = _about(load_uses(root), modules), _commit_of_file(root)
    version = version or commit[:12]
    if not version:
        raise Invalid(
            f"{FILE} in {root} is not committed, so no commit can be its version",
            fix="commit it, then publish again; or give --version",
        )
    published = Published(uses, version, commit, datetime.now(UTC).strftime(_TIME))
    check_published(published)
    consumers = _consumers_of(registry)
    check_names(uses, open_registry(registry))
    consumers.publish(published)
    return published


def _about(uses: Uses, modules: Sequence[str]) -> Uses:
    """The uses of some modules; of all without any."""
    for module in modules:
        if not uses.of(module):
            there = ", ".join(dict.fromkeys(evidence.module for evidence in uses.evidence))
            raise NotFound(f"{FILE} has no evidence about {module}", fix=f"it has some about {there or 'no module'}")
    return replace(uses, evidence=tuple(one for one in uses.evidence if not modules or one.module in modules))


def _consumers_of(registry: str) -> Consumers:
    """The consumers that a registry knows.

    Raises:
        NotFound: its folder does not exist: a repository of a consumer has none, and names that of the modules.
    """
    folder = folder_of(registry)
    if folder is not None and not folder.is_dir():
        raise NotFound(
            f"there is no registry at {folder}",
            fix="name the one that has the modules: --registry ADDRESS, or `registry` in fieldstone.toml",
        )
    return open_consumers(registry)


def _commit_of_file(root: Path) -> str:
    """The commit of HEAD; empty if it does not have the file of uses with its present content."""
    try:
        changed = git.run("status", "--porcelain", "--ignored", "--", FILE, cwd=root)
    except FieldstoneError:
        return ""
    return "" if changed else git.head_commit(root)
