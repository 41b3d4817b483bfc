"""How long the editor waits for findings after a keystroke, beside buf compiling the module.

Every round types one change into a buffer of `fieldstone lsp`, which is warm, and runs `buf build` once on all files
and once on the changed one, in an order that changes. The time of a keystroke is until the findings are published,
without the pause that the server makes to wait for the next key.

    python -m benchmarks.lsp [--files N...] [--rounds N] [--seed N]
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from fieldstone.lsp.session import DEBOUNCE
from fieldstone.toolchain.buf import find_buf
from tests.lsp.editor import Editor

GOALS = {100: 0.150, 8_000: 0.500}
"""The most seconds after a keystroke, by the number of files, on an idle machine of two cores."""

CHANGED = "proto/acme/p0/v1/f3.proto"
KEY = "a keystroke in fieldstone lsp"
_FOLDER = 20
"""The files of one package; each imports the one before it."""


def make(root: Path, files: int) -> None:
    """A released module of so many files."""
    for number in range(files):
        package, before = f"acme.p{number // _FOLDER}.v1", number - 1
        has_import = number % _FOLDER > 0
        imported = f'import "acme/p{number // _FOLDER}/v1/f{before}.proto";\n' if has_import else ""
        used = f"  M{before} previous = 9;\n" if has_import else ""
        text = f'syntax = "proto3";\n\npackage {package};\n\n{imported}\nmessage M{number} {{\n  string id = 1;\n'
        folder = root / "proto" / package.replace(".", "/")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"f{number}.proto").write_text(f"{text}  double reward = 6;\n{used}}}\n")
    (root / "buf.yaml").write_text("version: v2\nmodules:\n  - path: proto\n")
    (root / "fieldstone.toml").write_text('registry = "registry"\n')
    command = [sys.executable, "-m", "fieldstone", "release", "proto", "--no-style"]
    subprocess.run(command, cwd=root, check=True, capture_output=True)


def keystroke(editor: Editor, number: int) -> float:
    """The seconds until the findings of a changed text are shown."""
    uri = editor.uri(CHANGED)
    shown = editor.publications.get(uri, 0)
    type_ = ("float", "int32")[number % 2]
    text = (editor.root / CHANGED).read_text().replace("double reward", f"{type_} reward")
    start = time.perf_counter()
    editor.change(CHANGED, text)
    while editor.publications.get(uri, 0) == shown:
        editor.take()
    return time.perf_counter() - start - DEBOUNCE


def compiled(root: Path, *flags: str) -> float:
    """The seconds of one `buf build`."""
    start = time.perf_counter()
    command = [find_buf(), "build", "proto", "-o", "-#format=binpb", *flags]
    subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def measure(files: int, rounds: int, rng: random.Random) -> dict[str, list[float]]:
    """The times of each way, by its name."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch).resolve()
        make(root, files)
        with Editor(root) as editor:
            editor.open(CHANGED)
            keystroke(editor, 1)  # the first one imports what later ones need
            typed = iter(range(2, rounds + 2))
            ways: dict[str, Callable[[], float]] = {
                KEY: lambda: keystroke(editor, next(typed)),
                "buf build": lambda: compiled(root),
                "buf build --path": lambda: compiled(root, "--path", CHANGED),
            }
            times: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(rounds):
                for name in rng.sample([*ways], len(ways)):
                    times[name].append(ways[name]())
            return times


def main() -> None:
    """Measure, and print medians, ratios and goals."""
    parser = argparse.ArgumentParser(description="How long the editor waits after a keystroke.")
    parser.add_argument("--files", type=int, nargs="+", default=[*GOALS])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    print(f"seed {given.seed}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {given.rounds} rounds, medians")
    for files in given.files:
        times = measure(files, given.rounds, random.Random(given.seed))
        print(f"{files:,} files:")
        for name, seconds in times.items():
            ratio = median(own / other for own, other in zip(times[KEY], seconds, strict=True))
            beside = "" if name == KEY else f"; the keystroke takes {ratio:.2f} times as long"
            goal = f"; goal {GOALS[files]:.3f} s" if name == KEY and files in GOALS else ""
            print(f"  {name}: {median(seconds):.3f} s{goal}{beside}")


if __name__ == "__main__":
    main()
