"""Verify what a registry knows of consumers: that it can be read, and names what exists."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.consumers.published import Known, Party
from fieldstone.errors import Damaged
from fieldstone.registry import Defect, Registry
from fieldstone.registry.consumers import open_consumers

_KIND = "registry-consumer-wrong"


def consumer_defects(address: str, registry: Registry) -> Iterator[Defect]:
    """The defects in published uses and deployments.

    Args:
        address: the address of the registry.
        registry: the registry at that address.

    Raises:
        FieldstoneError: the registry cannot be asked.
    """
    try:
        known = open_consumers(address).known()
    except Damaged as error:
        yield Defect(_KIND, "the consumers", "", address, error.problem, error.fix)
        return
    releases = {(module, str(version)) for module in registry.modules() for version in registry.versions(module)}
    yield from _wrong_uses(known, releases, address)
    yield from _wrong_deployments(known, releases, address)


def _wrong_uses(known: Known, releases: set[tuple[str, str]], address: str) -> Iterator[Defect]:
    for published in known.published:
        for evidence in published.uses.evidence:
            if (evidence.module, evidence.release) not in releases:
                problem = f"its uses are of {evidence.module} {evidence.release}, which is no release"
                fix = "publish the right uses under a new version"
                yield Defect(_KIND, published.consumer, published.version, address, problem, fix)


def _wrong_deployments(known: Known, releases: set[tuple[str, str]], address: str) -> Iterator[Defect]:
    published = {(one.consumer, one.version) for one in known.published}
    for one in known.deployments:
        if (one.name, one.version) not in (releases if one.party is Party.MODULE else published):
            problem = f"it runs in {one.environment}, and that version does not exist"
            fix = f"restore it, or `fieldstone uses ended {one.name}@{one.version} --env {one.environment}`"
            yield Defect(_KIND, one.name, one.version, address, problem, fix)
