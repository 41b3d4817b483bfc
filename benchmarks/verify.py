"""How long `registry verify` takes on a module of many files with many releases, against buf compiling as often.

The registry is made once. Then a round runs each way once as a whole process: all releases audited
(`--full`), none of them anew, those since the commit before, and `buf build` once for each release.

    python benchmarks/verify.py [RELEASES] [FILES] [ROUNDS]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

BIN = Path(sys.executable).parent
GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@example.com")
ENVIRONMENT = {**os.environ, "FIELDSTONE_CACHE": "1"}


def seconds(*command: str, cwd: Path) -> float:
    """The wall time of one run, in seconds."""
    start = time.perf_counter()
    subprocess.run(command, cwd=cwd, check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def write(root: Path, files: int, fields: int) -> None:
    """A module of so many files; the first has a message with so many fields."""
    for number in range(files):
        count = fields if number == 0 else 8
        lines = "".join(f"  string f{i} = {i};\n" for i in range(1, count + 1))
        text = f'syntax = "proto3";\n\npackage acme.v1;\n\nmessage M{number} {{\n{lines}}}\n'
        (root / f"proto/acme/v1/m{number}.proto").write_text(text)


def make(root: Path, releases: int, files: int) -> None:
    """A repository with a module and its releases, the newest of them in a commit of its own."""
    (root / "proto/acme/v1").mkdir(parents=True)
    (root / "buf.yaml").write_text("version: v2\nmodules:\n  - path: proto\nlint:\n  use: [MINIMAL]\n")
    subprocess.run([*GIT, "init", "--quiet"], cwd=root, check=True)
    for number in range(releases):
        write(root, files, number + 1)
        seconds(str(BIN / "fieldstone"), "release", "proto", cwd=root)
        if number >= releases - 2:
            subprocess.run([*GIT, "add", "--all"], cwd=root, check=True)
            subprocess.run([*GIT, "commit", "--quiet", "--message", f"release {number}"], cwd=root, check=True)


def main(releases: int, files: int, rounds: int) -> None:
    """Measure, and print the medians and ratios."""
    fieldstone, buf = str(BIN / "fieldstone"), str(BIN / "buf")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        make(root, releases, files)
        ways = {
            "registry verify --full": lambda: seconds(fieldstone, "registry", "verify", "--full", cwd=root),
            "registry verify, again": lambda: seconds(fieldstone, "registry", "verify", cwd=root),
            "registry verify --since HEAD~1": lambda: seconds(
                fieldstone, "registry", "verify", "--no-cache", "--since", "HEAD~1", cwd=root
            ),
            f"buf build, {releases} times": lambda: sum(
                seconds(buf, "build", "-o", os.devnull, cwd=root) for _ in range(releases)
            ),
        }
        times = {name: [run() for _ in range(rounds)] for name, run in ways.items()}
    print(f"{releases} releases of a module of {files} files, {rounds} rounds, medians:")
    peer = times[f"buf build, {releases} times"]
    for name, taken in times.items():
        print(f"{name:32} {median(taken):7.2f} s  {median(a / b for a, b in zip(taken, peer, strict=True)):6.2f} x buf")


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*[*given, *(66, 65, 3)[len(given) :]])
