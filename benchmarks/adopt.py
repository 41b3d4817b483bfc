"""How long `fieldstone adopt` takes on a history of many tags, against buf building and comparing each of them.

Each tag changes one file: mostly an added field, at every seventh tag a field that was removed, at every tenth
nothing but a README. The last two figures are a run that finds everything released, and the audit of all releases.

    python benchmarks/adopt.py [TAGS] [FILES]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(sys.executable).parent
GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@example.com")
BREAK, QUIET = 7, 10
FIELDS = 12


def run(*command: str, cwd: Path, check: bool = True) -> float:
    """The wall time of one command, in seconds."""
    start = time.perf_counter()
    subprocess.run(command, cwd=cwd, check=check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def text(number: int, fields: dict[int, str]) -> str:
    """A file with a message, an enum and a service; all but the first import the first."""
    imported = 'import "acme/v1/m0.proto";\n\n' if number else ""
    lines = "".join(f"  // Field {i} of the message.\n  {type_} f{i} = {i};\n" for i, type_ in fields.items())
    shared = "  M0 shared = 5000;\n" if number else ""
    return (
        f'syntax = "proto3";\n\npackage acme.v1;\n\n{imported}'
        f"// Message {number}.\nmessage M{number} {{\n{lines}{shared}}}\n\n"
        f"enum E{number} {{\n  E{number}_UNSPECIFIED = 0;\n  E{number}_ON = 1;\n}}\n\n"
        f"service S{number} {{\n  rpc Get{number}(M{number}) returns (M{number});\n}}\n"
    )


def make(root: Path, tags: int, files: int) -> None:
    """A repository with a module and so many tags."""
    folder = root / "proto/acme/v1"
    folder.mkdir(parents=True)
    (root / "buf.yaml").write_text("version: v2\nmodules:\n  - path: proto\n")
    run(*GIT, "init", "--quiet", cwd=root)
    fields = [dict.fromkeys(range(1, FIELDS + 1), "string") for _ in range(files)]
    for tag in range(tags):
        changed = tag % files
        if tag and tag % BREAK == 0:
            fields[changed].popitem()
        elif tag % QUIET:
            fields[changed][FIELDS + tag] = "int64"
        for number in range(files) if tag == 0 else [changed]:
            (folder / f"m{number}.proto").write_text(text(number, fields[number]))
        (root / "README.md").write_text(f"The schemas at tag {tag}.\n")
        run(*GIT, "add", "--all", cwd=root)
        run(*GIT, "commit", "--quiet", "--message", f"tag {tag}", cwd=root)
        run(*GIT, "tag", f"v1.{tag}.0", cwd=root)


def with_buf(root: Path, tags: int, scratch: Path) -> float:
    """Check out every tag, build it, and compare it with the one before, by buf alone."""
    start = time.perf_counter()
    before = ""
    for tag in range(tags):
        tree, image = scratch / "tree", scratch / f"{tag}.binpb"
        shutil.rmtree(tree, ignore_errors=True)
        tree.mkdir()
        archive = subprocess.run([*GIT, "archive", f"v1.{tag}.0"], cwd=root, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x"], cwd=tree, input=archive, check=True)
        run(str(BIN / "buf"), "build", "-o", str(image), cwd=tree)
        if before:
            run(str(BIN / "buf"), "breaking", str(image), "--against", before, cwd=tree, check=False)
        before = str(image)
    return time.perf_counter() - start


def main(tags: int, files: int) -> None:
    """Measure, and print the figures."""
    fieldstone = str(BIN / "fieldstone")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "repo"
        root.mkdir()
        make(root, tags, files)
        other = with_buf(root, tags, Path(scratch))
        figures = {
            "fieldstone adopt": run(fieldstone, "adopt", "proto", "--tags", "v*", cwd=root),
            "fieldstone adopt, again": run(fieldstone, "adopt", "proto", "--tags", "v*", cwd=root),
            "fieldstone registry verify": run(fieldstone, "registry", "verify", cwd=root),
        }
        releases = len([*root.glob("registry/proto/*/release.toml")])
    print(f"{tags} tags of a module of {files} files on {os.cpu_count()} cores, {releases} releases:")
    for name, taken in {**figures, "buf build and buf breaking": other}.items():
        print(f"{name:28} {taken:7.1f} s  {taken / tags:6.3f} s a tag  {taken / other:5.2f} x buf")


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*[*given, *(100, 60)[len(given) :]])
