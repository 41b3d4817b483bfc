"""The generated packages that are measured: `fieldstone generate` into a folder of their own, ready to import."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
SOURCES = (ROOT / "examples/telemetry/src", ROOT / "packages/fieldstone-runtime/src")
"""The records of the example and the runtime, where they are not installed."""

CONTRACT = "schemas/telemetry/telemetry/v1/telemetry_v1.proto"
WITHOUT_OUTBOX = "plain_storage"
"""The storage package of the same contract without an outbox."""


def generate(out: Path, *, cwd: Path = ROOT, module: str = "telemetry") -> None:
    """Run `fieldstone generate`; what it says against it ends the benchmark."""
    done = subprocess.run(
        [BIN / "fieldstone", "generate", module, "--out", out], cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"fieldstone generate {module} in {cwd}:\n{done.stderr}")


def folders(out: Path) -> list[str]:
    """The folders to import generated packages and what they need from."""
    return [str(path) for path in (*sorted((out / "python").iterdir()), *SOURCES)]


def make_importable(scratch: Path) -> None:
    """Generate the storage of telemetry with its outbox and without, and let this process import both."""
    out = scratch / "generated"
    generate(out)
    sys.path[:0] = folders(out)
    repository = without_outbox(scratch / "repository")
    generate(scratch / "plain", cwd=repository)
    source = next((scratch / "plain/python").glob("*/telemetry_storage"))
    target = scratch / "renamed" / WITHOUT_OUTBOX
    for file in source.glob("*.py"):
        target.mkdir(parents=True, exist_ok=True)
        (target / file.name).write_text(file.read_text().replace("telemetry_storage", WITHOUT_OUTBOX))
    sys.path.insert(0, str(target.parent))


def without_outbox(folder: Path) -> Path:
    """A copy of the repository's schemas, not released yet, with no outbox."""
    for name in ("schemas", "examples"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("buf.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    for path in (folder / "schemas/telemetry").rglob("*.proto"):
        path.write_text(re.sub(r"^ *outbox: \{\}\n", "", path.read_text(), flags=re.MULTILINE))
    return folder
