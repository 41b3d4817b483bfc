"""Copying: the releases of a registry into another one, to the byte, each verified where it arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

from msgspec import Struct

from fieldstone.errors import Conflict, Damaged, Invalid, NotFound
from fieldstone.registry import Defect, Registry, open_registry
from fieldstone.registry.manifest import seal_of
from fieldstone.registry.release import Release
from fieldstone.workflows.copying_consumers import ConsumersCopy

_Key = tuple[str, str]
"""The module and the version of a release."""


class Copied(Struct, frozen=True):
    """The result of copying.

    Attributes:
        copied: the number of releases that were copied.
        present: the number of those that were there already.
        uses: the number of versions of consumers whose uses were copied.
    """

    copied: int
    present: int
    uses: int = 0


def copy(source: str, target: str, *, on_progress: Callable[[str], None] = lambda _: None) -> Copied:
    """Copy all releases of a registry that another one lacks, and what it knows of consumers.

    What is there already is left as it is, so that an interrupted copy goes on. Other modules of the target may have
    any releases; a module of the source has none that the source lacks.

    Args:
        source: the address of the registry to read; see `open_registry`.
        target: the address of the registry to write; a server requires the token of an admin.
        on_progress: called with a message for each release.

    Raises:
        NotFound: the source has no release.
        Conflict: the target has another release of a module than the source; nothing was copied.
        Damaged: the source is damaged, and nothing was copied; or a release did not arrive unchanged.
        FieldstoneError: a registry cannot be read or written.
    """
    reading, writing = open_registry(source), open_registry(target)
    if source == target:
        raise Invalid(f"{source} is the registry to copy, and the one to copy it to", fix="name another one")
    releases = _sound(reading, on_progress)
    present = {key for key in releases if _is_present(writing, releases[key])}
    for module in reading.modules():
        _refuse_others(reading, writing, module)
    missing = [key for key in _in_order(releases) if key not in present]
    consumers = ConsumersCopy(source, target)
    for number, key in enumerate(missing, 1):
        on_progress(f"copying {' '.join(key)}, {number:,} of {len(missing):,} releases")
        _add(target, writing, reading, releases[key])
    _verify(open_registry(target), releases, on_progress)
    return Copied(len(missing), len(present), consumers.run(on_progress))


def _sound(registry: Registry, on_progress: Callable[[str], None]) -> dict[_Key, Release]:
    """All releases of a registry, whose files and chains were verified.

    Raises:
        Damaged: it has a defect.
        NotFound: it has no release.
    """
    found: dict[_Key, Release] = {}
    _refuse_defects(registry.links(), "nothing was copied")
    for module in registry.modules():
        on_progress(f"verifying {module} in {registry.address}")
        _refuse_defects(registry.defects(module), "nothing was copied")
        found |= {(module, release.version): release for release in registry.releases(module)}
    if not found:
        raise NotFound(f"there is no release in {registry.address}", fix="see whether that is the registry")
    return found


def _refuse_defects(defects: Iterator[Defect], consequence: str) -> None:
    defect = next(defects, None)
    if defect is not None:
        raise Damaged(
            f"{defect.module} {defect.version}: {defect.problem} ({defect.path}); {consequence}", fix=defect.fix
        )


def _is_present(registry: Registry, release: Release) -> bool:
    """Whether a registry has a release already.

    Raises:
        Conflict: it has another one of that version.
    """
    if release.semver not in registry.versions(release.name):
        return False
    there = registry.release(release.name, release.version)
    if there.seal != release.seal:
        raise _other(registry, there)
    return True


def _refuse_others(source: Registry, target: Registry, module: str) -> None:
    known = {*source.versions(module)}
    for version in target.versions(module):
        if version not in known:
            raise _other(target, target.release(module, str(version)))


def _other(registry: Registry, release: Release) -> Conflict:
    return Conflict(
        f"{registry.label(release)} is not a release of the registry to copy; nothing was copied",
        fix="copy into a registry where its modules have no other releases",
    )


def _in_order(releases: dict[_Key, Release]) -> Iterator[_Key]:
    """The releases, each after those that it names, and otherwise in the order of their time.

    Raises:
        Damaged: releases name each other in a circle.
    """
    sorter: TopologicalSorter[_Key] = TopologicalSorter()
    for key, release in releases.items():
        links = (*([release.previous] if release.previous else []), *release.beside, *release.dependencies)
        homes = ((release.name, version) for version in release.stored.values())
        named = {*homes, *((link.name, link.version) for link in (*links, *release.ledgers))}
        sorter.add(key, *(other for other in named if other in releases))
    try:
        sorter.prepare()
    except CycleError as error:
        raise Damaged("releases of the registry name each other in a circle; nothing was copied") from error
    ready: list[tuple[datetime, _Key]] = []
    while sorter.is_active():
        for key in sorter.get_ready():
            heappush(ready, (releases[key].released_time, key))
        _, first = heappop(ready)
        yield first
        sorter.done(first)


def _add(address: str, target: Registry, source: Registry, release: Release) -> None:
    """Add a release to the target; a database has it verified, and recorded in its audit, as a server has."""
    text = source.text(release)
    if seal_of(text.decode("utf-8", "replace")) != release.seal:
        raise Damaged(f"{source.label(release)} changed while it was copied", fix=source.remedy)
    files = {path: source.read(release, path) for path in release.own_files}
    if address.startswith(_DATABASES):
        from fieldstone.registry.archive import pack
        from fieldstone.registry.sql.audit import operator
        from fieldstone.workflows.accept import accept
        from fieldstone.workflows.pushing.messages import Sent

        actor = operator()
        sent = Sent(
            module=release.name,
            archive=pack(text, files),
            who=actor.who,
            credential=actor.credential,
            address=target.address,
            is_copy=True,
        )
        accept(address, sent)
        return
    target.add(release, files, text=text)


_DATABASES = ("sqlite:", "postgresql:")


def _verify(target: Registry, releases: dict[_Key, Release], on_progress: Callable[[str], None]) -> None:
    """Read everything back.

    Raises:
        Damaged: a release is not there, or is another one.
    """
    for module in dict.fromkeys(module for module, _ in releases):
        on_progress(f"verifying {module} in {target.address}")
        _refuse_defects(target.defects(module), "the copy is not sound")
        arrived = {release.version: release.seal for release in target.releases(module)}
        for (name, version), release in releases.items():
            if name == module and arrived.get(version) != release.seal:
                raise Damaged(f"{name} {version} did not arrive unchanged in {target.address}", fix=target.remedy)
