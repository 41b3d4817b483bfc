"""The benchmarks run; what they measure is not asserted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
