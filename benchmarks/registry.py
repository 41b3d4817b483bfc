"""How fast a shared registry reads and judges, with server, database and load on one machine, beside a bare server.

    python benchmarks/registry.py [SECTION...] [--rounds N] [--quick]

Sections: files, cold, buf, push, idle; all by default. The peer of reading is an ASGI application on the same uvicorn
that sends the same bytes from its memory. The peer of a push is `buf breaking`. On a busy machine the processor time
of the server and the ratios count: a rate is what the load left of the machine.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import registry_pushes, registry_reads  # noqa: E402 - found through the line above
from benchmarks.rounds import Run  # noqa: E402

SECTIONS = {
    "files": registry_reads.files,
    "cold": registry_reads.cold,
    "buf": registry_reads.buf,
    "push": registry_pushes.push,
    "idle": registry_pushes.idle,
}


def main() -> None:
    """Run the sections that are asked for."""
    parser = argparse.ArgumentParser(description="How fast a shared registry is, beside a bare server.")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"{', '.join(SECTIONS)}; all by default")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="small sizes, whose figures mean nothing")
    asked = parser.parse_args()
    if unknown := [name for name in asked.sections if name not in SECTIONS]:
        parser.error(f"no section is called {unknown[0]}; there are {', '.join(SECTIONS)}")
    run = Run(asked.rounds, asked.quick, random.Random(1))
    print(f"\nPython {sys.version.split()[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    for section in asked.sections or SECTIONS:
        with tempfile.TemporaryDirectory(prefix="fieldstone-benchmark-") as scratch:
            SECTIONS[section](Path(scratch), run)


if __name__ == "__main__":
    main()
