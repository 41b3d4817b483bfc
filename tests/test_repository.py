"""This repository holds itself to what it asks of others."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
ENVIRONMENT = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "GITHUB_ACTIONS": ""}


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("project", [".", "examples/shop"])
@pytest.mark.parametrize(
    "command",
    [("check",), ("registry", "verify"), ("format", "--check"), ("generate", "--check")],
    ids=" ".join,
)
def test_our_schemas_registries_and_code_pass_our_own_gate(command: tuple[str, ...], project: str) -> None:
    done = run("fieldstone", *command, cwd=ROOT / project)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_every_release_of_the_history_is_there() -> None:
    listed = run("fieldstone", "registry", "list").stdout.splitlines()
    releases = [" ".join(line.split()[:2]) for line in listed]
    assert [name for name in releases if name.startswith("telemetry ")][:3] == [
        "telemetry 1.0.0",
        "telemetry 1.1.0",
        "telemetry 1.2.0",
    ]


@pytest.fixture(scope="module")
def demo() -> str:
    """The output of the demo."""
    done = run("demo/run.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_demo_shows_a_refusal_and_a_release(demo: str) -> None:
    newest = run("fieldstone", "registry", "list", "telemetry").stdout.splitlines()[-1].split()[1]
    major, minor, _ = newest.split(".")
    version = f"{major}.{int(minor) + 1}.0"
    for words in (
        "unchanged since",
        "error[field-type-changed]",
        "= breaks:  wire and json (reading old data, being read by old code), source (compiling against it), storage",
        "= fix:     keep `double reward = 9;` and add a new field",
        f"(minor) as registry/telemetry/{version}\n",
        "  - field `duration_us` (optional int64, number 19) added to ",
        "sound.",
        "telemetry-app 1.0.0 (team-trainer) writes it: src/telemetry_app/boundary/step_v2.py:",
        "telemetry: breaks 1 known consumer, owned by team-trainer\n",
        f"dist/telemetry_contracts-{version}-py3-none-any.whl",
        f"telemetry {version} True",
        "/acme/telemetry:v1.1.0\n",
        "Failure: failed_precondition: error[field-type-changed]",
        "from the registry: telemetry 1.1.0 420",
    ):
        assert words in demo


def test_the_wheel_carries_the_annotations_and_the_schema_of_reports(tmp_path: Path) -> None:
    done = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "fieldstone/vocabulary/fieldstone/v1/annotations.proto" in names
    assert "fieldstone/report/report.schema.json" in names
    assert "fieldstone/py.typed" in names
