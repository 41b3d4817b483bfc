"""Every format over every report; `UPDATE_GOLDEN=1 pytest tests/report` writes the files anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fieldstone.report import FORMATS, render
from fieldstone.report.summaries import summary
from tests.report.reports import REPORTS, read

GOLDEN = Path(__file__).with_name("golden")


def _compare(file: Path, text: str) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, "utf-8", newline="")
    assert text == file.read_bytes().decode("utf-8")


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("name", REPORTS)
def test_output_is_as_recorded(name: str, format_: str) -> None:
    _compare(GOLDEN / f"{name}.{format_}.txt", render(REPORTS[name], format_, read=read))


@pytest.mark.parametrize("name", REPORTS)
def test_summary_is_as_recorded(name: str) -> None:
    _compare(GOLDEN / f"{name}.summary.txt", "".join(f"{summary(module)}\n" for module in REPORTS[name].modules))


def test_every_golden_file_has_its_report_and_format() -> None:
    expected = {f"{name}.{form}.txt" for name in REPORTS for form in (*FORMATS, "summary")}
    assert {file.name for file in GOLDEN.iterdir()} == expected


@pytest.mark.parametrize("format_", FORMATS)
def test_a_document_ends_its_last_line_and_carries_no_terminal_escapes(format_: str) -> None:
    text = render(REPORTS["mixed"], format_, read=read)
    assert text.endswith("\n")
    assert format_ == "github" or "\x1b" not in text


@pytest.mark.parametrize("format_", ["text", "concise", "github"])
def test_nothing_is_said_about_nothing(format_: str) -> None:
    assert not render(REPORTS["clean"], format_, read=read)
