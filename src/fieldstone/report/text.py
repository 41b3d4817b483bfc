"""Findings for people: one code frame each, with the released element beside the current one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.compatibility.finding import MODULE_FINDINGS, Directions, Finding, Level, ModuleReport, Report
from fieldstone.compatibility.waiver import PERMISSIONS
from fieldstone.printed import printable, printable_lines
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

_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_BLUE = "\x1b[1;34m"
_LEVELS = {Level.ERROR: "\x1b[1;31m", Level.WARNING: "\x1b[1;33m", Level.NOTE: "\x1b[1;36m"}

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
    """How many findings are not shown, and the number of all by rule; nothing about a single one."""
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


def summary(module: ModuleReport) -> str:
    """The result of checking one module, as one line without its end.

    Args:
        module: the result.
    """
    if not module.judged:
        judged = "; ".join((printable(module.unjudged_because), *_details(module)))
        return f"{module.module}: could not be judged: {judged}."
    separator = ": " if module.compared_with else "; "
    judged = separator.join(part for part in (_change(module), ", ".join(_details(module))) if part)
    return " ".join(part for part in (f"{module.module}: {judged}.", _verdict(module)) if part)


_MANY = 4
"""From this many unchanged modules on, they share a line."""


def summaries(report: Report, *, each: bool = False) -> list[str]:
    """The results of all modules, as lines without their ends; many unchanged modules share a line.

    Args:
        report: the result of a check.
        each: whether every module has a line of its own.
    """
    unchanged = [module for module in report.modules if not module.differs and module.allowed and not module.findings]
    if each or len(unchanged) < _MANY:
        return [summary(module) for module in report.modules]
    others = [summary(module) for module in report.modules if module not in unchanged]
    return [*others, f"{summary_of_unchanged(len(unchanged))} (-v names them)."]


def summary_of_unchanged(count: int) -> str:
    """The beginning of the line for so many unchanged modules."""
    return f"{_count(count, 'module')} unchanged"


def policy_summary(report: Report) -> str:
    """The result for settings, waivers, modules and releases, as one line without its end; empty without one.

    Args:
        report: the result of a check.
    """
    since, part = report.since, report.policy
    if since is None or part is None:
        return ""
    named = f", named by {since.variable}" if since.variable else ""
    refused = sum(1 for finding in part.findings if finding.level is Level.ERROR)
    accepted = len(part.findings) - refused
    said = [
        f"{_count(accepted, 'change')} of it accepted by --accept {', '.join(since.accepted)}" if accepted else "",
        f"refused, {_count(refused, 'finding')}" if refused else "",
    ]
    words = "; ".join(filter(None, said)) or "unchanged, and no release lost"
    more = "" if report.modules else " No module was judged."
    return f"policy of {printable(since.label)}{named}: {words}.{more}"


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
        message = self._paint(_BOLD, f": {printable(self.finding.message)}{count}")
        return self._paint(self._color, f"{status(self.finding)}[{rule}]") + message

    def _frame(self, source: str) -> Iterator[str]:
        location, was_at = self.finding.location, self.finding.was_at
        start, end = _span(location, source)
        carets = " " * start + self._paint(self._color, " ".join(("^" * (end - start), *self._was())))
        number = self._paint(_BLUE, f"{location.line:>{self._width}} |")
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
        for followers in self.group.followers:
            yield self._note("also", self._also(followers))
        if finding.waiver:
            yield self._note("waived", printable(finding.waiver.terms))
        else:
            yield from self._fixes()
        for rule in dict.fromkeys(other.rule for other in self.group.findings):
            if is_explained(rule) and self._is_new(rule, ""):
                yield self._note("more", f"fieldstone explain {rule}")

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
        return _LEVELS[Level.NOTE if self.finding.waiver else self.finding.level]

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
        return " " * (self._width + at) + self._paint(_BLUE, mark)

    def _paint(self, code: str, text: str) -> str:
        return f"{code}{text}{_RESET}" if self.color else text


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
    cells = sum(map(_cells, _shown(source)))
    start = min(max(location.column - 1, 0), cells)
    end = cells if location.end_line > location.line else location.end_column - 1
    return start, max(start + 1, min(end, cells))


def _cells(char: str) -> int:
    """The number of terminal cells that a character occupies."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "FW" else 1


def _change(module: ModuleReport) -> str:
    if not module.compared_with:
        return "no release yet" if module.version else "nothing to judge against"
    if module.bump == "none" or not module.differs:
        return f"unchanged since {module.compared_with}"
    if module.bump == "patch":
        return f"only comments, layout, imports or documents changed since {module.compared_with}"
    types = f"{_count(module.changed, 'type')} " if module.changed else ""
    return f"{types}changed against {module.compared_with}"


def _details(module: ModuleReport) -> list[str]:
    """The findings by kind, beginning with the breaking ones and the number of waived ones."""
    breaking = sum(1 for finding in module.findings if finding.is_breaking)
    waived = sum(1 for finding in module.findings if finding.waiver)
    exempt = sum(1 for finding in module.findings if finding.exemption)
    others = [f for f in module.findings if not f.is_breaking and not f.waiver and not f.exemption]
    levels = [finding.level for finding in others]
    counts = [_count(levels.count(level), level) for level in _LEVELS if level in levels]
    details = [
        _kind(module, breaking),
        _passing(module, breaking),
        f"{waived} waived" if breaking or waived else "",
        f"{exempt} exempt" if exempt else "",
        *counts,
    ]
    return [detail for detail in details if detail]


def _kind(module: ModuleReport, breaking: int) -> str:
    if breaking:
        return f"{breaking} breaking"
    if not module.compared_with:
        return "" if module.findings or not module.judged else "style judged only"
    additive = "additive" if module.differs else "additive since the last stable release"
    return {"major": "breaking since the last stable release", "minor": additive}.get(module.bump, "")


def _passing(module: ModuleReport, breaking: int) -> str:
    """The number of breaking changes that pass because the released version is 0.x, in words."""
    passing = sum(1 for finding in module.findings if finding.before_1_0 and finding.is_breaking)
    if not passing:
        return ""
    return "allowed before 1.0.0" if passing == breaking else f"{passing} allowed before 1.0.0"


def _verdict(module: ModuleReport) -> str:
    if not module.allowed:
        return _refusal(module)
    if not module.version:
        return ""
    return f"Allowed as {module.version}." if module.compared_with else f"The first release may be {module.version}."


def _refusal(module: ModuleReport) -> str:
    """The reason why a module is refused."""
    if module.line and module.bump == "major":
        return f"Refused: line {module.line} takes no breaking change, not even with a waiver. Undo it."
    for level in (Level.ERROR, Level.WARNING):
        found = [finding for finding in module.findings if finding.level is level and not finding.waiver]
        others = sum(1 for finding in found if not finding.is_breaking)
        if len(found) > others:
            return f"Refused: breaking changes need {module.version}. Undo them, or `fieldstone waive`."
        if any(finding.additive for finding in found):
            return f'Refused by `fail-on = "{level}"`, as additions are. Undo them, or `fieldstone waive`.'
        if others:
            return f"Refused until the {level} is fixed." if others == 1 else f"Refused until the {level}s are fixed."
    return "Refused."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
