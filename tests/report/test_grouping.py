"""Findings with one cause: together for people, and unchanged for programs."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from fieldstone.compatibility.finding import Cause, Finding, Level, ModuleReport, Report
from fieldstone.report import FORMATS, render, takes_limit
from fieldstone.report.grouping import MOST_ALONE, groups
from fieldstone.report.markdown import LARGEST
from tests.report.reports import HOSTILE, REPORTS, TYPE_CHANGED, WAIVER, read

GROUPED = REPORTS["grouped"]


def _report(*findings: Finding) -> Report:
    return Report((ModuleReport(module="m", findings=findings, compared_with="1.0.0", allowed=False),))


def _many(count: int, **changes: object) -> list[Finding]:
    return [replace(TYPE_CHANGED, subject=f"a.M{n}.x", message=f"`x` of `a.M{n}`", **changes) for n in range(count)]


def _text(report: Report, format_: str = "text", limit: int | None = None) -> str:
    return render(report, format_, read=read, limit=limit)


def test_up_to_five_stand_alone_and_six_are_one_block() -> None:
    assert _text(_report(*_many(MOST_ALONE))).count("error[field-type-changed]: ") == MOST_ALONE
    text = _text(_report(*_many(MOST_ALONE + 1)))
    assert text.count("error[field-type-changed]: ") == 1
    assert text.startswith("error[field-type-changed]: `x` of `a.M0` (1 of 6)\n")
    assert "   = also:    5 more, at schemas/telemetry/" in text
    assert text.endswith("\n6 findings: 6 field-type-changed; `--format concise` shows each.\n")


def test_no_group_hides_another_level_or_what_still_counts() -> None:
    findings = [*_many(7, waiver=WAIVER), *_many(7), *_many(7, level=Level.WARNING)]
    text = _text(_report(*findings))
    assert [line.partition("[")[0] for line in text.splitlines() if "[field-type-changed]: " in line] == [
        "waived",
        "error",
        "warning",
    ]
    package = replace(TYPE_CHANGED, rule="package-removed", subject="a", message="package left", waiver=WAIVER)
    followers = _many(7, rule="message-removed", cause=Cause("package-removed", "a"))
    shown = [group.lead.message for group in groups(_report(package, *followers).modules[0])]
    assert shown == ["package left", "`x` of `a.M0`"]


def test_what_says_more_than_its_rule_stands_alone() -> None:
    errors = _text(_report(*_many(9, rule="compile-error")))
    assert errors.count("error[compile-error]: ") == 9
    waivers = [*_many(7, waiver=WAIVER), *_many(7, waiver=replace(WAIVER, reason="another"))]
    assert _text(_report(*waivers)).count("= waived: ") == 2


def test_causes_in_a_circle_or_of_dropped_findings_end() -> None:
    circle = [
        replace(TYPE_CHANGED, rule="file-removed", subject="a", cause=Cause("message-removed", "b")),
        replace(TYPE_CHANGED, rule="message-removed", subject="b", cause=Cause("file-removed", "a")),
    ]
    orphans = _many(7, cause=Cause("package-removed", "gone"))
    found = groups(_report(*circle, *orphans).modules[0], most_alone=1)
    assert sum(len(group.findings) for group in found) == 9
    assert max(len(group.findings) for group in found) == 7


@pytest.mark.parametrize("name", REPORTS)
def test_every_finding_is_in_one_group(name: str) -> None:
    for part in REPORTS[name].parts:
        for most_alone in (1, 2, MOST_ALONE):
            found = [finding for group in groups(part, most_alone=most_alone) for finding in group.findings]
            assert sorted(map(id, found)) == sorted(map(id, part.findings))


def test_advice_is_given_once_and_a_fix_of_its_own_each_time() -> None:
    other = replace(TYPE_CHANGED, subject="a.B.c", fix="keep `c`")
    text = _text(_report(TYPE_CHANGED, replace(TYPE_CHANGED, subject="a.B.d"), other))
    assert text.count("= more:") == 1
    assert text.count("= fix:     keep `double reward = 6;` and add a new field") == 1
    assert text.count("= fix:     keep `c`") == 1


def test_a_limit_keeps_the_most_severe_and_says_how_many_more() -> None:
    findings = [replace(TYPE_CHANGED, subject=f"a.{n}", level=Level.NOTE) for n in range(3)]
    report = _report(*findings, TYPE_CHANGED)
    for format_ in ("concise", "github"):
        lines = _text(report, format_, 1).splitlines()
        assert len(lines) == 2
        assert "field-type-changed" in lines[0]
        assert "3 more findings not shown" in lines[1]
    assert _text(report, "text", 1).startswith("error[")
    assert "3 more findings not shown" in _text(report, "markdown", 1)
    assert "not shown" not in _text(report, "text", 4)
    assert {name for name in FORMATS if not takes_limit(name)} == {"json", "junit", "sarif", "statistics"}


def test_programs_get_every_finding_with_its_cause() -> None:
    document = json.loads(_text(GROUPED, "json"))
    causes = [finding["cause"] for finding in document["modules"][0]["findings"]]
    assert causes[0] == {"rule": "package-removed", "subject": "acme.v1"}
    assert causes.count(None) == 1
    assert len(causes) == len(GROUPED.findings) == len(json.loads(_text(GROUPED, "sarif"))["runs"][0]["results"])


class _Reader(HTMLParser):
    """The text outside and inside of code, and the tags."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.prose, self.code, self.tags = "", "", set[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not attrs
        self.tags.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"code", "pre"} & {*self.open}:
            self.code += data
        else:
            self.prose += data


_TAGS = {"h3", "pre", "p", "table", "tr", "th", "td", "code", "details", "summary", "ul", "li", "br"}


@pytest.mark.parametrize("name", REPORTS)
def test_a_comment_holds_text_of_schemas_as_code_alone(name: str) -> None:
    text = _text(REPORTS[name], "markdown")
    for block in text.strip("\n").split("\n\n"):
        assert block.startswith(("<!-- fieldstone check -->\n<h3>", "<table>", "<details>", "<p>"))
        assert all(line.strip() for line in block.split("\n"))
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert not reader.open
    assert reader.tags <= _TAGS
    assert not {*reader.prose} & {*"@#|`_*[]<>&\\\x1b"}
    assert name != "grouped" or repr(HOSTILE)[1:-1] in reader.code


def test_a_comment_on_many_modules_begins_with_the_refused_ones() -> None:
    passing = [ModuleReport(module=f"m{n}", compared_with="1.0.0" * 20, differs=False) for n in range(999)]
    text = _text(Report((*passing, *GROUPED.modules)), "markdown")
    assert len(text.encode()) <= LARGEST
    assert "<pre>acme: 10 types changed: " in text
    assert re.search(r"<br>and \d+ more</pre>", text)


@pytest.mark.parametrize("same_rule", [True, False])
def test_a_comment_has_the_size_that_github_takes(*, same_rule: bool) -> None:
    findings = [
        replace(TYPE_CHANGED, rule="field-type-changed" if same_rule else f"rule-{n}", message=f"{n} " + "é<" * 2000)
        for n in range(400)
    ]
    text = _text(_report(*findings), "markdown")
    assert len(text.encode()) <= LARGEST
    assert "and " in text if same_rule else "do not fit: a comment holds 65,536 characters" in text
    assert text.count("<details>") == text.count("</details>") >= 1
