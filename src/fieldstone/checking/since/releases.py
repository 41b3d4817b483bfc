"""Releases of a branch that a change lost or altered, and those that it adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from fieldstone.checking.since.base import Base
from fieldstone.checking.since.policy import Weakened, permits
from fieldstone.errors import FieldstoneError
from fieldstone.project.settings import Settings
from fieldstone.registry import Defect, Registry
from fieldstone.registry.release import Release
from fieldstone.regular_file import read_regular
from fieldstone.schema.location import Location
from fieldstone.toolchain import git


def lost_releases(base: Base, registry: Path) -> Iterator[Defect]:
    """The files of released versions that are gone or differ in the working tree, by their bytes.

    The index must not say otherwise either: what a commit would take from the releases is lost, too.

    Args:
        base: the branch.
        registry: the absolute folder where the releases are looked for.

    Raises:
        FieldstoneError: the registry is a symbolic link, or a file cannot be read.
    """
    top = base.parting.top
    _refuse_linked(registry, top)
    staged = git.staged(cwd=top) if base.releases else {}
    for (module, version), files in base.releases.items():
        for path, entry in files.items():
            place = registry / module / version / path
            change = _change(place, entry) or (_staged_change(entry, staged) if place == top / entry.path else "")
            if change:
                problem = f"{entry.path} was {change} since {base.parting.reference.label}"
                yield Defect(
                    "registry-file-changed", module, version, base.path(place), problem, _restoring(base, entry, place)
                )


def _change(place: Path, entry: git.Entry) -> str:
    """How a released file differs from what git has: deleted, edited, replaced by a link; empty if it does not."""
    if place.is_symlink() or entry.is_link:
        return "replaced by a symbolic link"
    try:
        content = read_regular(place)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return "deleted"
    except OSError as error:
        raise FieldstoneError(f"cannot read {place}: {error.strerror}") from error
    return "" if git.blob_hash(content, like=entry.blob) == entry.blob else "edited"


def _staged_change(entry: git.Entry, staged: Mapping[str, git.Entry]) -> str:
    """How the index differs from what git has of a released file; empty if it does not."""
    now = staged.get(entry.path)
    if now is None:
        return "deleted"
    return "" if now.blob == entry.blob else "edited"


def _restoring(base: Base, entry: git.Entry, place: Path) -> str:
    """How to bring a released file back."""
    since = base.parting.reference.label
    if place == base.parting.top / entry.path:
        return f"released versions never change: `git restore --source={since} --staged --worktree -- {entry.path}`"
    return f"released versions never change: bring {entry.path} of {since} back as {base.path(place)}"


def _refuse_linked(registry: Path, top: Path) -> None:
    for folder in (registry, *registry.parents):
        if folder == top:
            return
        if folder.is_symlink():
            raise FieldstoneError(
                f"the registry {registry} lies behind the symbolic link {folder}, whose releases git does not tell",
                fix="name the folder itself as `registry` in the settings",
            )


def new_releases(base: Base, registry: Registry) -> Iterator[Release]:
    """The releases of a registry that the branch does not have, by module and in the order of semver.

    Raises:
        FieldstoneError: one is not a whole release.
    """
    for module in registry.modules():
        for version in map(str, registry.versions(module)):
            if (module, version) not in base.releases:
                yield registry.release(module, version)


def recorded_waivers(base: Base, release: Release, place: str, settings: Settings) -> Iterator[Weakened]:
    """The waivers that a new release says it used, and that the branch does not have.

    Args:
        base: the branch.
        release: the release.
        place: its manifest, absolute.
        settings: the settings of the change; a waiver that it adds is told of with them.
    """
    for waiver in release.waivers:
        used = replace(waiver, module=release.name)
        if not any(permits(held, used) for held in (*base.settings.waivers, *settings.waivers)):
            yield Weakened(
                f"waiver {waiver.rule} {waiver.subject}",
                f"{release.name} {release.version} records a waiver that {base.parting.label} does not have: "
                f"{waiver.text}",
                "undo the break, or have the owners of the schema agree to the waiver",
                Location(place),
            )
