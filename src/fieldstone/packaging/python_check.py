"""Checks a Python package before it is published: installs it in a clean environment, and uses it."""

from __future__ import annotations

import os
import subprocess
import tempfile
import venv
from pathlib import Path

from fieldstone.errors import Invalid
from fieldstone.packaging import round_trip

_WITHOUT = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "MYPYPATH", "MYPY_CONFIG_FILE_DIR")


def check(distribution: str, package: str, *wheels: Path) -> int:
    """Install a package in a clean virtual environment and use it.

    All of it is imported. A message of every type survives a round trip through bytes and JSON. `mypy --strict`
    accepts a program that uses every type. pip fetches protobuf, grpcio and mypy as configured.

    Args:
        distribution: its name and version, in pip's syntax: "telemetry-contracts==1.2.0".
        package: the name to import it by.
        wheels: the folders of its wheel and of its dependencies' wheels.

    Returns:
        the number of messages.

    Raises:
        FieldstoneError: one of the steps failed; the error contains its output.
    """
    name, _, version = distribution.partition("==")
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        venv.create(Path(scratch, "venv"), with_pip=True)
        scripts = Path(scratch, "venv", "Scripts" if os.name == "nt" else "bin")
        python = str(scripts / "python")
        wanted = f"{name}[grpc,types]=={version}"
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        links = [option for folder in wheels for option in ("--find-links", str(folder))]
        _run(f"{distribution} does not install", [python, *install, *links, wanted, "mypy"], scratch)
        program = [python, "-I", round_trip.__file__, package, "sample.py"]
        said = _run(f"{distribution} does not work where it is installed", program, scratch)
        _run(f"mypy --strict refuses {distribution}", [python, "-m", "mypy", "--strict", "sample.py"], scratch)
    return int(said)


def _run(problem: str, command: list[str], folder: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in _WITHOUT}
    done = subprocess.run(  # noqa: S603 - an argument list, no shell
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise Invalid(f"{problem}: {said[-1].removeprefix('ERROR: ') if said else done.returncode}")
    return done.stdout
