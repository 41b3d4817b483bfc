"""Builds a wheel and an sdist from a Python source tree with hatchling, identical to the byte on every machine.

hatchling sorts the files, sets every mode and takes every time from SOURCE_DATE_EPOCH
(https://reproducible-builds.org/docs/source-date-epoch/).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from fieldstone.errors import Invalid, Unavailable
from fieldstone.installing import with_extra
from fieldstone.packaging.tree import write_tree

EXTRA = "package"
"""The extra with everything that building Python packages needs."""


def build(files: Mapping[str, bytes], out: Path, *, at: datetime) -> list[Path]:
    """Build the wheel and the sdist of a source tree.

    Args:
        files: the tree, path to content, with a pyproject.toml that names hatchling.
        out: the folder to build into.
        at: the time of every file in them.

    Returns:
        the wheel and the sdist.

    Raises:
        FieldstoneError: hatchling is missing, or refuses the tree.
    """
    if find_spec("hatchling") is None:
        raise Unavailable(
            f"building Python packages needs hatchling, which {sys.executable} cannot import",
            fix=f"install it: `{with_extra(EXTRA)}`",
        )
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        write_tree(files, Path(scratch))
        done = subprocess.run(  # noqa: S603 - an argument list, no shell
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(out)],
            cwd=scratch,
            env=os.environ | {"SOURCE_DATE_EPOCH": str(int(at.timestamp()))},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise Invalid(f"hatchling cannot build the package: {said[-1] if said else done.returncode}")
    return sorted(out.glob("*.whl")) + sorted(out.glob("*.tar.gz"))
