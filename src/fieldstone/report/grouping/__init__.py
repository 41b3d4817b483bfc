"""Findings with one cause as a group: a removed package with all that left with it, or one rule on many elements."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from fieldstone.compatibility.finding import Finding, Level, ModuleReport, Surface
from fieldstone.printed import printable
from fieldstone.schema.location import Location

MOST_ALONE = 5
"""The most findings of one cause that a report shows one by one."""

FIRST_PLACES = 3
"""The number of places that a line about several findings names."""

WAIVED = "waived"
_SEVERITY = (Level.ERROR, Level.WARNING, Level.NOTE, WAIVED)


def status(finding: Finding) -> str:
    """The level of a finding, or "waived"."""
    return WAIVED if finding.waiver else finding.level


class Group(Struct, frozen=True):
    """Findings of one module with one cause.

    Attributes:
        findings: the findings; the first one explains the others, or stands for them.
        compared_with: the label of the module's baseline.
    """

    findings: tuple[Finding, ...]
    compared_with: str = ""

    @property
    def lead(self) -> Finding:
        """The finding that explains the others, or stands for them."""
        return self.findings[0]

    @property
    def followers(self) -> list[tuple[Finding, ...]]:
        """The other findings, by level and rule, the most first."""
        found: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        for finding in self.findings[1:]:
            found[status(finding), finding.rule].append(finding)
        return sorted(map(tuple, found.values()), key=len, reverse=True)


def groups(part: ModuleReport, *, most_alone: int = MOST_ALONE) -> list[Group]:
    """The findings of a module in groups, in the order of their first findings.

    Findings are grouped with the one that explains them. What is left is grouped by rule and option, if the rule says
    what is wrong: compiler errors, and changes of policy, each stay alone. A waived finding is never in a group with
    one that counts or is waived on other terms, nor an error with a warning.

    Args:
        part: the module's result.
        most_alone: up to this many findings of one cause stay alone.
    """
    findings = part.findings
    left, found = list(range(len(findings))), list[list[int]]()
    for key in (_explained_by(findings), _of_rule):
        large = [members for members in _sorted_out(findings, left, key) if len(members) > most_alone]
        grouped = {number for members in large for number in members}
        left = [number for number in left if number not in grouped]
        found += large
    found += [[number] for number in left]
    found.sort(key=lambda members: (not findings[members[0]].leads, min(members)))
    return [Group(tuple(findings[number] for number in members), part.compared_with) for members in found]


_Key = tuple[tuple[str, str], str]
"""Rule and subject of the finding that explains others, or rule and option; and the level or the waiver's terms."""


def _sorted_out(
    findings: Sequence[Finding], numbers: Iterable[int], key: Callable[[Finding], _Key]
) -> Iterator[list[int]]:
    """The numbers of the findings that share a key; one that explains the others comes first."""
    found: dict[_Key, list[int]] = defaultdict(list)
    for number in numbers:
        found[key(findings[number])].append(number)
    for (explaining, _), members in found.items():
        itself = [n for n in members if (findings[n].rule, findings[n].subject) == explaining]
        if len(itself) < len(members):
            yield itself + [n for n in members if n not in itself]


def _explained_by(findings: Sequence[Finding]) -> Callable[[Finding], _Key]:
    """A key: the last finding in the chain of causes of a finding; the finding itself without a cause."""
    known = {(finding.rule, finding.subject): finding for finding in findings}

    def key(finding: Finding) -> _Key:
        last, seen = finding, 0
        while last.cause and seen < len(known):
            explaining = known.get((last.cause.rule, last.cause.subject))
            if explaining is None:
                break
            last, seen = explaining, seen + 1
        return (last.rule, last.subject), _terms(finding)

    return key


def _of_rule(finding: Finding) -> _Key:
    """A key: the rule, with the option that it is about; the finding itself if its message says more than its rule."""
    cause = finding.cause
    if cause and cause.rule == finding.rule:
        return (finding.rule, cause.subject), _terms(finding)
    return (finding.rule, "" if _is_alike(finding.rule) else finding.subject), _terms(finding)


def _is_alike(rule: str) -> bool:
    """Whether findings of a rule say the same of several elements: a rule of Fieldstone, or of buf, in capitals."""
    from fieldstone.compatibility.rules import rule_ids

    return rule.isupper() or rule in rule_ids()


def _terms(finding: Finding) -> str:
    """The level of a finding, or why it passes: the terms of its waiver, its exemption, a version before 1.0.0."""
    if finding.waiver:
        return finding.waiver.terms
    return finding.fix if finding.passes else finding.level


_Found = TypeVar("_Found", Finding, Group)


def most_severe(found: Sequence[_Found], limit: int | None) -> list[_Found]:
    """At most so many findings or groups, in their order: errors before warnings, notes and waived findings.

    Args:
        found: the findings or groups.
        limit: the greatest number; None for all.
    """
    if limit is None or len(found) <= limit:
        return list(found)
    by_severity = sorted(range(len(found)), key=lambda i: _SEVERITY.index(_status_of(found[i])))
    return [found[i] for i in sorted(by_severity[:limit])]


def _status_of(found: Finding | Group) -> str:
    return status(found.lead if isinstance(found, Group) else found)


def counted(findings: Iterable[Finding]) -> Mapping[tuple[str, str], int]:
    """The number of findings by level (or "waived") and rule, the most first."""
    counts = Counter((status(finding), finding.rule) for finding in findings)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], _SEVERITY.index(item[0][0]), item[0][1])))


def broken(findings: Iterable[Finding]) -> str:
    """The surfaces that any of the findings breaks, separated by commas."""
    found = {surface for finding in findings for surface in finding.breaks}
    return ", ".join(surface for surface in Surface if surface in found)


def places(findings: Sequence[Finding]) -> str:
    """The first places of some findings in words, and the number of the others."""
    named = list(dict.fromkeys(place(finding.location) for finding in findings if finding.location.path))
    more = f" and {len(named) - FIRST_PLACES} more places" if len(named) > FIRST_PLACES else ""
    return ", ".join(named[:FIRST_PLACES]) + more.replace(" 1 more places", " 1 more place")


def place(location: Location) -> str:
    """A location as `path:line`, or its path alone."""
    path = printable(location.path)
    return f"{path}:{location.line}" if location.line else path


def left_out(shown: int, total: int) -> str:
    """The line that says how many findings `--max-findings` left out; empty if none."""
    more = total - shown
    if not more:
        return ""
    return f"{more} more finding{'' if more == 1 else 's'} not shown: run the check without --max-findings to see all."
