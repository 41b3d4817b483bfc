"""What `scale.py` measures, in which order, and what it prints of that."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import scale_report
from benchmarks.scale_cases import Case, Measured, Plan, Site
from benchmarks.scale_edits import COMMENTED
from benchmarks.scale_install import installed
from benchmarks.scale_runs import BIN, progress
from benchmarks.scale_tree import PACKAGE, Released, ScaleError, Sources, fetch, grown, released, sources

SIZES = {"tiny": 2, "medium": 100, "1,000 files": 1000, "7,000 files": 7000, "full": 0}
"""The trees; 0 stands for all files."""
RELEASES = "releases"
"""The size that stands for a tree of `FEW` files with each of these numbers of releases."""
COUNTS = (1, 10, 100, 1000)
FEW = 10
"""A thousand releases of ten files take half a gigabyte."""
QUICK = ("tiny", "medium")

_ALL = (*SIZES, RELEASES)

NOTHING, ONE = "nothing", "one file"
COMMENT = f"a comment in {COMMENTED}"
FIRST = "one file, first run ever"


def cases(size: str, files: int) -> list[Case]:
    """What is measured on a tree, for the table of cases and for those of growth."""
    one = Case(size, ONE, 1, judges_all=True)
    if size not in {"full", "medium"}:
        return [one]
    found = [Case(size, NOTHING, judges_all=True), one, Case(size, FIRST, 1, is_first=True)]
    if size == "medium":
        return [*found, Case(size, "10 files", 10)]
    shares = [Case(size, f"{share} % of files", files * share // 100, judges_all=share == 10) for share in (1, 10)]
    growing = [Case(size, f"{count:,} files", count) for count in (10, 100, 1000) if count < files]
    return [*found, Case(size, COMMENT, 1, is_comment=True), *shares, *growing]


def cases_of_releases(count: int) -> list[Case]:
    """What is measured on the tree with so many releases."""
    size = f"{count:,} release{'s'[: count > 1]}"
    return [Case(size, NOTHING), Case(size, ONE, 1)]


def main() -> None:
    """Measure the sizes that are asked for, and print the tables."""
    asked = _arguments()
    cache = asked.cache or Path(tempfile.gettempdir(), "fieldstone-scale")
    cache.mkdir(parents=True, exist_ok=True)
    made: dict[str, Released] = {}
    measured: list[Measured] = []
    try:
        plan = Plan(asked.rounds, asked.limit, asked.seed, installed(cache / "installed"))
        found = sources(asked.tree or fetch(cache), cache)
        for size in QUICK if asked.quick else SIZES:
            if not asked.only or size in asked.only:
                made[size] = _tree(found, size, cache, plan)
                measured += _measure(made[size], cases(size, len(made[size].files)), found, plan, asked.case)
        if not asked.quick and (not asked.only or RELEASES in asked.only):
            measured += _measure_releases(found, cache, plan, asked.case)
    except ScaleError as error:
        sys.exit(f"scale: {error}")
    _print(plan, found, made, measured)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How the cost of the gate grows, as ratios from one run.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help=f"{' and '.join(QUICK)} alone")
    parser.add_argument("--tree", type=Path, help=f"an unpacked {PACKAGE}, or another folder of protos, to measure on")
    parser.add_argument("--cache", type=Path, help="where the package and the released trees are kept")
    parser.add_argument("--only", nargs="+", choices=_ALL, metavar="SIZE", help=f"of {', '.join(_ALL)}; all by default")
    parser.add_argument("--case", nargs="+", default=[], help="the changes to measure, as the table names them")
    parser.add_argument("--limit", type=float, default=600, help="seconds that one process may take")
    parser.add_argument(
        "--seed", type=int, default=7, help="what the parts of the tree and the changed files follow from"
    )
    return parser.parse_args()


def _tree(found: Sources, size: str, cache: Path, plan: Plan) -> Released:
    """A released tree of that size."""
    files = found.part(SIZES[size], plan.seed) if SIZES[size] else sorted(found.imports)
    return released(found.root, files, cache, plan.limit)


def _measure_releases(found: Sources, cache: Path, plan: Plan, only: list[str]) -> list[Measured]:
    """The cases of one small tree with ever more releases."""
    first = released(found.root, found.part(FEW, plan.seed), cache, plan.limit)
    measured: list[Measured] = []
    for count, tree in zip(COUNTS, grown(first, COUNTS), strict=True):
        measured += _measure(tree, cases_of_releases(count), found, plan, only)
    return measured


def _measure(released: Released, planned: list[Case], found: Sources, plan: Plan, only: list[str]) -> list[Measured]:
    """The cases of a tree, on a copy of it."""
    chosen = [case for case in planned if not only or case.what in only]
    if any(case.is_comment for case in chosen) and COMMENTED not in released.files:
        chosen = [case for case in chosen if not case.is_comment]
    with tempfile.TemporaryDirectory(prefix="fieldstone-scale-") as scratch:
        progress(f"copying {len(released.files):,} files")
        site = Site(released, found.imports, Path(scratch), plan)
        return [site.measure(case) for case in chosen]


def _print(plan: Plan, found: Sources, made: dict[str, Released], measured: list[Measured]) -> None:
    by_key = {one.case.key: one for one in measured}
    largest = "full" if "full" in made else "medium"
    growing = [
        by_key[key] for what in (ONE, "10 files", "100 files", "1,000 files") if (key := (largest, what)) in by_key
    ]
    rows = [one for one in measured if one not in growing[1:] and one.case.size in {"tiny", "medium", "full"}]
    print(_facts(plan, found), end="\n\n")
    for line in scale_report.cases(rows):
        print(line)
    sizes = [one for size in SIZES if (one := by_key.get((size, ONE)))]
    for title, table in (("Time against the files changed:", growing), ("Time against the size of the tree:", sizes)):
        for line in scale_report.growth(title, table):
            print(line)
    keys = [(count, case.key) for count in COUNTS for case in cases_of_releases(count)]
    many = [(count, by_key[key]) for count, key in keys if key in by_key]
    for line in (
        *scale_report.growth_of_releases(many),
        *scale_report.releases(made),
        "",
        *scale_report.statistics(rows),
        *scale_report.failures(measured, made),
    ):
        print(line)


def _facts(plan: Plan, found: Sources) -> str:
    """The machine, the programs and the tree."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    buf = subprocess.run([str(BIN / "buf"), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, buf {buf}, Python {platform.python_version()}, "
        f"seed {plan.seed}, medians of {plan.rounds} round{'s'[: plan.rounds > 1]}, "
        f"load {os.getloadavg()[0]:.1f} at the end; {len(found.imports):,} files build, {len(found.dropped):,} do not"
    )
