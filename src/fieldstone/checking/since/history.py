"""Releases accepted as history that a change brings to a module with a gate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from fieldstone.checking.since.base import Base
from fieldstone.checking.since.policy import Weakened
from fieldstone.registry import Registry
from fieldstone.registry.release import Release
from fieldstone.schema.location import Location


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
