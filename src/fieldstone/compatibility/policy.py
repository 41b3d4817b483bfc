"""Applies a module's settings and waivers to findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.compatibility.exemption import Exemption, is_unstable
from fieldstone.compatibility.finding import Finding, Level, Surface
from fieldstone.compatibility.sunsets.notice import Unread, not_asked
from fieldstone.compatibility.waiver import NO_KNOWN_READER, Waiver


class Policy(Struct, frozen=True):
    """The settings of a module for judging changes, and its waivers.

    Attributes:
        surfaces: the protected surfaces; a finding that breaks none of them is dropped.
        levels: rule id -> the level of its findings, instead of the rule's own.
        fail_on: the mildest level that refuses a change.
        waivers: the waivers, each in force until its day.
        exemptions: the exempt files and packages.
        exempts_unstable: whether every unstable package is exempt.
        today: the current day, in UTC.
        unread: why an element is not known to have no reader, for waivers with that reason.
    """

    surfaces: frozenset[Surface] = frozenset(Surface)
    levels: Mapping[str, Level] = {}
    fail_on: Level = Level.ERROR
    waivers: tuple[Waiver, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    exempts_unstable: bool = False
    today: date = date.min
    unread: Unread = not_asked

    def apply(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings that count, at the module's levels and for its surfaces.

        A finding with a waiver in force stays, and carries it. An exempt one becomes a note. An addition that the
        module sets to "error" is a break.
        """
        return [kept for finding in findings if (kept := self._apply_to(finding)) is not None]

    def refuses(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings that refuse the change: severe enough, and not waived."""
        severe = {Level.ERROR} if self.fail_on is Level.ERROR else {Level.ERROR, Level.WARNING}
        return [finding for finding in findings if finding.level in severe and finding.waiver is None]

    def expired(self, findings: Iterable[Finding]) -> list[tuple[Waiver, Finding]]:
        """The expired waivers, with the findings that they no longer permit."""
        return [
            (waiver, finding)
            for finding in findings
            if finding.waiver is None and finding.exemption is None
            for waiver in self.waivers
            if waiver.covers(finding.rule, finding.subject) and not waiver.holds_on(self.today)
        ]

    def _apply_to(self, finding: Finding) -> Finding | None:
        exemption = self._exemption_of(finding)
        level = self.levels.get(finding.rule, finding.level)
        breaks = tuple(surface for surface in finding.breaks if surface in self.surfaces)
        if level is Level.OFF or (finding.breaks and not breaks):
            return None
        if exemption is not None:
            return replace(finding, level=Level.NOTE, breaks=breaks, fix=exemption.text, exemption=exemption)
        additive = finding.additive and level is not Level.ERROR
        counted = replace(finding, level=level, breaks=breaks, additive=additive)
        waiver = self._waiver_of(finding)
        if waiver is None or waiver.reason_class != NO_KNOWN_READER:
            return replace(counted, waiver=waiver)
        read = next(filter(None, map(self.unread, (finding.subject, *finding.covers))), "")
        return replace(counted, fix=_disproved(read)) if read else replace(counted, waiver=waiver)

    def _exemption_of(self, finding: Finding) -> Exemption | None:
        """The exemption of a break; style has none."""
        if not finding.breaks:
            return None
        if self.exempts_unstable and is_unstable(finding.package):
            return Exemption(package=finding.package)
        covering = (e for e in self.exemptions if e.covers(finding.rule, finding.homes, finding.package))
        return next(covering, None)

    def _waiver_of(self, finding: Finding) -> Waiver | None:
        covering = (waiver for waiver in self.waivers if waiver.covers(finding.rule, finding.subject))
        return next((waiver for waiver in covering if waiver.holds_on(self.today)), None)


def _disproved(read: str) -> str:
    return f"its waiver says {NO_KNOWN_READER}, but {read}: change the reason's class, or ask again when that is over"


def is_used(waiver: Waiver, findings: Iterable[Finding]) -> bool:
    """Whether a waiver, in force or expired, is about one of the findings."""
    return any(waiver.covers(finding.rule, finding.subject) for finding in findings)
