from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from fieldstone.compatibility.finding import Level, ModuleReport, Report
from fieldstone.report import render
from tests.report.reports import REPORTS, TYPE_CHANGED, read


def _parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314  # our own output


@pytest.mark.parametrize("name", REPORTS)
def test_the_counts_are_those_of_the_cases(name: str) -> None:
    root = _parsed(render(REPORTS[name], "junit", read=read))
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == [module.module for module in REPORTS[name].modules]
    for suite in suites:
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))


def test_a_note_passes() -> None:
    note = replace(TYPE_CHANGED, level=Level.NOTE)
    text = render(Report((ModuleReport(module="m", findings=(note,)),)), "junit", read=read)
    assert 'failures="0"' in text
    assert "<system-out>" in text


def test_what_xml_cannot_hold_is_left_out() -> None:
    odd = replace(TYPE_CHANGED, message="\x00\x0b\x1b[1m\ud800\uffff<&>\U0001f600", fix=']]>\x01"')
    text = render(Report((ModuleReport(module="m", findings=(odd,)),)), "junit", read=read)
    assert text.isascii()
    root = _parsed(text)
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.get("message") == "[1m<&>\U0001f600"
    assert str(failure.text).endswith('fix: ]]>"')
