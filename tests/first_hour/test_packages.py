"""The packages of a repository of each shape: each installs alone, and reads what it wrote."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from fieldstone.toolchain.node import node_tools, run_npm
from tests.cli.workspace import Repo
from tests.first_hour.shapes import SHAPES, Shape, build
from tests.packaging.programs import run

PYTHON = """\
from {package}.acme.report.v1.report_pb2 import Report
report = Report(id="r"{other})
assert Report.FromString(report.SerializeToString()) == report
print(report.id)
"""
TYPESCRIPT = """\
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Report, ReportSchema } from "PACKAGE/acme/report/v1/report_pb.js";

declare const console: { log(text: string): void };
const report: Report = create(ReportSchema, { id: "r"OTHER });
console.log(fromBinary(ReportSchema, toBinary(ReportSchema, report)).id);
"""


def other(shape: Shape) -> str:
    """A value for the field whose type comes from another file."""
    return '"year": 2026' if "google.type" in shape.files[shape.source] else '"id": "p"'


@pytest.fixture
def repo(name: str, tmp_path: Path, environment: Mapping[str, str], capsys: pytest.CaptureFixture[str]) -> Repo:
    """A repository of a shape, with its first release and its packages in `dist`, the modules that it imports, too."""
    repo = build(SHAPES[name], tmp_path, environment)
    repo.capsys = capsys
    assert repo.run("init", "--release").code == 0
    for module in SHAPES[name].modules.values():
        for language in ("python", "typescript"):
            ran = repo.run("package", module, "--lang", language, "--out", "dist")
            assert ran.code == 0, ran
    return repo


@pytest.mark.installs
@pytest.mark.parametrize("name", SHAPES)
def test_packages_install_alone(name: str, repo: Repo, tmp_path: Path) -> None:
    shape, dist = SHAPES[name], repo.root / "dist"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    (wheel,) = dist.glob(f"{shape.module}_contracts-*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--find-links", dist, wheel, cwd=tmp_path, env=environment)
    program = PYTHON.format(package=f"{shape.module}_contracts", other=f", other={{{other(shape)}}}")
    assert run(python, "-I", "-c", program, cwd=tmp_path, env=environment) == "r\n"

    program = TYPESCRIPT.replace("PACKAGE", f"{shape.module}-contracts")
    (tmp_path / "program.ts").write_text(program.replace("OTHER", f", other: {{ {other(shape)} }}"))
    (tmp_path / "package.json").write_text('{"type": "module", "private": true}')
    run_npm(["install", *map(str, dist.glob("*.tgz"))], cwd=tmp_path)
    with node_tools() as tools:
        tsc = tools / "typescript/bin/tsc"
        run("node", tsc, "--strict", "--module", "nodenext", "--target", "es2022", "program.ts", cwd=tmp_path)
    assert run("node", "program.js", cwd=tmp_path) == "r\n"
