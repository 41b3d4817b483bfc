"""Releases accepted as history that a change brings: where they may come from, and what they get around."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from fieldstone.checking.since.base import Base
from fieldstone.checking.since.policy import Weakened
from fieldstone.registry import Defect, Registry
from fieldstone.registry.release import IMPORTS, SOURCES, THIRD_PARTY, Release
from fieldstone.schema.location import Location
from fieldstone.toolchain import git
from fieldstone.toolchain.git_tags import Commit, in_order, tag_names, targets


def history_beside_a_gate(base: Base, releases: Iterable[Release], registry: Registry) -> Iterator[Weakened]:
    """New releases that are accepted as history though the branch has releases of their module already.

    Such a release is not refused whatever it breaks, so it would be a way around the gate.

    Args:
        base: the branch.
        releases: the releases that the change brings, by module and in the order of semver.
        registry: where they are.
    """
    gated = {module for module, _ in base.releases}
    brought = (release for release in releases if release.accepted and release.name in gated)
    for name, group in groupby(brought, key=lambda release: release.name):
        found = [*group]
        last = found[-1].version
        versions = found[0].version if len(found) == 1 else f"{len(found)} releases from {found[0].version} to {last}"
        yield Weakened(
            f"history {name}",
            f"{name} {versions} would be accepted as history, which is not judged, and {base.parting.label} has "
            f"releases of {name} already",
            f"release it with `fieldstone release {name}`, or have the owners of the schema agree",
            Location(registry.label(found[0])),
        )


def unproven_history(releases: Iterable[Release], registry: Registry, top: Path) -> Iterator[Defect]:
    """The new releases that say that they are history, and are not what a tag of the checkout has.

    Args:
        releases: the releases that the change brings.
        registry: where they are.
        top: the root of the checkout.

    Raises:
        FieldstoneError: a file of a release, or git, cannot be read.
    """
    history = [release for release in releases if release.accepted]
    tagged = _tagged_commits(top) if history else {}
    for release in history:
        problem = _problem(release, registry, tagged, top)
        if problem:
            label = registry.label(release)
            fetch = "git fetch --tags" + (" --unshallow" if git.is_shallow(top) else "")
            fix = f"fetch all tags: `{fetch}`; if that does not help, remove {label}"
            yield Defect("registry-history-unproven", release.name, release.version, label, problem, fix)


def _tagged_commits(top: Path) -> dict[str, Commit]:
    """The commits that the tags of a checkout point at, by full hash."""
    tagged = (target.name for target in targets(tag_names(top), top).values() if target.kind == "commit")
    return {commit.name: commit for commit in in_order(tagged, top)}


def _problem(release: Release, registry: Registry, tagged: Mapping[str, Commit], top: Path) -> str:
    """The difference between a release accepted as history and its tag, as a phrase; empty if there is none."""
    said = f"it says that it is history from commit {release.commit[:9] or 'none'}"
    commit = tagged.get(release.commit)
    if commit is None:
        return f"{said}, and no tag here points at that"
    if commit.seconds != release.released_time.timestamp():
        return f"{said}, which has another date than {release.released_at}"
    blobs = {entry.blob for entry in git.entries(commit.name, cwd=top)}
    for path in (path for path in release.files if path.startswith((SOURCES, THIRD_PARTY, IMPORTS))):
        if git.blob_hash(registry.read(release, path), like=commit.name) not in blobs:
            return f"{said}, which has no file like its {path}"
    return ""
