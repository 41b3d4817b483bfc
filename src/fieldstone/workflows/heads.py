"""The heads of a registry: the newest release of each line of each module, to be recorded outside the registry."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from fieldstone.errors import Damaged, Invalid
from fieldstone.registry import Defect, Registry
from fieldstone.registry.lines import ancestry, tips
from fieldstone.registry.release import Release


class Head(Struct, frozen=True, forbid_unknown_fields=True):
    """The newest release of a line of a module.

    Attributes:
        module: the module's name.
        version: the release's version.
        seal: the digest of its manifest, which has the seal of the release before.
        count: the number of releases in its line up to it.
    """

    module: str
    version: str
    seal: str
    count: int

    def to_json(self) -> str:
        """The head as one line of JSON."""
        return json.dumps(msgspec.to_builtins(self))


def heads(registry: Registry) -> list[Head]:
    """The heads of each module, by name and in the order of semver.

    Raises:
        FieldstoneError: a release is damaged, so that its head would be worthless.
    """
    found: list[Head] = []
    for module in registry.modules():
        broken = next(registry.defects(module), None)
        if broken is not None:
            raise Damaged(f"{module} {broken.version}: {broken.problem}", fix="`fieldstone registry verify` says more")
        registry.releases(module)  # refuses stray files
        found += [Head(module, tip.version, tip.seal, _count(registry, tip)) for tip in tips(registry, module)]
    return found


def _count(registry: Registry, release: Release) -> int:
    """The number of releases in the line of a release up to it."""
    return sum(1 for _ in ancestry(registry, release))


def parse_heads(lines: Iterable[str], *, where: str) -> list[Head]:
    """Heads from lines of JSON, the output of `fieldstone registry head`; empty lines are skipped.

    Args:
        lines: the lines.
        where: their file, for the error.

    Raises:
        FieldstoneError: a line is not a head, or there is none.
    """
    found: list[Head] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(msgspec.json.decode(line, type=Head))
            except (msgspec.DecodeError, RecursionError) as error:
                raise Invalid(
                    f"line {number} of {where} is no head of a registry: {error}",
                    fix="write the file with `fieldstone registry head`",
                ) from error
    if not found:
        raise Invalid(f"{where} holds no head", fix="write the file with `fieldstone registry head`")
    return found


def lost_heads(registry: Registry, anchored: Iterable[Head]) -> Iterator[Defect]:
    """The recorded heads that are no longer in the chains of a registry, as defects.

    Args:
        registry: the registry.
        anchored: heads that were recorded earlier.

    Raises:
        FieldstoneError: a release cannot be read.
    """
    for head in anchored:
        known = [str(version) for version in registry.versions(head.module)]
        path = f"{registry.address}/{head.module}/{head.version}"
        if head.version not in known:
            problem = "it was the newest release when its head was noted, and is gone"
        elif registry.release(head.module, head.version).seal != head.seal:
            problem = "it is not the release whose head was noted: its seal is another one"
        elif (count := _count(registry, registry.release(head.module, head.version))) != head.count:
            problem = f"it was release number {head.count}, and is number {count} now"
        else:
            continue
        fix = f"{registry.remedy}: releases are never removed or replaced"
        yield Defect("registry-head-lost", head.module, head.version, path, problem, fix)
