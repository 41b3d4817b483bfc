"""The causes of findings: one change, such as a removed file, leads to many findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from fieldstone.compatibility.finding import Cause, Finding
from fieldstone.compatibility.rules import all_rules


def with_causes(findings: Sequence[Finding]) -> list[Finding]:
    """The findings of one comparison, each with its cause if another finding explains it."""
    by_name = {(finding.rule, finding.subject): finding for finding in findings}
    return [_with_cause(finding, by_name) for finding in findings]


def _with_cause(finding: Finding, by_name: Mapping[tuple[str, str], Finding]) -> Finding:
    for rule in all_rules()[finding.rule].follows:
        for name in _holders(finding):
            explaining = by_name.get((rule, name))
            if explaining is not None and _explains(explaining, finding):
                return replace(finding, cause=Cause(rule, name))
    return finding


def _explains(explaining: Finding, finding: Finding) -> bool:
    """Whether a finding on a holder explains one inside; a moved package explains only what moved with it."""
    return not explaining.leads or finding.subject in explaining.covers


def _holders(finding: Finding) -> Iterator[str]:
    """The names of a finding's element and of all that holds it: types, files and package, innermost first."""
    subject, package = finding.subject, finding.package
    yield subject
    if subject not in finding.homes:
        inner = subject.removeprefix(f"{package}.").split(".") if package else subject.split(".")
        head = [package] if package else []
        yield from (".".join([*head, *inner[:length]]) for length in range(len(inner) - 1, 0, -1))
    yield from (path for path in finding.homes if path != subject)
    if package:
        yield package
