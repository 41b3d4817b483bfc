"""Full and narrowed Python packages, installed by the real pip in one virtual environment."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fieldstone.project.project import Project
from fieldstone.workflows.package import package
from tests.codegen.clients.releases import HERE, REWARD
from tests.packaging.programs import run
from tests.packaging.test_teams import clean, new_venv

PROGRAM = """\
import sys
from importlib import import_module
from importlib.metadata import version

packages = sys.argv[1:]
full, narrowed = (import_module(f"{name}.telemetry.v1.telemetry_v1_pb2").TelemetryStepV1 for name in packages)
if packages[0].endswith("billing"):
    full, narrowed = narrowed, full
step = full(run_id="r", reward=1.5)
step.timestamp.FromSeconds(3)
read = narrowed.FromString(step.SerializeToString())
read.reward *= 2
again = full.FromString(read.SerializeToString())
print(again.run_id, again.reward, again.timestamp.seconds, hasattr(read, "run_id"))
print(*(version(name) for name in packages))
"""
pytestmark = pytest.mark.installs


def test_both_are_installed_and_imported_in_either_order(tmp_path: Path) -> None:
    for uses in (None, REWARD):
        package(Project.at(HERE), "telemetry@1.2.0", language="python", out=tmp_path / "dist", uses=uses)
    python = new_venv(tmp_path / "venv")
    wheels = sorted((tmp_path / "dist").glob("*.whl"))
    options = ("--quiet", "--disable-pip-version-check", "--no-input")
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, *wheels, cwd=tmp_path, env=clean())
    names = ["telemetry_contracts", "telemetry_contracts_for_billing"]
    for order in (names, names[::-1]):
        said = run(python, "-I", "-c", PROGRAM, *order, cwd=tmp_path)
        assert said == "r 3.0 3 False\n1.2.0 1.2.0\n", order
