from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from fieldstone.compatibility.finding import Finding, Level, ModuleReport, Report
from fieldstone.report import render
from fieldstone.schema.location import Location
from tests.report.reports import REPORTS, TYPE_CHANGED, read


def _text(finding: Finding, source: str = "", *, compared_with: str = "1.4.0", color: bool = False) -> list[str]:
    report = Report((ModuleReport(module="telemetry", findings=(finding,), compared_with=compared_with),))
    return render(report, "text", read=lambda _: source.split("\n"), color=color).splitlines()


def _frame(source: str, location: Location) -> tuple[str, str]:
    lines = _text(replace(TYPE_CHANGED, location=location, was=""), source)
    number = next(i for i, line in enumerate(lines) if re.match(r" *\d+ \|", line))
    return lines[number].partition("| ")[2], lines[number + 1].partition("| ")[2]


def test_carets_stand_under_the_span() -> None:
    assert _frame("  float reward = 6;", Location("a", 1, 3, 1, 8)) == ("  float reward = 6;", "  ^^^^^")


def test_a_span_of_several_lines_is_underlined_to_the_end_of_its_first() -> None:
    assert _frame("message A {  \n}", Location("a", 1, 1, 2, 2)) == ("message A {", "^" * 11)


@pytest.mark.parametrize(
    ("source", "column", "end", "marked"),
    [
        ("\tdouble Reward = 1;", 12, 18, "Reward"),
        ("\t\tint32 n = 1;", 9, 14, "int32"),
        ("  \t/* é */ float x = 2;", 13, 18, "float"),
    ],
)
def test_tabs_and_accents_keep_carets_in_place(source: str, column: int, end: int, marked: str) -> None:
    shown, carets = _frame(source, Location("a", 1, column, 1, end))
    assert shown[carets.index("^") : len(carets)] == marked


def test_wide_characters_count_twice() -> None:
    shown, carets = _frame("  \t/* é値 */ float x = 2;", Location("a", 1, 15, 1, 20))
    assert carets == " " * 14 + "^" * 5
    assert shown.index("float") == 13


def test_a_combining_accent_takes_no_cell() -> None:
    assert _frame("// e\u0301a", Location("a", 1, 1, 2, 1))[1] == "^" * 5


@pytest.mark.parametrize(
    "location", [Location("a", 1, 90, 1, 95), Location("a", 1, 1, 1, 1), Location("a", 1), Location("a", 1, 4, 1, 2)]
)
def test_a_span_that_does_not_fit_the_line_still_gets_one_caret(location: Location) -> None:
    shown, carets = _frame("float x = 1;", location)
    assert carets.count("^") == 1
    assert len(carets) <= len(shown) + 1


def test_an_empty_line_is_framed_without_trailing_space() -> None:
    assert " 1 |" in _text(replace(TYPE_CHANGED, location=Location("a", 1, 1, 1, 2)), "")


def test_the_gutter_grows_with_the_line_number() -> None:
    lines = _text(replace(TYPE_CHANGED, location=Location("a", 1000, 1, 1000, 4)), "\n" * 999 + "int32 x = 1;")
    assert lines[1:5] == [
        "    --> a:1000:1",
        "     |",
        "1000 | int32 x = 1;",
        "     | ^^^ was `double reward = 6;` at 1.4.0",
    ]


@pytest.mark.parametrize("location", [Location("gone.proto"), Location("gone.proto", 99, 3, 99, 5)])
def test_without_a_source_line_the_old_place_is_a_note(location: Location) -> None:
    lines = _text(replace(TYPE_CHANGED, location=location), "only one line")
    was_at = TYPE_CHANGED.was_at
    assert was_at is not None
    assert lines[1] == f"  --> gone.proto{':99:3' if location.line else ''}"
    assert lines[2] == f"   = was:     `double reward = 6;` at 1.4.0 {was_at.path}:22"


def test_an_unreadable_file_costs_the_frame_and_nothing_else() -> None:
    report = Report((ModuleReport(module="telemetry", findings=(TYPE_CHANGED,), compared_with="1.4.0"),))
    shown = render(report, "text", read=lambda _: [])
    assert "|" not in shown
    assert "= was:     `double reward = 6;` at 1.4.0" in shown
    assert "= fix:" in shown


def test_the_old_place_follows_the_frame() -> None:
    assert "  ::: old/a.proto:7 at origin/main" in _text(
        replace(TYPE_CHANGED, location=Location("a", 1, 1, 1, 2), was_at=Location("old/a.proto", 7, 1, 7, 2)),
        "x",
        compared_with="origin/main",
    )


def test_a_file_that_no_one_knows_has_no_arrow() -> None:
    assert not any("-->" in line for line in _text(replace(TYPE_CHANGED, location=Location(""))))


def test_control_characters_of_a_source_are_drawn() -> None:
    assert _frame("// \x1b[2J\x7f\u202e", Location("a", 1, 1, 1, 3))[0] == "// ␛[2J\N{REPLACEMENT CHARACTER}" + "\ufffd"


@pytest.mark.parametrize(("rule", "explained"), [("field-type-changed", True), ("FILE_X", False), ("unknown", False)])
def test_more_is_offered_where_there_is_more(rule: str, *, explained: bool) -> None:
    assert any("= more:" in line for line in _text(replace(TYPE_CHANGED, rule=rule))) is explained


@pytest.mark.parametrize("level", [Level.ERROR, Level.WARNING, Level.NOTE])
def test_color_changes_nothing_but_the_color(level: Level) -> None:
    finding = replace(TYPE_CHANGED, level=level, location=Location("a", 1, 3, 1, 8))
    colored = _text(finding, "  float reward = 6;", color=True)
    assert [re.sub(r"\x1b\[[\d;]*m", "", line) for line in colored] == _text(finding, "  float reward = 6;")
    assert all(line.count("\x1b[0m") * 2 == line.count("\x1b[") for line in colored)


def test_a_file_is_read_once() -> None:
    asked: list[str] = []

    def counting(path: str) -> list[str]:
        asked.append(path)
        return read(path)

    module = replace(REPORTS["break"].modules[0], findings=(TYPE_CHANGED, TYPE_CHANGED))
    render(Report((module,)), "text", read=counting)
    assert asked == [TYPE_CHANGED.location.path]
