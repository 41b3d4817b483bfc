"""What the buf check plugin costs beyond `buf breaking` alone, in seconds for each module, side by side in one run.

Both run in the same workspace against the same earlier state; only one of the two buf.yaml names the plugin. Every
round runs each command once as a whole process, in an order that changes from round to round.

    python benchmarks/plugin.py [ROUNDS] [MODULES]
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.gate import BIN, measure

LIMIT_S = 0.3
FILES = 5
MESSAGES = 20
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


def main(rounds: int, modules: int) -> None:
    """Measure, and print the medians and the cost of the plugin."""
    os.environ["PATH"] += f"{os.pathsep}{BIN}"
    buf = str(BIN / "buf")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        commands = {}
        for plugin in (False, True):
            name = "with the plugin" if plugin else "buf alone"
            before = workspace(root / f"before {plugin}", modules, plugin=plugin)
            for state, added in (("nothing changed", ""), ("every message changed", "  bool paid = 3;\n")):
                now = workspace(root / f"{state} {plugin}", modules, plugin=plugin, added=added)
                commands[f"{name}, {state}"] = ([buf, "breaking", "--against", str(before)], now)
        times = measure(rounds, commands)
    print(f"{modules} modules of {FILES} files and {FILES * MESSAGES} messages, {rounds} rounds, medians:")
    for name, taken in times.items():
        print(f"{name:40} {median(taken):6.3f} s")
    for state in ("nothing changed", "every message changed"):
        pairs = zip(times[f"buf alone, {state}"], times[f"with the plugin, {state}"], strict=True)
        cost = median(together - alone for alone, together in pairs) / modules
        verdict = "met" if cost <= LIMIT_S else "missed"
        print(f"{state}: {cost:.3f} s a module over buf alone; at most {LIMIT_S} s: {verdict}")


if __name__ == "__main__":
    main(*map(int, [*sys.argv[1:], *("9", "4")[len(sys.argv) - 1 :]]))
