from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_counts_agree_at_every_stage(tmp_path: Path) -> None:
    script = Path(__file__).resolve().parents[2] / "demo" / "pipeline.py"
    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("all agree\n")
