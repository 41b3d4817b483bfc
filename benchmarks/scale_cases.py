"""The cases of `scale.py`: a tree, a change, and the ways of judging it, each a whole process."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.scale_edits import comment, edited, fields
from benchmarks.scale_runs import BIN, Result, middle, progress, run
from benchmarks.scale_tree import MODULE, Released, closure, importers

BUF = "buf as run"
WELL = "buf used well"
OWN = "fieldstone"
FULL = "fieldstone --full"
WITHOUT, ALONE = "without the second opinion", "without style either"
LESS = {WITHOUT: ("--no-second-opinion",), ALONE: ("--no-second-opinion", "--no-style")}
"""What Fieldstone can leave out, with the flags; alone it does what `buf breaking` does, which judges no style."""
MODES = (OWN, FULL)
"""The ways to run Fieldstone."""

_CACHE = ".fieldstone"
_SETTLED = 2.5
"""Seconds after which Fieldstone knows a file that was left alone by its stat."""


@dataclass(frozen=True)
class Case:
    """What is measured: so many files with a new field, or a comment in one.

    `is_first` is without any cache; with `judges_all` Fieldstone is run with --full, too.
    """

    size: str
    what: str
    changed: int = 0
    is_comment: bool = False
    is_first: bool = False
    judges_all: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from the others."""
        return self.size, self.what

    def edits(self, released: Released, seed: int) -> dict[str, str]:
        """The new content of the files that it changes."""
        return comment(released.tree) if self.is_comment else fields(released.tree, released.files, self.changed, seed)


@dataclass(frozen=True)
class Measured:
    """The results of a case, by way; and how many files the tree has, it changes, and depend on those."""

    case: Case
    files: int
    changed: int
    dependents: int
    times: Mapping[str, Sequence[Result]]
    filtering: float
    stats: str


@dataclass(frozen=True)
class Way:
    """A command, and where it runs."""

    command: Sequence[str]
    cwd: Path


@dataclass(frozen=True)
class Plan:
    """How to measure, and the Fieldstone that is measured."""

    rounds: int
    limit: float
    seed: int
    fieldstone: Path


class Site:
    """A copy of a released tree to measure on, with what Fieldstone remembers of it."""

    def __init__(self, released: Released, imports: Mapping[str, tuple[str, ...]], scratch: Path, plan: Plan) -> None:
        self.released, self.plan = released, plan
        self.tree, self._saved = scratch / "tree", scratch / "saved"
        self._filtered = scratch / "filtered.binpb"
        self._backwards = importers({path: imports[path] for path in released.files})
        shutil.copytree(released.tree, self.tree, symlinks=True)
        subprocess.run(["git", "status", "--short"], cwd=self.tree, check=True, stdout=subprocess.DEVNULL)
        if released.release.is_good:
            self._warm()

    def _warm(self) -> None:
        """Have Fieldstone remember the tree as it is for one who worked on another change before."""
        progress("filling Fieldstone's cache")
        time.sleep(_SETTLED)
        own = [str(self.plan.fieldstone), "check"]
        with edited(self.tree, fields(self.tree, self.released.files, 1, self.plan.seed + 1)):
            run(own, self.tree, self.plan.limit)
        time.sleep(_SETTLED)
        run(own, self.tree, self.plan.limit)
        if (self.tree / _CACHE).is_dir():
            shutil.copytree(self.tree / _CACHE, self._saved)

    def forget(self, *, everything: bool) -> None:
        """Put Fieldstone's cache back to what it was before the change, or remove it."""
        shutil.rmtree(self.tree / _CACHE, ignore_errors=True)
        if self._saved.is_dir() and not everything:
            shutil.copytree(self._saved, self.tree / _CACHE)

    def measure(self, case: Case) -> Measured:
        """Run every way of judging the case in every round, in an order that changes."""
        edits = case.edits(self.released, self.plan.seed)
        with edited(self.tree, edits):
            ways = self._ways(case, sorted(edits))
            filtering = self._filter(sorted(edits)).seconds if edits else 0.0
            times = self._rounds(case, ways)
            stats = self._stats(case)
        dependents = len(closure(edits, self._backwards)) - len(edits)
        measured = Measured(case, len(self.released.files), len(edits), dependents, times, filtering, stats)
        progress(f"{case.size}, {case.what}: {', '.join(_told(measured))}")
        return measured

    def _rounds(self, case: Case, ways: Mapping[str, Way]) -> dict[str, list[Result]]:
        times: dict[str, list[Result]] = {way: [] for way in ways}
        rng = random.Random(self.plan.seed)
        for _ in range(self.plan.rounds):
            for way in rng.sample(list(ways), len(ways)):
                if times[way] and not times[way][-1].is_good:
                    times[way].append(times[way][-1])  # it would fail again, or be late
                    continue
                self.forget(everything=case.is_first)
                times[way].append(run(ways[way].command, ways[way].cwd, self.plan.limit))
        return times

    def _stats(self, case: Case) -> str:
        """What Fieldstone says of how it judged the case, in a run that is not timed."""
        self.forget(everything=case.is_first)
        return run([str(self.plan.fieldstone), "check", "--stats"], self.tree, self.plan.limit).said

    def _ways(self, case: Case, changed: Sequence[str]) -> dict[str, Way]:
        """The commands, by what they are called; paths of an image start in the module, so buf used well runs there."""
        buf, own = [str(BIN / "buf"), "breaking", "--against"], [str(self.plan.fieldstone), "check"]
        ways = {BUF: Way([*buf, str(self.released.image)], self.tree)}
        if changed:
            ways[WELL] = Way([*buf, str(self._filtered), *_paths(changed)], self.tree / MODULE)
        modes = MODES if case.judges_all else (OWN,)
        for mode in modes if self.released.release.is_good else ():
            command = [*own, "--full"] if mode == FULL else own
            ways[mode] = Way(command, self.tree)
            ways |= {less(mode, what): Way([*command, *flags], self.tree) for what, flags in LESS.items()}
        return ways

    def _filter(self, changed: Sequence[str]) -> Result:
        """Make the image of the released tree with no more than the changed files, and what they import."""
        command = [str(BIN / "buf"), "build", str(self.released.image), "-o", str(self._filtered)]
        return run([*command, *_paths(changed)], self.tree, self.plan.limit)


def less(mode: str, what: str) -> str:
    """What a mode of Fieldstone is called that leaves something out."""
    return f"{mode}, {what}"


def peak(results: Sequence[Result]) -> float:
    """The median of the peaks, in MiB."""
    return median(result.peak for result in results) / 2**20


def _paths(paths: Sequence[str]) -> list[str]:
    return [argument for path in paths for argument in ("--path", path)]


def _told(measured: Measured) -> Iterator[str]:
    for way, results in measured.times.items():
        end = "" if results[-1].is_good else f" ({results[-1].said or results[-1].code})"
        yield f"{way} {middle(results):.2f} s, {peak(results):.0f} MiB{end}"
