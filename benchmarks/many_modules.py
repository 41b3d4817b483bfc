"""A workspace of many modules, most of them changed since their releases, for measuring one check of all of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@example.com")
MODULES = 30
CHANGED = 28
FILES = 4
ADDED = "  // How long it took, in microseconds.\n  int64 duration_us = 9;\n"
ANCHOR = "  string name = 1;\n"


def make_workspace(root: Path, fieldstone: str) -> None:
    """A git repository with every module released and committed, and then a field added to most modules."""
    paths = {(module, file): _path(module, file) for module in range(MODULES) for file in range(FILES)}
    for (module, file), path in paths.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(_source(module, file))
    listed = "".join(f"  - path: proto/m{module}\n" for module in range(MODULES))
    (root / "buf.yaml").write_text(f"version: v2\nmodules:\n{listed}lint:\n  use: [STANDARD]\n")
    _run("git", "init", "--quiet", cwd=root)
    _run(fieldstone, "release", "--all", cwd=root)
    _run(*GIT, "add", "--all", cwd=root)
    _run(*GIT, "commit", "--quiet", "--message", "release", cwd=root)
    for module in range(CHANGED):
        changed = root / paths[module, 0]
        changed.write_text(changed.read_text().replace(ANCHOR, ANCHOR + ADDED))


def _path(module: int, file: int) -> str:
    return f"proto/m{module}/m{module}/v1/f{file}_v1.proto"


def _source(module: int, file: int) -> str:
    """A file with two messages and an enum; one file of two modules out of three imports the module before."""
    before = module - 1 if module % 3 and file == 1 else None
    imported = f'import "m{before}/v1/f0_v1.proto";\n\n' if before is not None else ""
    field = f"  m{before}.v1.Thing0V1 other = 4;\n" if before is not None else ""
    return f"""syntax = "proto3";

package m{module}.v1;

{imported}// A thing with a name.
message Thing{file}V1 {{
  // What it is called.
{ANCHOR}  int64 count = 2;
  repeated string tags = 3;
{field}}}

// Where a thing is.
message Place{file}V1 {{
  double x = 1;
  double y = 2;
  Kind{file} kind = 3;
}}

// The kind of a place.
enum Kind{file} {{
  KIND{file}_UNSPECIFIED = 0;
  KIND{file}_INSIDE = 1;
}}
"""


def _run(*command: str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
