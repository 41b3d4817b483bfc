"""Programs from npm that tests drive: axe, and an OpenID Connect provider."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

NODE = shutil.which("node") or ""


def installed(folder: Path, *packages: str) -> Path:
    """The folder `node_modules` with some packages."""
    options = ["--no-audit", "--no-fund", "--no-update-notifier", "--ignore-scripts"]
    command = ["npm", "install", *options, *packages]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "node_modules"
