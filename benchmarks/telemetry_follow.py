"""The time to follow a stored run, step by step and in batches, and its growth with the length of the run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count, islice
from pathlib import Path
from statistics import median
from time import process_time

from telemetry_app.bus import RunBus
from telemetry_app.following import followed_steps
from telemetry_storage.sqlite import SQLiteTelemetryRepository
from trainer_contracts.trainer.v1 import telemetry_pb2 as trainer

from benchmarks.rounds import Goal
from benchmarks.telemetry_load import new_repository, played
from tests.telemetry.inside import hub

STEPS, QUICK_STEPS = 25_000, 500
TIMES = 4
BATCH = 100
Reader = Callable[[SQLiteTelemetryRepository, int], Awaitable[None]]


def follow(scratch: Path, *, rounds: int, quick: bool) -> None:
    """CPU time a step, of a run and of one four times as long; server and client of gRPC are in this process."""
    short = QUICK_STEPS if quick else STEPS
    sizes = (short, TIMES * short)
    for size in sizes:
        store(scratch / f"{size}.db", size)
    ways: dict[str, Reader] = {"plain read": read, "without gRPC": followed, "one by one": streamed, "by 100": batches}
    took: dict[tuple[str, int], list[float]] = {(way, size): [] for way in ways for size in sizes}
    for _ in range(rounds):
        for (way, size), times in took.items():
            times.append(measured(scratch / f"{size}.db", size, ways[way]) / size)
    print(f"\nfollow: runs of {sizes[0]:,} and {sizes[1]:,} steps; {rounds} rounds, CPU time of hub and reader")
    for way in ways:
        small, large = (took[way, size] for size in sizes)
        goal = Goal("short run", at_most=1.3, judged=way != "plain read")
        growth = median(goal.ratios(large, small))
        plain = median(own / other for own, other in zip(large, took["plain read", sizes[1]], strict=True))
        row = f"{way:12} {median(large) * 1e6:>7.1f} us a step | plain read {plain:>5.2f}"
        print(f"{row} | short run {growth:.2f} {goal.verdict(growth)}".rstrip())


def store(path: Path, steps: int) -> None:
    """A database with one run, its positions from 1."""
    _, repository = new_repository(path)
    lane, positions = islice(played(0, 0), steps), count(1)
    while batch := list(islice(lane, 5000)):
        for step in batch:
            step.seq_id = next(positions)
        repository.add_steps(batch)
    repository.close()


def measured(path: Path, steps: int, reader: Reader) -> float:
    """The CPU seconds of this process until a reader has read all steps."""
    repository = SQLiteTelemetryRepository(path)
    began = process_time()
    asyncio.run(reader(repository, steps))
    took = process_time() - began
    repository.close()
    return took


async def read(repository: SQLiteTelemetryRepository, steps: int) -> None:
    """Read the run in one query."""
    assert sum(1 for _ in repository.steps_by_run("run-0")) == steps


async def followed(repository: SQLiteTelemetryRepository, steps: int) -> None:
    """Follow the run inside the hub."""
    seen = 0
    async for page in followed_steps(RunBus(), repository, "run-0", 0):
        seen += len(page)
        if seen == steps:
            return


async def streamed(repository: SQLiteTelemetryRepository, steps: int) -> None:
    """Follow the run over gRPC, an answer for each step."""
    await over_grpc(repository, steps, 0)


async def batches(repository: SQLiteTelemetryRepository, steps: int) -> None:
    """Follow the run over gRPC, an answer for up to 100 steps."""
    await over_grpc(repository, steps, BATCH)


async def over_grpc(repository: SQLiteTelemetryRepository, steps: int, batch: int) -> None:
    """Follow the run over gRPC."""
    async with hub(repository) as running:
        request = trainer.StreamRunStepsRequest(run_id="run-0", batch_size=batch)
        following, seen = running.stub.StreamRunSteps(request), 0
        while seen < steps:
            seen += len((await following.read()).steps) or 1
        following.cancel()
