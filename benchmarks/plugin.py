"""What the buf check plugin costs beyond `buf breaking` alone, in seconds for each module, side by side in one run.

Both run in the same workspace against the same earlier state; only one of the two buf.yaml names the plugin. Every
round runs each command once as a whole process, in an order that changes from round to round. Wall time counts; the
time on processors, which other work on the machine hardly changes, is printed beside it.

    python benchmarks/plugin.py [ROUNDS] [MODULES]
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

BIN = Path(sys.executable).parent
LIMIT_S = 0.3
FILES = 5
MESSAGES = 20
STATES = {"nothing changed": "", "every message changed": "  bool paid = 3;\n"}
PLUGIN = "plugins:\n  - plugin: buf-plugin-fieldstone\n"


def workspace(folder: Path, modules: int, *, plugin: bool, added: str = "") -> Path:
    """A workspace of modules of `FILES` files; `added` is one more field of every message."""
    listed = "".join(f"  - path: m{number}\n" for number in range(modules))
    use = "FILE, FIELDSTONE" if plugin else "FILE"
    config = f"version: v2\nmodules:\n{listed}breaking:\n  use: [{use}]\n{PLUGIN if plugin else ''}"
    folder.mkdir()
    (folder / "buf.yaml").write_text(config)
    for number in range(modules):
        below = folder / f"m{number}" / "acme" / f"m{number}" / "v1"
        below.mkdir(parents=True)
        for file in range(FILES):
            head = f'syntax = "proto3";\npackage acme.m{number}.v1;\n'
            body = "".join(
                f"message F{file}M{message} {{\n  string id = 1;\n  int64 at = 2;\n{added}}}\n"
                for message in range(MESSAGES)
            )
            (below / f"f{file}.proto").write_text(head + body)
    return folder


def seconds(command: list[str], cwd: Path) -> tuple[float, float]:
    """The wall time and the processor time of one run with all processes that it starts."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(rounds: int, modules: int) -> None:
    """Measure, and print the medians and the cost of the plugin."""
    os.environ["PATH"] += f"{os.pathsep}{BIN}"
    with tempfile.TemporaryDirectory() as scratch:
        root, runs = Path(scratch), {}
        for plugin in (False, True):
            before = workspace(root / f"before {plugin}", modules, plugin=plugin)
            for state, added in STATES.items():
                now = workspace(root / f"{state} {plugin}", modules, plugin=plugin, added=added)
                runs[plugin, state] = ([str(BIN / "buf"), "breaking", "--against", str(before)], now)
        taken: dict[tuple[bool, str], list[tuple[float, float]]] = {run: [] for run in runs}
        for turn in range(rounds + 1):
            for run in random.sample(list(runs), len(runs)):
                took = seconds(*runs[run])
                if turn:  # the first round does not count
                    taken[run].append(took)
    print(f"{modules} modules of {FILES} files and {FILES * MESSAGES} messages, {rounds} rounds, medians:")
    for state in STATES:
        report(state, modules, taken[False, state], taken[True, state])


def report(state: str, modules: int, alone: list[tuple[float, float]], plugged: list[tuple[float, float]]) -> None:
    """Print both medians, and what the plugin adds for each module."""
    for name, times in (("buf alone", alone), ("with the plugin", plugged)):
        print(f"{state}, {name}: {median(wall for wall, _ in times):.3f} s")
    wall, busy = (
        median(with_it[part] - without[part] for without, with_it in zip(alone, plugged, strict=True)) / modules
        for part in (0, 1)
    )
    verdict = "met" if wall <= LIMIT_S else "missed"
    print(f"{state}: {wall:.3f} s a module over buf alone; at most {LIMIT_S} s: {verdict} (on processors {busy:.3f} s)")


if __name__ == "__main__":
    main(*map(int, [*sys.argv[1:], *("9", "4")[len(sys.argv) - 1 :]]))
