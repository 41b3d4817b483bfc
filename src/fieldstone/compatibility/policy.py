"""Findings + what a module asks for -> what counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from fieldstone.compatibility.finding import Finding, Level, Surface


@dataclass(frozen=True, slots=True)
class Policy:
    """What a module asks of its changes.

    Attributes:
        surfaces: what it protects; a finding that breaks none of these is dropped.
        levels: rule id -> the level that its findings count at instead of the rule's own.
        fail_on: the mildest level that refuses a change.
    """

    surfaces: frozenset[Surface] = frozenset(Surface)
    levels: Mapping[str, Level] = field(default_factory=dict)
    fail_on: Level = Level.ERROR

    def apply(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings that count, at the levels and for the surfaces that the module asks for."""
        return [kept for finding in findings if (kept := self._apply_to(finding)) is not None]

    def refuses(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings that refuse the change."""
        severe = {Level.ERROR} if self.fail_on is Level.ERROR else {Level.ERROR, Level.WARNING}
        return [finding for finding in findings if finding.level in severe]

    def _apply_to(self, finding: Finding) -> Finding | None:
        level = self.levels.get(finding.rule, finding.level)
        breaks = tuple(surface for surface in finding.breaks if surface in self.surfaces)
        if level is Level.OFF or (finding.breaks and not breaks):
            return None
        return replace(finding, level=level, breaks=breaks)
