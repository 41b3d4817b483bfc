"""DTOs stay at the boundary: the contract in pyproject.toml finds a module that imports them by itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import telemetry_app
import telemetry_storage

ROOT = Path(__file__).resolve().parents[2]
NEW = {
    "plain.py": "from telemetry_app.records import StepRecord\n",
    "sneaking.py": "from telemetry_contracts.telemetry.v1 import telemetry_v1_pb2\n",
    "deep/__init__.py": "",
    "deep/below.py": "def f():\n    import trainer_contracts.release\n",
    "typed.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from google.protobuf import message\n",
    "mapped.py": "from telemetry_storage import mapper\n",
    "calling.py": "import grpc.aio\n",
}


def contract() -> dict[str, Any]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (found,) = [contract for contract in settings["contracts"] if contract["name"].startswith("Messages stay")]
    return dict(found)


def linted(folder: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of the application in a folder, by this contract alone."""
    lines = ["[importlinter]", "root_packages =", "    telemetry_app", "    telemetry_storage"]
    lines += ["include_external_packages = True", "[importlinter:contract:boundary]"]
    for key, value in contract().items():
        lines += [f"{key} =", *(f"    {item}" for item in value)] if isinstance(value, list) else [f"{key} = {value}"]
    (folder / ".importlinter").write_text("\n".join(lines))
    places = [folder, Path(telemetry_storage.__path__[0]).parent]
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--config", ".importlinter", "--no-cache"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, places)), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_new_module_that_imports_dtos_is_found(tmp_path: Path) -> None:
    shutil.copytree(telemetry_app.__path__[0], tmp_path / "telemetry_app", ignore=shutil.ignore_patterns("__pycache__"))
    done = linted(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for name, text in NEW.items():
        (tmp_path / "telemetry_app" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "telemetry_app" / name).write_text(text)
    done = linted(tmp_path)
    assert done.returncode == 1
    assert set(re.findall(r"telemetry_app\.(\S+) -> (\w+)", done.stdout)) == {
        ("sneaking", "telemetry_contracts"),
        ("deep.below", "trainer_contracts"),
        ("typed", "google"),
        ("mapped", "telemetry_storage"),
        ("calling", "grpc"),
    }


def test_few_modules_are_named_as_ends() -> None:
    ends = [line.partition(" -> ")[0] for line in contract()["ignore_imports"]]
    speaking = ("delivery", "hub", "replay", "server", "worker")
    assert ends == ["telemetry_app.boundary.*", *(f"telemetry_app.{name}" for name in speaking)]
