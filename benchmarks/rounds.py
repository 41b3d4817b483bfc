"""Measuring side by side: every round times all ways of doing a thing, in an order that changes.

A figure is the median, over the rounds, of the ratio within a round, so that it holds on a machine
whose speed changes from one minute to the next.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

Sample = Callable[[], float]
"""Does a thing once or often, and gives the seconds for one item."""


@dataclass(frozen=True, slots=True)
class Run:
    """How to measure: the rounds (0 for as many as the section takes), small sizes or full ones, and the order."""

    rounds: int
    quick: bool
    rng: random.Random

    def rounds_or(self, usual: int) -> int:
        """The rounds asked for, or the usual number."""
        return self.rounds or usual


@dataclass(frozen=True, slots=True)
class Goal:
    """How generated code must compare with a peer.

    `at_least` is how many times as fast it must be, `at_most` how many times as long it may take. What is
    not judged is printed all the same.
    """

    peer: str
    at_least: float = 0.0
    at_most: float = 0.0
    judged: bool = True

    def ratios(self, generated: Sequence[float], peer: Sequence[float]) -> list[float]:
        """The ratio of each round, as the goal counts it."""
        pairs = zip(generated, peer, strict=True)
        return [own / other if self.at_most else other / own for own, other in pairs]

    def unjudged(self) -> Goal:
        """The same ratio, printed without the goal."""
        return replace(self, judged=False)

    def verdict(self, ratio: float) -> str:
        """The goal, and whether a ratio meets it."""
        if not self.judged:
            return ""
        if self.at_most:
            return f"<= {self.at_most:g} {'met' if ratio <= self.at_most else 'missed'}"
        return f">= {self.at_least:g} {'met' if ratio >= self.at_least else 'missed'}"


@dataclass(frozen=True, slots=True)
class Case:
    """One row of a table: the ways to do the same thing; the first is the generated one."""

    name: str
    samples: Mapping[str, Sample]
    goals: Sequence[Goal]


def repeated(call: Callable[[], object], items: int, clock: Callable[[], float], at_least: float) -> Sample:
    """A sample that calls as often as takes `at_least` seconds; a call handles so many items."""
    call()
    start = clock()
    call()
    times = max(1, int(at_least / max(clock() - start, 1e-7)))

    def sample() -> float:
        start = clock()
        for _ in range(times):
            call()
        return (clock() - start) / times / items

    return sample


def measure(cases: Sequence[Case], rounds: int, rng: random.Random) -> dict[str, dict[str, list[float]]]:
    """The seconds of every sample of every case, after a round that does not count."""
    times: dict[str, dict[str, list[float]]] = {case.name: {way: [] for way in case.samples} for case in cases}
    for turn in range(rounds + 1):
        for case in rng.sample(list(cases), len(cases)):
            for way in rng.sample(list(case.samples), len(case.samples)):
                gc.collect()
                took = case.samples[way]()
                if turn:
                    times[case.name][way].append(took)
    return times


def report(title: str, cases: Sequence[Case], rounds: int, rng: random.Random) -> None:
    """Measure the cases, and print a line for each and its goals."""
    print(f"\n{title}; medians of {rounds} round{'s'[: rounds > 1]}")
    times = measure(cases, rounds, rng)
    width = max(len(case.name) for case in cases)
    for case in cases:
        taken = times[case.name]
        own = taken[next(iter(case.samples))]
        cells = [f"{case.name:{width}} {microseconds(median(own)):>12}"]
        for goal in case.goals:
            ratio = median(goal.ratios(own, taken[goal.peer]))
            cells.append(f"{goal.peer} {ratio:.2f} {goal.verdict(ratio)}".rstrip())
        print(" | ".join(cells))


def microseconds(seconds: float) -> str:
    """A time for people."""
    return f"{seconds * 1e6:.2f} us" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms"


def wall() -> float:
    """Seconds that pass."""
    return time.perf_counter()


def own_cpu() -> float:
    """Seconds that this thread has computed."""
    return time.thread_time()
