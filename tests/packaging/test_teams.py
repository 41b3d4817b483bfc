"""Other teams: packages of three releases, served on loopback, installed by the real pip, uv and npm, and used."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from fieldstone.toolchain.node import node_tools
from tests.packaging.index.servers import TOKEN, Serving, serving_index
from tests.packaging.programs import PYTHON, READ_BY_PYTHON, READ_BY_TYPESCRIPT, TYPESCRIPT, compile_typescript, run

pytestmark = pytest.mark.installs

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
VERSIONS = ("1.0.0", "1.1.0", "1.2.0")
OTHERS = ("PYTHON", "VIRTUAL_ENV", "MYPY", "FIELDSTONE_")


def clean() -> dict[str, str]:
    """The environment of another team: how this machine reaches its registries, and nothing of this project."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OTHERS)}
    return kept | {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1", "NPM_TOKEN": TOKEN}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """The packages of all three releases for Python and TypeScript, behind a token."""
    root = tmp_path_factory.mktemp("owner")
    shutil.copytree(ROOT / "registry", root / "registry")
    (root / "fieldstone.toml").write_text('[package]\nnpm-scope = "acme"\n')
    for version in VERSIONS:
        for language in ("python", "typescript"):
            run(BIN / "fieldstone", "package", f"telemetry@{version}", "--lang", language, cwd=root, env=clean())
    (root / "tokens.txt").write_text(TOKEN)
    with serving_index(clean(), root / "dist", "--token-file", root / "tokens.txt") as serving:
        yield serving


def new_venv(folder: Path) -> Path:
    """An empty virtual environment, without the pip that its Python would bring; its Python."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent, env=clean())
    return folder / "bin" / "python"


def with_pip(index: Serving, folder: Path, *wanted: str) -> Path:
    python = new_venv(folder)
    options = [
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--extra-index-url",
        f"{index.url(TOKEN)}/simple/",
    ]
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, *wanted, cwd=folder, env=clean())
    return python


def with_uv(index: Serving, folder: Path, *wanted: str) -> Path:
    run(BIN / "uv", "venv", "--quiet", "--python", sys.executable, folder, cwd=folder.parent, env=clean())
    python = folder / "bin" / "python"
    options: list[str | Path] = ["--quiet", "--python", python, "--index", f"{index.url(TOKEN)}/simple/"]
    run(BIN / "uv", "pip", "install", *options, *wanted, cwd=folder, env=clean())
    return python


@pytest.fixture(scope="module")
def pythons(index: Serving, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The Python of two environments for each release: one that uv filled, and one that pip did."""
    root = tmp_path_factory.mktemp("teams")
    made = {
        version: with_uv(index, root / f"uv-{version}", f"telemetry-contracts[types]=={version}")
        for version in VERSIONS
    }
    for version in VERSIONS:
        made[f"{version} by pip"] = with_pip(index, root / f"pip-{version}", f"telemetry-contracts[types]=={version}")
    return made


def test_a_program_of_1_0_0_runs_on_every_release_and_reads_what_every_other_wrote(
    pythons: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text(PYTHON)
    for name, python in pythons.items():
        run(python, "-I", "program.py", "write", f"{name}.json", cwd=tmp_path, env=clean())
    for writer, reader in permutations(pythons, 2):
        said = run(pythons[reader], "-I", "program.py", "read", f"{writer}.json", cwd=tmp_path, env=clean())
        assert said == READ_BY_PYTHON.format(version=reader.split()[0]), f"{reader} reads {writer}"


@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]])
def test_the_program_passes_mypy_and_pyright(pythons: dict[str, Path], version: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PYTHON)
    python = pythons[version]
    run(BIN / "mypy", "--strict", "--python-executable", python, "program.py", cwd=tmp_path, env=clean())
    (tmp_path / "pyrightconfig.json").write_text(
        json.dumps({"include": ["program.py"], "typeCheckingMode": "standard"})
    )
    run(BIN / "basedpyright", "-p", ".", "--pythonpath", python, cwd=tmp_path, env=clean())


def test_a_wrong_program_does_not_pass(pythons: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PYTHON.replace('run_id="r", step_index', "run_id=7, step_index"))
    checked = subprocess.run(
        [BIN / "mypy", "--strict", "--python-executable", pythons["1.2.0"], "program.py"],
        cwd=tmp_path,
        env=clean(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'Argument "run_id" to "TelemetryStepV1" has incompatible type "int"' in checked.stdout


def test_what_is_deprecated_is_told_in_an_installed_package(pythons: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PYTHON)
    checked = subprocess.run(
        [BIN / "mypy", "--enable-error-code", "deprecated", "--python-executable", pythons["1.2.0"], "program.py"],
        cwd=tmp_path,
        env=clean(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TelemetryStepV1 is deprecated: Deprecated since 1.2.0. Sunset: 2027-12-31." in checked.stdout


def with_npm(index: Serving, folder: Path, version: str) -> None:
    folder.mkdir()
    (folder / "package.json").write_text('{"type": "module", "private": true}')
    address = f"127.0.0.1:{index.port}/npm/"
    (folder / ".npmrc").write_text(f"@acme:registry=http://{address}\n//{address}:_authToken=${{NPM_TOKEN}}\n")
    options = ["--no-audit", "--no-fund", "--no-update-notifier", "--prefer-offline"]
    run("npm", "install", *options, f"@acme/telemetry-contracts@{version}", cwd=folder, env=clean())


def test_typescript_likewise(index: Serving, tmp_path: Path) -> None:
    assert "acme" in TYPESCRIPT
    with node_tools() as tools:
        for version in VERSIONS:
            with_npm(index, tmp_path / version, version)
            compile_typescript(tmp_path / version, tools / "typescript/bin/tsc")
            run("node", "program.js", "write", tmp_path / f"{version}.json", cwd=tmp_path / version)
    for writer, reader in permutations(VERSIONS, 2):
        said = run("node", "program.js", "read", tmp_path / f"{writer}.json", cwd=tmp_path / reader)
        assert said == READ_BY_TYPESCRIPT.replace("{version}", reader), f"{reader} reads {writer}"
