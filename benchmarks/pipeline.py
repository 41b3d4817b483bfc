"""What the telemetry application carries, from the bus to the sinks of its outbox, as ratios from one run.

    python benchmarks/pipeline.py [SECTION...] [--rounds N] [--quick]

Sections: writer, relay, memory, follow; all by default. The relay delivers to PostgreSQL, to Tansu, which speaks
Kafka's protocol, and to moto, which speaks S3's: servers on loopback that share the machine with it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

SECTIONS = ("writer", "relay", "memory", "follow")


def main() -> None:
    """Run the sections that are asked for; memory in a process of its own."""
    parser = argparse.ArgumentParser(description="What the telemetry application carries, as ratios from one run.")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"{', '.join(SECTIONS)}; all by default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small sizes, whose figures mean nothing")
    asked = parser.parse_args()
    if unknown := [name for name in asked.sections if name not in SECTIONS]:
        parser.error(f"no section is called {unknown[0]}; there are {', '.join(SECTIONS)}")
    sections = asked.sections or SECTIONS
    if len(sections) > 1:
        options = ["--rounds", str(asked.rounds), *(["--quick"] if asked.quick else [])]
        for section in sections:
            subprocess.run([sys.executable, __file__, section, *options], check=True)
        return
    from benchmarks import telemetry_follow, telemetry_load

    print(f"\nPython {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory(prefix="fieldstone-benchmark-") as name:
        measure = {
            "writer": telemetry_load.writer,
            "relay": telemetry_load.relay,
            "memory": telemetry_load.memory,
            "follow": telemetry_follow.follow,
        }
        measure[sections[0]](Path(name), rounds=asked.rounds, quick=asked.quick)


if __name__ == "__main__":
    main()
