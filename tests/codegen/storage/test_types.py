"""Generated code passes the type checkers and linters that people run, in the strictest form that they have."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.codegen.cases import CASES, ROOT, case_names

pytestmark = pytest.mark.slow

FOLDERS = [ROOT / "generated", *(CASES / name / "expected" for name in case_names())]
SOURCES = ["packages/fieldstone-runtime/src", "examples/telemetry/src"]


PACKAGES = sorted(package for folder in FOLDERS for package in folder.glob("python/*"))
ROOTS = [*PACKAGES, *(ROOT / source for source in SOURCES), *CASES.glob("*/records")]


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_mypy_strict(tmp_path: Path) -> None:
    settings = f"[mypy]\nstrict = true\nmypy_path = {':'.join(map(str, ROOTS))}\ncache_dir = {tmp_path}\n"
    settings += "[mypy-google.type.*]\nignore_missing_imports = true\n"  # googleapis-common-protos has no types
    tmp_path.joinpath("mypy.ini").write_text(settings)
    checked = [package / package.name.replace("-", "_") for package in PACKAGES]
    checked += [conforming(package, tmp_path) for package in checked if (package / "async_repository.py").exists()]
    config = tmp_path / "mypy.ini"
    assert run(sys.executable, "-m", "mypy", "--config-file", config, *checked, cwd=tmp_path) == ""


def conforming(package: Path, folder: Path) -> Path:
    """A module in which every repository of a package stands for its Protocol."""
    text = package.joinpath("repository.py").read_text()
    [prefix] = re.findall(r"^class (\w+)Repository\(Protocol\):", text, re.MULTILINE)
    stores = {"sqlite": f"SQLite{prefix}", "postgres": f"Postgres{prefix}", "memory": f"InMemory{prefix}"}
    asynchronous = {f"async_{name}": f"Async{stores[name]}" for name in ("sqlite", "postgres")}
    lines = []
    for name, stem in {**stores, **asynchronous}.items():
        kind, module = ("Async", "async_repository") if name in asynchronous else ("", "repository")
        lines.append(f"from {package.name}.{module} import {kind}{prefix}Repository")
        lines.append(f"from {package.name}.{name} import {stem}Repository")
        lines.append(f"def {name}(given: {stem}Repository) -> {kind}{prefix}Repository: return given")
    path = folder / f"conforming_{package.name}.py"
    path.write_text("\n".join(lines))
    return path


def test_pyright(tmp_path: Path) -> None:
    config = {
        "include": [*map(str, PACKAGES)],
        "extraPaths": [*map(str, ROOTS)],
        "typeCheckingMode": "standard",
        "ignore": [f"{folder}/**/*_pb2{end}.py" for folder in FOLDERS for end in ("", "_grpc")],  # typed in .pyi
        "pythonVersion": "3.11",
    }
    tmp_path.joinpath("pyrightconfig.json").write_text(json.dumps(config))
    command: list[str | Path] = [sys.executable, "-m", "basedpyright", "-p", tmp_path, "--pythonpath", sys.executable]
    assert run(*command, cwd=tmp_path) == ""


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_our_own_ruff_rules(folder: Path) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    assert run(ruff, "check", "--no-cache", folder, cwd=ROOT) == ""
    assert run(ruff, "format", "--check", "--no-cache", folder, cwd=ROOT) == ""
