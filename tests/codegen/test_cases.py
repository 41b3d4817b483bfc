"""Golden cases: what is generated is what `tests/cases/<case>/expected` holds, byte for byte."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from fieldstone.workflows.generate import generate
from tests.codegen.cases import CASES, build_case, case_names


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.mark.parametrize("name", case_names())
def test_a_case_gives_what_is_expected(name: str, tmp_path: Path) -> None:
    project = build_case(name, tmp_path)
    outcome = generate(project, [name])
    made = {path: content for path, content in files(outcome.out).items() if path != "manifest.json"}
    expected = CASES / name / "expected"
    if os.environ.get("UPDATE_GOLDEN"):
        shutil.rmtree(expected, ignore_errors=True)
        shutil.copytree(outcome.out, expected, ignore=shutil.ignore_patterns("manifest.json"))
    golden = files(expected)
    assert sorted(made) == sorted(golden)
    assert [path for path in made if made[path] != golden[path]] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", case_names())
def test_generating_again_changes_nothing(name: str, tmp_path: Path) -> None:
    project = build_case(name, tmp_path)
    first = files(generate(project, [name]).out)
    shutil.rmtree(tmp_path / "generated")
    assert files(generate(project, [name]).out) == first
    assert generate(project, [name], check=True).difference.is_fresh
