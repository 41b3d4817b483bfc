"""Scans of Python code: the consumer's own Python runs `outside/mypy_scan`, with its mypy and its client packages."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from fieldstone.errors import Invalid, NotFound, Unavailable
from fieldstone.scanning.scanned import Scanned

_OUTSIDE = Path(__file__).with_name("outside")
"""The folder of the package that the other Python runs."""
_NEEDED = ("mypy", "google.protobuf")
_ASKED = "import importlib.util, sys; print(*[n for n in sys.argv[1:] if importlib.util.find_spec(n) is None])"


def python_of(root: Path) -> str:
    """The Python of a consumer: of the virtual environment that is active, else of `.venv` in its root, else this one.

    Args:
        root: the root of the consumer's repository.
    """
    active = os.environ.get("VIRTUAL_ENV")
    folders = [Path(active)] if active else [root / ".venv", root / "venv"]
    names = [folder / inside for folder in folders for inside in ("bin/python", "Scripts/python.exe")]
    return next((str(name) for name in names if name.is_file()), sys.executable)


def scan(root: Path, paths: Sequence[str], python: str) -> Scanned:
    """The uses in Python code.

    Args:
        root: the folder that paths are relative to: the root of the consumer's repository.
        paths: its files and folders with code, relative to the root.
        python: the Python in which mypy and the client packages are installed.

    Raises:
        NotFound: there is no such Python, or it lacks mypy or protobuf.
        Invalid: mypy cannot read the code.
        Unavailable: the scan failed otherwise.
    """
    _require(python)
    with tempfile.TemporaryDirectory(prefix="fieldstone-scan-") as folder:
        out = Path(folder, "scan.json")
        searched = os.pathsep.join(filter(None, [str(_OUTSIDE), os.environ.get("PYTHONPATH")]))
        done = subprocess.run(  # noqa: S603 - an argument list, no shell
            [python, "-m", "mypy_scan", str(out), *paths],
            cwd=root,
            env={**os.environ, "PYTHONPATH": searched},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode or not out.exists():
            raise _failure(done.stderr, python)
        return msgspec.json.decode(out.read_bytes(), type=Scanned)


def _require(python: str) -> None:
    """Raise unless a Python has what the scan needs."""
    try:
        done = subprocess.run(  # noqa: S603 - an argument list, no shell
            [python, "-c", _ASKED, *_NEEDED], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise NotFound(f"there is no Python at {python}: {error.strerror}", fix="name one with --python") from error
    missing = done.stdout.split() if done.returncode == 0 else list(_NEEDED)
    if missing:
        raise NotFound(
            f"{python} has no {' and no '.join(missing)}",
            fix=f"install mypy and the client packages there (`{python} -m pip install mypy`), or name another Python "
            "with --python",
        )


def _failure(errors: str, python: str) -> Invalid | Unavailable:
    lines = [line for line in errors.strip().splitlines() if line.strip()]
    last = lines[-1] if lines else "no reason given"
    if any(": error:" in line for line in lines):
        first = next(line for line in lines if ": error:" in line)
        return Invalid(f"mypy cannot read the code: {first}", fix="see that mypy runs there, then scan again")
    return Unavailable(f"the scan in {python} failed: {last}", fix="see that mypy runs there, then scan again")
