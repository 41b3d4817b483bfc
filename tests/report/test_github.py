from __future__ import annotations

import pytest
from msgspec.structs import replace

from fieldstone.compatibility.finding import Finding, Level, ModuleReport, Report
from fieldstone.report import render
from fieldstone.schema.location import Location
from tests.report.reports import read

FINDING = Finding(
    rule="some-rule", subject="a.v1.A", message="message", fix="fix", location=Location("a.proto", 2, 3, 2, 8)
)


def _command(finding: Finding) -> str:
    report = Report((ModuleReport(module="m", findings=(finding,)),))
    return render(report, "github", read=read)


@pytest.mark.parametrize(("level", "command"), [("error", "error"), ("warning", "warning"), ("note", "notice")])
def test_a_level_is_a_command(level: str, command: str) -> None:
    assert _command(replace(FINDING, level=Level(level))) == (
        f"::{command} file=a.proto,line=2,endLine=2,col=3,endColumn=8,title=some-rule::message%0Afix\n"
    )


@pytest.mark.parametrize(
    ("location", "properties"),
    [
        (Location("a.proto", 2, 3, 4, 2), "file=a.proto,line=2,endLine=4"),
        (Location("a.proto", 2, 3), "file=a.proto,line=2,endLine=2,col=3,endColumn=3"),
        (Location("a.proto", 2), "file=a.proto,line=2,endLine=2"),
        (Location("a.proto"), "file=a.proto"),
    ],
)
def test_only_what_is_known_of_a_place_is_said(location: Location, properties: str) -> None:
    assert _command(replace(FINDING, location=location)).startswith(f"::error {properties},title=some-rule::")


def test_without_a_file_the_title_stands_alone() -> None:
    assert _command(replace(FINDING, location=Location(""))).startswith("::error title=some-rule::")


def test_properties_and_message_are_escaped() -> None:
    odd = replace(FINDING, location=Location("a:b,c%\r\n"), message="100%: a,b\r\nc", fix="")
    assert _command(odd) == "::error file=a%3Ab%2Cc%25%0D%0A,title=some-rule::100%25: a,b%0D%0Ac\n"
