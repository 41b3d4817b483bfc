"""Turns at a few places: no caller has them all, and no module is changed by two jobs at once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from fieldstone.errors import Exhausted
from fieldstone.server.turns import Turns
from tests.conftest import SEED


class Watched:
    """Jobs that note what runs at once.

    Args:
        places: the number of places.
    """

    def __init__(self, places: int) -> None:
        self.turns = Turns(places)
        self.running: list[tuple[str, frozenset[str]]] = []
        self.most: Counter[str] = Counter()
        self.order: list[str] = []

    async def job(self, caller: str, *modules: str, steps: int = 3) -> None:
        async with self.turns.turn(caller, modules):
            one = caller, frozenset(modules)
            assert all(one[1].isdisjoint(other) for _, other in self.running), "two jobs change one module"
            self.running.append(one)
            self.order.append(caller)
            try:
                for _ in range(steps):
                    counts = Counter(name for name, _ in self.running)
                    self.most |= counts
                    self.most["all"] = max(self.most["all"], counts.total())
                    await asyncio.sleep(0)
            finally:
                self.running.remove(one)


def test_one_caller_leaves_a_place_to_others() -> None:
    async def storm() -> Watched:
        watched = Watched(3)
        many = [watched.job("a", f"m{number}") for number in range(20)]
        async with asyncio.TaskGroup() as group:
            for job in many:
                group.create_task(job)
            await asyncio.sleep(0)
            group.create_task(watched.job("b", "b1"))
        return watched

    watched = asyncio.run(storm())
    assert (watched.most["a"], watched.most["all"]) == (2, 3)
    assert watched.order.index("b") <= 3
    assert not watched.turns._waiting  # noqa: SLF001 - nothing stays in memory
    assert not watched.turns._busy  # noqa: SLF001


def test_callers_who_wait_take_turns() -> None:
    async def storm() -> Watched:
        watched = Watched(1)
        async with asyncio.TaskGroup() as group:
            for caller in "aaaabbbc":
                group.create_task(watched.job(caller, caller))
        return watched

    assert "".join(asyncio.run(storm()).order) == "aabcabab"


def test_random_jobs_all_end() -> None:
    print(f"FIELDSTONE_SEED={SEED}")
    dice = random.Random(SEED)

    async def storm() -> Watched:
        watched = Watched(3)
        async with asyncio.TaskGroup() as group:
            tasks = []
            for _ in range(150):
                modules = dice.sample("wxyz", dice.randrange(1, 3))
                job = watched.job(dice.choice("abcdefgh"), *modules, steps=dice.randrange(4))
                tasks.append(group.create_task(job))
                if dice.random() < 0.3:
                    await asyncio.sleep(0)
                if dice.random() < 0.1:
                    dice.choice(tasks).cancel()
        return watched

    watched = asyncio.run(storm())
    assert sorted(watched.turns._free) == [0, 1, 2]  # noqa: SLF001
    assert not watched.turns._waiting  # noqa: SLF001


def test_too_many_waiting_jobs_of_one_caller_are_refused() -> None:
    async def storm() -> None:
        watched = Watched(2)
        async with asyncio.TaskGroup() as group:
            for number in range(33):
                group.create_task(watched.job("a", f"m{number}"))
            await asyncio.sleep(0)
            with pytest.raises(Exhausted, match="32 jobs of this caller are waiting"):
                await watched.job("a", "more")
            await watched.job("b", "other")

    asyncio.run(storm())
