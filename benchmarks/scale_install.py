"""Fieldstone as its users have it: in an environment of its own, with what it needs and no more.

What else is installed counts at every start: `.pth` files are read, and msgspec imports typing_extensions where
that is there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.scale_runs import BIN, ENVIRONMENT, ROOT, progress
from benchmarks.scale_tree import ScaleError

_LOCK = ROOT / "requirements.lock"


def installed(folder: Path) -> Path:
    """Install the sources as they are, with the versions of the lock, compiled.

    Args:
        folder: where; what is there is removed.

    Returns:
        The path of the command.

    Raises:
        ScaleError: it cannot be installed.
    """
    progress("installing fieldstone")
    shutil.rmtree(folder, ignore_errors=True)
    python = folder / "bin" / "python"
    install = ["pip", "install", "--compile-bytecode", "--constraint", str(_LOCK), "--python", str(python), str(ROOT)]
    for command in (["venv", "--python", sys.executable, str(folder)], install):
        done = subprocess.run([str(BIN / "uv"), *command], capture_output=True, text=True, check=False, env=ENVIRONMENT)
        if done.returncode:
            raise ScaleError(f"uv {command[0]}: {done.stderr.strip()}")
    return python.with_name("fieldstone")
