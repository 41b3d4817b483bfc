"""The telemetry application under load: its writer, its live view, and the relay behind it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import count, islice
from pathlib import Path
from statistics import median
from threading import Event as Stop
from time import perf_counter

from fieldstone_runtime.relay.relay import Relay
from fieldstone_runtime.relay.urls import open_outbox, open_sink
from fieldstone_runtime.sqlite import SQLiteDatabase
from telemetry_app.bus import RunBus, Topic
from telemetry_app.live import LiveTelemetryController
from telemetry_app.records import StepRecord
from telemetry_app.writer import TelemetryWriterService
from telemetry_storage.sqlite import SQLiteTelemetryRepository

from benchmarks.rounds import Goal
from tests.codegen.server import DURABLE, running_postgres
from tests.relay.destinations import s3_url
from tests.relay.servers import make_bucket, running_kafka, running_s3

RUNS, AGENTS = 16, 4
STEPS, QUICK_STEPS = 60_000, 2_000
MEMORY_STEPS, QUICK_MEMORY_STEPS = 2_000_000, 10_000
SAMPLES = 20
BATCH = 500
LAG_GOAL_S = 0.05
LOOK_S = 0.02
MIB = 2**20


def played(run: int, agent: int) -> Iterator[StepRecord]:
    """The steps of one agent, without end: episodes of 100."""
    for number in count():
        yield StepRecord(
            run_id=f"run-{run}",
            agent_id=f"agent-{agent}",
            episode_id=f"agent-{agent}-{number // 100:06}",
            step_index=number % 100,
            action=number % 4,
            observation=number % 16,
            reward=1.0,
            terminated=number % 100 == 99,
            truncated=False,
            payload_version=1,
            seq_id=number,
            time_step=number,
        )


def everybody(steps: int) -> list[list[StepRecord]]:
    """So many steps, shared among all agents of all runs."""
    each = steps // (RUNS * AGENTS)
    return [list(islice(played(run, agent), each)) for run in range(RUNS) for agent in range(AGENTS)]


def new_repository(path: Path) -> tuple[SQLiteDatabase, SQLiteTelemetryRepository]:
    """An empty database."""
    database = SQLiteDatabase(path)
    repository = SQLiteTelemetryRepository(database)
    repository.migrate()
    return database, repository


async def carry(path: Path, lanes: Sequence[Iterable[StepRecord]]) -> tuple[float, list[float]]:
    """Publish all steps side by side, with a writer and a live view.

    Returns:
        The seconds until all are stored, and how far the live view was behind, in seconds, every so often.
    """
    database, repository = new_repository(path)
    bus = RunBus()
    live = LiveTelemetryController(bus)
    writer = TelemetryWriterService(bus, repository, checkpoint=database.checkpoint)
    lags: list[float] = []
    watching = asyncio.create_task(watch(live, lags))
    following = asyncio.create_task(live.run())
    writing = asyncio.create_task(writer.run())
    began = perf_counter()
    await asyncio.gather(*(publish(bus, lane) for lane in lanes))
    await bus.flushed()
    took = perf_counter() - began
    watching.cancel()
    bus.close()
    await asyncio.gather(writing, following)
    repository.close()
    return took, lags


async def watch(live: LiveTelemetryController, lags: list[float]) -> None:
    """Note the lag that the live view shows."""
    while True:
        await asyncio.sleep(LOOK_S)
        lags.append(live.lag)


async def publish(bus: RunBus, steps: Iterable[StepRecord]) -> None:
    """Publish as the hub does: with the writer's leave, and one stream's turn after another's."""
    for step in steps:
        await bus.room(Topic.STEP)
        bus.publish(Topic.STEP, step, size=200)
        await asyncio.sleep(0)


def inserted(path: Path, records: Sequence[StepRecord]) -> float:
    """The seconds that the repository alone takes, in batches, each event in the outbox."""
    _, repository = new_repository(path)
    began = perf_counter()
    for start in range(0, len(records), BATCH):
        repository.add_steps(records[start : start + BATCH])
    took = perf_counter() - began
    repository.close()
    return took


def writer(scratch: Path, *, rounds: int, quick: bool) -> None:
    """The writer against its repository alone, and how far behind the live view is meanwhile."""
    lanes = everybody(QUICK_STEPS if quick else STEPS)
    flat = [step for group in zip(*lanes, strict=True) for step in group]
    rates, ratios, lags = [], [], []
    for number in range(rounds):
        alone = inserted(scratch / f"alone-{number}.db", flat)
        took, seen = asyncio.run(carry(scratch / f"bus-{number}.db", lanes))
        rates.append(len(flat) / took)
        ratios.append(alone / took)
        lags.extend(seen)
    goal = Goal("repository", at_least=0.7)
    print(f"\nwriter: {RUNS} runs x {AGENTS} agents, {len(flat):,} steps each with its event; {rounds} rounds")
    print(f"bus to SQLite      {median(rates):>9,.0f} steps/s | repository alone {row(goal, median(ratios))}")
    met = "met" if median(lags) < LAG_GOAL_S else "missed"
    behind, most = median(lags) * 1e3, max(lags) * 1e3
    print(f"live view behind   {behind:>9.1f} ms | at most {most:.1f} ms | < {LAG_GOAL_S * 1e3:.0f} ms {met}")


def relay(scratch: Path, *, rounds: int, quick: bool) -> None:
    """How fast a relay drains, on each kind of sink, against how fast the writer fills, in the same round."""
    with ExitStack() as servers:
        post = servers.enter_context(running_postgres(DURABLE))
        kafka, s3 = servers.enter_context(running_kafka()), servers.enter_context(running_s3())
        make_bucket(s3, "bench")
        sinks: dict[str, Callable[[int], str]] = {
            "SQLite": lambda number: f"sqlite:///{scratch / f'sink-{number}.db'}",
            "PostgreSQL": lambda _: post.new_database(),
            "Kafka (Tansu)": lambda number: f"kafka://{kafka.address}/bench-{number}",
            "S3 (moto)": lambda number: s3_url(s3, f"bench/{number}"),
        }
        rates: dict[str, list[float]] = {name: [] for name in sinks}
        ratios: dict[str, list[float]] = {name: [] for name in sinks}
        lanes = everybody(QUICK_STEPS if quick else STEPS)
        for number in range(rounds):
            for name, url in sinks.items():
                outbox = scratch / f"{name[:2]}-{number}.db"
                filled = asyncio.run(carry(outbox, lanes))[0]
                drained = drain(outbox, url(number))
                rates[name].append(sum(map(len, lanes)) / drained)
                ratios[name].append(filled / drained)
        print(f"\nrelay: {sum(map(len, lanes)):,} events; {rounds} rounds")
        for name in sinks:
            ratio = row(Goal("writer", at_least=1.0), median(ratios[name]))
            print(f"to {name:15} {median(rates[name]):>9,.0f} events/s | writer {ratio}")


def drain(outbox: Path, url: str) -> float:
    """The seconds that a relay takes to deliver all that is due."""
    source, sink = open_outbox(f"sqlite:///{outbox}"), open_sink(url)
    began = perf_counter()
    Relay(source, sink).drain(Stop())
    took = perf_counter() - began
    sink.close()
    source.close()
    return took


def row(goal: Goal, ratio: float) -> str:
    """A ratio with its goal."""
    return f"{ratio:.2f} {goal.verdict(ratio)}"


def memory(scratch: Path, *, rounds: int, quick: bool) -> None:  # once is enough
    """What the process holds while steps go by."""
    steps = QUICK_MEMORY_STEPS if quick else MEMORY_STEPS
    held: list[int] = []
    each = steps // (RUNS * AGENTS)

    def lane(run: int, agent: int) -> Iterator[StepRecord]:
        for number, step in enumerate(islice(played(run, agent), each)):
            if run == agent == 0 and number % (each // SAMPLES) == 0:
                held.append(resident())
            yield step

    asyncio.run(carry(scratch / "m.db", [lane(run, a) for run in range(RUNS) for a in range(AGENTS)]))
    warm = held[len(held) // 10 :]
    slope = (median(warm[len(warm) // 2 :]) - median(warm[: len(warm) // 2])) / MIB
    print(f"\nmemory: {steps:,} steps, resident, of {len(held)} samples")
    first, last, most = (value / MIB for value in (warm[0], warm[-1], max(held)))
    print(f"after warm-up {first:.1f} MiB, at the end {last:.1f} MiB, most {most:.1f} MiB; later half {slope:+.1f} MiB")


def resident() -> int:
    """Bytes of memory that this process holds (https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
