"""The documentation, built once for all workers of a test run."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parent.parent


def built_site(factory: pytest.TempPathFactory) -> Path:
    """The folder of the site; the first worker that asks builds it, as `make docs` does."""
    shared = factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    out = shared / "site"
    with (shared / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not out.exists():
            subprocess.run([sys.executable, "-m", "website", out], cwd=ROOT, check=True)
    return out
