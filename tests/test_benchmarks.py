"""The benchmarks run; what they measure is not asserted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.scale_edits import with_comment, with_field

pytestmark = pytest.mark.benchmarks

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.timeout(300)
@pytest.mark.parametrize("section", ["mapper", "sqlite", "postgres", "import", "generation"])
def test_a_section_runs(section: str) -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/codegen.py", section, "--rounds", "1", "--quick", "--seed", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "seed 1" in done.stdout
    assert f"\n{section}: " in done.stdout
    assert "met" in done.stdout or "missed" in done.stdout


def test_a_section_that_is_not_there_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/codegen.py", "mappers"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no section is called mappers; there are mapper, sqlite" in done.stderr


def test_the_audit_of_a_registry_is_measured() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/verify.py", "2", "3", "1"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 releases of a module of 3 files, 1 rounds, medians:\n")
    assert done.stdout.count(" x buf\n") == 4


def test_the_plugin_is_measured_beside_buf_alone() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/plugin.py", "1", "1"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" s a module over buf alone; at most 0.3 s: ") == 2


def test_the_adoption_of_history_is_measured() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/adopt.py", "3", "2"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 tags of a module of 2 files on ")
    assert done.stdout.count(" x buf\n") == 4


@pytest.mark.timeout(300)
def test_the_size_of_a_registry_is_measured() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/registry_size.py", "3", "4"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 releases of a module of 4 files, seed 1, in kB:\n")
    assert "(at most 33.3%: " in done.stdout


@pytest.mark.timeout(300)
def test_the_gate_is_measured_on_one_module_and_on_many() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/gate.py", "1"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "\none change: " in done.stdout
    assert "\n30 modules, 28 of them changed" in done.stdout
    assert done.stdout.count(" x, computing ") == 3


@pytest.mark.timeout(300)
def test_the_pipeline_runs() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/pipeline.py", "--rounds", "1", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for section in ("writer: ", "relay: ", "memory: "):
        assert f"\n{section}" in done.stdout


@pytest.mark.timeout(300)
def test_a_shared_registry_is_measured_beside_a_bare_server() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/registry.py", "--rounds", "1", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for section in ("files: ", "cold: ", "buf: ", "push: ", "idle: "):
        assert f"\n{section}" in done.stdout
    assert done.stdout.count("| bare ASGI: ") == 6


@pytest.mark.timeout(300)
def test_pages_are_measured_at_the_server() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/pages.py", "--modules", "60", "--requests", "20"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in ("index: ", "start ", "search ", "module "):
        assert f"\n{name}" in done.stdout


@pytest.mark.timeout(300)
def test_the_growth_of_the_gate_is_measured(tmp_path: Path) -> None:
    protos = tmp_path / "protos" / "acme"
    protos.mkdir(parents=True)
    for number in range(120):
        imported = f'import "acme/m{number - 1}.proto";\n' if number % 3 else ""
        message = f"message M{number} {{\n  string name = 1;\n}}\n"
        (protos / f"m{number}.proto").write_text(f'syntax = "proto3";\npackage acme;\n{imported}{message}')
    (protos / "broken.proto").write_text('syntax = "proto3";\npackage acme;\nmessage Broken { Missing it = 1; }\n')
    (protos / "user.proto").write_text('syntax = "proto3";\npackage acme;\nimport "acme/broken.proto";\n')
    command = [sys.executable, "benchmarks/scale.py", "--quick", "--rounds", "1", "--seed", "1"]
    done = subprocess.run(
        [*command, "--tree", str(tmp_path / "protos"), "--cache", str(tmp_path / "cache")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "seed 1, medians of 1 round, " in done.stdout
    assert "120 files build, 2 do not" in done.stdout
    assert "| tiny (2) | one file (50 %) |" in done.stdout
    assert "| medium (100) | nothing (0 %) |" in done.stdout
    assert "exit " not in done.stdout, "a command failed"


def test_a_field_is_added_where_a_number_is_certainly_free() -> None:
    source = """syntax = "proto3";
message Full {
  reserved 2;
}
message Free {
  message Inner { string a = 7; }
  oneof one { string b = 3 [deprecated = true]; }
}
"""
    edited = with_field(source)
    assert edited is not None
    assert edited.endswith("deprecated = true]; }\n  // Measured.\n  string bench_8 = 8;\n}\n")
    assert with_field(source.replace("proto3", "proto2")) is None
    assert with_comment(source).startswith('syntax = "proto3";\n// Measured.\nmessage Full {')


def test_a_keystroke_is_measured_beside_buf() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.lsp", "--files", "25", "--rounds", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "25 files:" in done.stdout
    assert done.stdout.count("times as long") == 2


def test_scans_and_answers_about_consumers_are_measured() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/consumers.py", "--lines", "200", "--consumers", "600", "--rounds", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "impact: 500 consumers, " in done.stdout
    assert "can-i-remove: 600 consumers: " in done.stdout
    assert done.stdout.count(" x mypy (at most 1.5)") == 2
