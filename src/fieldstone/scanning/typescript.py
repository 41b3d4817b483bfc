"""Scans of TypeScript code: node runs `outside/ts_scan.mjs`, with the consumer's own TypeScript and client packages.

TypeScript 7 has no API for programs. Its language is that of the versions before, so Fieldstone's own TypeScript reads
the code then.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec

from fieldstone.errors import Invalid, NotFound
from fieldstone.scanning.scanned import Scanned
from fieldstone.toolchain.node import node_tools, run_node

_SCRIPT = Path(__file__).with_name("outside") / "ts_scan.mjs"
PROJECT = "tsconfig.json"
"""The project that is scanned by default."""
_WITHOUT_API = 3
"""The exit code of the script if the TypeScript that it finds cannot be called by programs."""


def scan(root: Path, project: str) -> Scanned:
    """The uses in TypeScript code.

    Args:
        root: the folder that paths are relative to: the root of the consumer's repository.
        project: the path of a tsconfig.json, relative to the root, which has typescript in its node_modules.

    Raises:
        NotFound: there is no such project, or it has no TypeScript.
        Invalid: its code cannot be read.
        Unavailable: there is no node, or npm cannot install Fieldstone's own TypeScript.
    """
    if not (root / project).is_file():
        raise NotFound(f"there is no {project} in {root}", fix="name the tsconfig.json of the code")
    with tempfile.TemporaryDirectory(prefix="fieldstone-scan-") as folder:
        out = Path(folder, "scan.json")
        done = run_node([str(_SCRIPT), str(out), project], cwd=root)
        if done.returncode == _WITHOUT_API:
            with node_tools() as tools:
                done = run_node([str(_SCRIPT), str(out), project, str(tools)], cwd=root)
        if done.returncode or not out.exists():
            raise _failure(done.stderr, project)
        return msgspec.json.decode(out.read_bytes(), type=Scanned)


def _failure(errors: str, project: str) -> Invalid | NotFound:
    lines = [line for line in errors.splitlines() if line.strip()]
    said = lines[0] if lines else "no reason given"
    if "Cannot find module 'typescript'" in errors:
        return NotFound(f"{project} has no typescript in its node_modules", fix="`npm install --save-dev typescript`")
    return Invalid(f"the code of {project} cannot be read: {said}", fix="see that tsc reads it, then scan again")
