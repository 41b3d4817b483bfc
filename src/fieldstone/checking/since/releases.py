"""Releases of the target branch that a change removes or alters, and those that it adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from fieldstone.checking.since.base import Base
from fieldstone.checking.since.policy import Weakened, exempts, permits
from fieldstone.errors import Invalid, Unavailable
from fieldstone.project.settings import Settings
from fieldstone.registry import Defect, Registry
from fieldstone.registry.release import Release
from fieldstone.regular_file import read_regular
from fieldstone.schema.location import Location
from fieldstone.toolchain import git


def lost_releases(base: Base, registry: Path) -> Iterator[Defect]:
    """The released files that are deleted or edited in the working tree or in git's index.

    Args:
        base: the branch.
        registry: the absolute folder of the registry.

    Raises:
        FieldstoneError: the registry is a symbolic link, or a file cannot be read.
    """
    top = base.parting.top
    _refuse_linked(registry, top)
    staged = git.staged(cwd=top) if base.releases else {}
    for (module, version), files in base.releases.items():
        for path, entry in files.items():
            file = registry / module / version / path
            change = _change(file, entry) or (_staged_change(entry, staged) if file == top / entry.path else "")
            if change:
                problem = f"{entry.path} was {change} since {base.parting.reference.label}"
                yield Defect(
                    "registry-file-changed", module, version, base.path(file), problem, _restoring(base, entry, file)
                )


def _change(file: Path, entry: git.Entry) -> str:
    """The difference between a released file and git's: deleted, edited, replaced by a link; empty if none."""
    if file.is_symlink() or entry.is_link:
        return "replaced by a symbolic link"
    try:
        content = read_regular(file)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return "deleted"
    except OSError as error:
        raise Unavailable(f"cannot read {file}: {error.strerror}") from error
    return "" if git.blob_hash(content, like=entry.blob) == entry.blob else "edited"


def _staged_change(entry: git.Entry, staged: Mapping[str, git.Entry]) -> str:
    """The difference between the index and the base for a released file: deleted or edited; empty if none."""
    now = staged.get(entry.path)
    if now is None:
        return "deleted"
    return "" if now.blob == entry.blob else "edited"


def _restoring(base: Base, entry: git.Entry, file: Path) -> str:
    """The fix that restores a released file."""
    since = base.parting.reference.label
    if file == base.parting.top / entry.path:
        return f"released versions never change: `git restore --source={since} --staged --worktree -- {entry.path}`"
    return f"released versions never change: bring {entry.path} of {since} back as {base.path(file)}"


def _refuse_linked(registry: Path, top: Path) -> None:
    for folder in (registry, *registry.parents):
        if folder == top:
            return
        if folder.is_symlink():
            raise Invalid(
                f"the registry {registry} lies behind the symbolic link {folder}: git has no files of its releases",
                fix="name the folder itself as `registry` in the settings",
            )


def new_releases(base: Base, registry: Registry) -> Iterator[Release]:
    """The releases of a registry that the branch does not have, by module and in the order of semver.

    Raises:
        FieldstoneError: a release is incomplete.
    """
    for module in registry.modules():
        for version in map(str, registry.versions(module)):
            if (module, version) not in base.releases:
                yield registry.release(module, version)


def recorded_waivers(base: Base, release: Release, manifest: str, settings: Settings) -> Iterator[Weakened]:
    """The waivers that a new release records and the branch does not have.

    Args:
        base: the branch.
        release: the release.
        manifest: the absolute path of its manifest.
        settings: the settings of the change; a waiver that they add is reported with them.
    """
    for waiver in release.waivers:
        used = replace(waiver, module=release.name)
        if not any(permits(held, used) for held in (*base.settings.waivers, *settings.waivers)):
            yield Weakened(
                f"waiver {waiver.rule} {waiver.subject}",
                f"{release.name} {release.version} records a waiver that {base.parting.label} does not have: "
                f"{waiver.text}",
                "undo the break, or have the owners of the schema agree to the waiver",
                Location(manifest),
                f"waivers of {waiver.rule} in {release.name} {release.version} {waiver.terms}",
            )


def recorded_exemptions(base: Base, release: Release, manifest: str, settings: Settings) -> Iterator[Weakened]:
    """The exemptions that a new release records, and that neither the branch nor the change has.

    Args:
        base: the branch.
        release: the release.
        manifest: the absolute path of its manifest.
        settings: the settings of the change; an exemption that they add is reported with them.
    """
    for exemption in release.exemptions:
        if not any(exempts(side.module(release.name), exemption) for side in (base.settings, settings)):
            yield Weakened(
                f"exemption {exemption.path or exemption.package}",
                f"{release.name} {release.version} records an exemption that {base.parting.label} does not have: "
                f"{exemption.text}",
                "undo the break, or have the owners of the schema agree to the exemption",
                Location(manifest),
            )
