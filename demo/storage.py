"""Stores 10,000 steps of the telemetry contract in SQLite and reads them back equal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING

from telemetry_app.records import StepRecord
from telemetry_storage.mapper import from_dto_step, to_dto_step
from telemetry_storage.sqlite import SQLiteTelemetryRepository

if TYPE_CHECKING:
    from telemetry_storage.repository import TelemetryRepository

STEPS = 10_000
STEPS_OF_AN_EPISODE = 200


def steps() -> Iterator[StepRecord]:
    """The steps of a run, as a trainer would report them."""
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    for i in range(STEPS):
        episode, index = divmod(i, STEPS_OF_AN_EPISODE)
        yield StepRecord(
            run_id="demo",
            episode_id=f"episode-{episode:03}",
            step_index=index,
            action=i % 4,
            observation=[index / STEPS_OF_AN_EPISODE, -1.0],
            reward=float(index % 7),
            terminated=index == STEPS_OF_AN_EPISODE - 1,
            truncated=False,
            info={"lives": 3},
            payload_version=1,
            timestamp=begin + timedelta(milliseconds=20 * i),
            seq_id=i,
        )


def main(path: str) -> None:
    """Write, read, compare."""
    written = list(steps())
    repository: TelemetryRepository = SQLiteTelemetryRepository(path)
    repository.migrate()
    begin = perf_counter()
    added = repository.add_steps(written)
    stored = perf_counter()
    again = repository.add_steps(written)
    reading = perf_counter()
    read = list(repository.steps_by_run("demo"))
    done = perf_counter()
    received = [from_dto_step(to_dto_step(step)) for step in written]
    repository.close()
    read.sort(key=lambda step: (step.episode_id, step.step_index))
    print(f"stored {added:,} steps, with an event for each, in {stored - begin:.2f} s; the same again added {again}")
    print(f"read {len(read):,} steps in {done - reading:.2f} s")
    if added != STEPS or again or read != written or received != written:
        sys.exit("what came back is not what was stored")
    print("every one equal, from the table and through its DTO")


if __name__ == "__main__":
    main(sys.argv[1])
