"""What holds for the formats as a whole: how they are found, loaded and asked for."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import fieldstone.report
from fieldstone.printed import printable
from fieldstone.report import FORMATS, render
from tests.report.reports import REPORTS, read


def test_every_module_is_a_format() -> None:
    modules = {file.stem for file in Path(fieldstone.report.__file__).parent.glob("*.py")}
    assert set(FORMATS) == modules - {"__init__"}


def test_a_new_module_is_a_new_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Path(fieldstone.report.__file__)
    (tmp_path / "__init__.py").write_text(original.read_text("utf-8"), "utf-8")
    (tmp_path / "count.py").write_text("def render(report, options): return f'{len(report.findings)}\\n'\n", "utf-8")
    spec = importlib.util.spec_from_file_location("copied_report", tmp_path / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    copy = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "copied_report", copy)
    spec.loader.exec_module(copy)
    assert copy.FORMATS == ("count",)
    assert copy.render(REPORTS["break"], "count", read=read) == "1\n"


def test_an_unknown_format_names_those_that_exist() -> None:
    with pytest.raises(ValueError, match=r"no format is called yaml; there are concise, .*text"):
        render(REPORTS["clean"], "yaml", read=read)


def test_text_without_findings_loads_no_rules_and_no_other_format() -> None:
    script = (
        "import sys; from fieldstone.report import render; from fieldstone.compatibility.finding import Report;"
        "assert not render(Report(()), 'text', read=lambda path: []); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    ours = {name for name in loaded if name.startswith("fieldstone.report.")}
    assert ours == {"fieldstone.report.text", "fieldstone.report.grouping"}
    assert not loaded & {"fieldstone.compatibility.rules", "json", "xml", "google.protobuf"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, naïve text", "plain, naïve text"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b[31m\x00\x7f", r"\x1b[31m\x00\x7f"),
        ("left\u202eright\u2028", r"left\u202eright\u2028"),
        ("\udc80", r"\udc80"),
    ],
)
def test_printable_escapes_what_a_terminal_would_obey(text: str, shown: str) -> None:
    assert printable(text) == shown
