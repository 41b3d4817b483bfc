"""Findings for people: one code frame each, with the released element beside the current one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.compatibility.finding import MODULE_FINDINGS, Directions, Finding, Level, Report
from fieldstone.compatibility.waiver import PERMISSIONS
from fieldstone.palette import BLUE, BOLD, LEVELS, painted
from fieldstone.printed import cells, printable, printable_lines
from fieldstone.report import Options
from fieldstone.report.grouping import (
    FIRST_PLACES,
    MOST_ALONE,
    Group,
    broken,
    counted,
    groups,
    left_out,
    most_severe,
    places,
    status,
)

if TYPE_CHECKING:
    from fieldstone.schema.location import Location

_TAB = 4
"""The width of tab stops, with which buf counts columns."""

LIMITED = True
"""It can leave findings out."""


def render(report: Report, options: Options) -> str:
    """A block for each finding of the report, or for many of one cause, and a last line with the counts by rule."""
    return render_groups(report, options, most_alone=MOST_ALONE)


def render_groups(report: Report, options: Options, *, most_alone: int) -> str:
    """The report as `render` shows it; up to `most_alone` findings of one cause are shown one by one."""
    read, told = cache(options.read), set[tuple[str, str]]()
    found = [group for part in report.parts for group in groups(part, most_alone=most_alone)]
    shown = most_severe(found, options.limit)
    texts = [_text(_Block(group, read, options.color, told).lines()) for group in shown]
    last = _text(_last_lines(report, shown))
    return printable_lines("\n".join([*texts, *filter(None, [last])]), color=options.color)


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _last_lines(report: Report, shown: Sequence[Group]) -> Iterator[str]:
    """The number of findings that are not shown, and of all by rule; nothing about a single one."""
    total = len(report.findings)
    if more := left_out(sum(len(group.findings) for group in shown), total):
        yield more
    if total > 1:
        counts = ", ".join(
            f"{number} {rule}{'' if word == Level.ERROR else f' ({word})'}"
            for (word, rule), number in counted(report.findings).items()
        )
        each = "; `--format concise` shows each" if any(len(group.findings) > 1 for group in shown) else ""
        yield f"{total} findings: {counts}{each}."


class _Block(Struct, frozen=True):
    """A finding that is alone or stands for a group, with the data for its lines.

    `told` has the advice of earlier blocks, by rule and text; it is added to.
    """

    group: Group
    read: Callable[[str], list[str]]
    color: bool
    told: set[tuple[str, str]]

    @property
    def finding(self) -> Finding:
        return self.group.lead

    @property
    def compared_with(self) -> str:
        return self.group.compared_with

    def lines(self) -> Iterator[str]:
        """The header, the locations and the advice."""
        location, source = self.finding.location, self._source_line()
        column = f":{location.column}" if location.line and location.column else ""
        yield self._header()
        if location.path:
            yield f"{self._gutter('-->', at=0)} {_position(location)}{column}"
        yield from self._old_location() if source is None else self._frame(source)
        yield from self._advice()

    def _header(self) -> str:
        rule = self.finding.rule
        alike = sum(finding.rule == rule for finding in self.group.findings)
        count = f" (1 of {alike})" if alike > 1 else ""
        message = self._paint(BOLD, f": {printable(self.finding.message)}{count}")
        return self._paint(self._color, f"{status(self.finding)}[{rule}]") + message

    def _frame(self, source: str) -> Iterator[str]:
        location, was_at = self.finding.location, self.finding.was_at
        start, end = _span(location, source)
        carets = " " * start + self._paint(self._color, " ".join(("^" * (end - start), *self._was())))
        number = self._paint(BLUE, f"{location.line:>{self._width}} |")
        yield self._gutter("|")
        yield f"{number} {_shown(source)}".rstrip()
        yield f"{self._gutter('|')} {carets}"
        if was_at and was_at.line:
            yield f"{self._gutter(':::', at=0)} {_position(was_at)}{self._at}"

    def _old_location(self) -> Iterator[str]:
        """The released element, if there is no new source to show it under."""
        was_at = self.finding.was_at
        if self.finding.was:
            where = f" {_position(was_at)}" if was_at else ""
            yield self._note("was", f"`{printable(self.finding.was)}`{self._at}{where}")

    def _advice(self) -> Iterator[str]:
        """Impact, proof, the other findings of the group, and what to do; the latter once for each rule."""
        finding = self.finding
        if finding.breaks:
            is_break = finding.is_breaking or finding.exemption
            label, bump = ("breaks", "major" if finding.is_breaking else "minor") if is_break else ("lost on", "minor")
            yield self._note(label, f"{_impact(finding)} -> {bump}")
        for sentence in dict.fromkeys(witness.sentence for witness in finding.witnesses):
            yield self._note("witness", printable(sentence))
        if users := self._users():
            yield self._note("used by", users)
        for followers in self.group.followers:
            yield self._note("also", self._also(followers))
        if finding.waiver:
            yield self._note("waived", printable(finding.waiver.terms))
        else:
            yield from self._fixes()
        for rule in dict.fromkeys(other.rule for other in self.group.findings):
            if is_explained(rule) and self._is_new(rule, ""):
                yield self._note("more", f"fieldstone explain {rule}")

    def _users(self) -> str:
        """The known consumers that the group concerns, the first ones with a place."""
        uses = [reader for finding in self.group.findings for reader in finding.used_by]
        names = {reader.consumer: reader.places[:1] for reader in reversed(uses)}
        shown = [f"{name} ({place[0]})" if place else name for name, place in sorted(names.items())]
        more = len(shown) - FIRST_PLACES
        return ", ".join([*map(printable, shown[:FIRST_PLACES]), *([f"{more} more"] if more > 0 else [])])

    def _fixes(self) -> Iterator[str]:
        """The first different fixes of the group's findings of one rule, if no earlier block gave them."""
        alike = (finding for finding in self.group.findings if finding.rule == self.finding.rule)
        different = {finding.fix: finding for finding in alike if finding.fix}
        for fix, finding in [*different.items()][:FIRST_PLACES]:
            if self._is_new(finding.rule, fix):
                yield self._note(_label(finding), printable(fix))

    def _also(self, followers: Sequence[Finding]) -> str:
        """Findings of one rule in words: their number, what they break if that is more, and the first places."""
        first = followers[0]
        of = "more" if first.rule == self.finding.rule else first.rule
        breaks = broken(followers)
        also = f", breaking {breaks}" if breaks and breaks != broken([self.finding]) else ""
        at = places(followers)
        return f"{len(followers)} {of}{also}{f', at {at}' if at else ''}"

    def _is_new(self, rule: str, text: str) -> bool:
        """Whether no earlier block gave this advice."""
        is_new = (rule, text) not in self.told
        self.told.add((rule, text))
        return is_new

    def _was(self) -> list[str]:
        return [f"was `{printable(self.finding.was)}`{self._at}"] if self.finding.was else []

    @property
    def _color(self) -> str:
        return LEVELS[Level.NOTE if self.finding.waiver else self.finding.level]

    @property
    def _at(self) -> str:
        return f" at {printable(self.compared_with)}" if self.compared_with else ""

    @property
    def _width(self) -> int:
        return max(2, len(str(self.finding.location.line)))

    def _source_line(self) -> str | None:
        """The line that the finding points to; None if there is none, or the file has changed since."""
        location = self.finding.location
        lines = self.read(location.path) if location.line else []
        return lines[location.line - 1] if 0 < location.line <= len(lines) else None

    def _note(self, label: str, text: str) -> str:
        return f"{self._gutter('=')} {label + ':':<8} {text}"

    def _gutter(self, mark: str, *, at: int = 1) -> str:
        return " " * (self._width + at) + self._paint(BLUE, mark)

    def _paint(self, code: str, text: str) -> str:
        return painted(code, text) if self.color else text


def _label(finding: Finding) -> str:
    """The label of a finding's `fix`."""
    if finding.exemption:
        return "exempt"
    return "note" if finding.before_1_0 else "fix"


def is_explained(rule: str) -> bool:
    """Whether `fieldstone explain` knows a kind of finding as one of Fieldstone's own."""
    from fieldstone.compatibility.rules import rule_ids

    return rule in {*rule_ids(), *PERMISSIONS, *MODULE_FINDINGS}


def _impact(finding: Finding) -> str:
    """The surfaces that break, grouped by whom they break for."""
    surfaces: dict[Directions, list[str]] = {}
    for surface, directions in finding.breaks_for.items():
        surfaces.setdefault(directions, []).append(surface)
    parts = [(" and ".join(names), ", ".join(directions)) for directions, names in surfaces.items()]
    return ", ".join(f"{names} ({people})" if people else names for names, people in parts)


def _position(location: Location) -> str:
    return f"{printable(location.path)}:{location.line}" if location.line else printable(location.path)


def _shown(source: str) -> str:
    """A source line as printed: tabs expanded, unprintable characters replaced by signs of the same width."""
    shown = "".join(c if c.isprintable() else _sign(c) for c in source.rstrip().expandtabs(_TAB))
    return shown.replace("##", "#\N{MUSIC SHARP SIGN}") if printable(shown) != shown else shown


def _sign(char: str) -> str:
    return chr(0x2400 + ord(char)) if char < " " else "\N{REPLACEMENT CHARACTER}"


def _span(location: Location, source: str) -> tuple[int, int]:
    """The first cell of a printed source line to underline, and the one after the last."""
    whole = cells(_shown(source))
    start = min(max(location.column - 1, 0), whole)
    end = whole if location.end_line > location.line else location.end_column - 1
    return start, max(start + 1, min(end, whole))
