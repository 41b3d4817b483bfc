"""Writers, relays of several names, crashes and deletions in random order: each sink gets each event once, in order."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from fieldstone_runtime.relay.events import Batch, withheld
from fieldstone_runtime.relay.outbox import Outbox
from fieldstone_runtime.relay.sinks.sqlite import SQLiteSink
from fieldstone_runtime.relay.sqlite_tables import SQLiteTables
from telemetry_storage.sqlite import SQLiteTelemetryRepository

from tests.conftest import SEED
from tests.relay.destinations import Source, Target
from tests.telemetry.records import records

STEPS = 50 * int(os.environ.get("FIELDSTONE_KILLS", "6"))
"""How many steps are taken; `make soak` takes 10,000."""

NAMES = ("default", "lake", "analytics")
RUNS = 3


class World:
    """A database, a repository that writes, and for each name two relays with a sink of its own."""

    def __init__(self, folder: Path, seed: str) -> None:
        self.random = random.Random(seed)
        self.now = 1_800_000_000_000_000
        self.folder, self.path = folder, folder / "t.db"
        self.repository = SQLiteTelemetryRepository(self.path)
        self.repository.migrate()
        self.sinks = {name: SQLiteSink(folder / f"{name}.db") for name in NAMES}
        self.relays: dict[tuple[str, int], Outbox] = {}
        self.written: list[tuple[str, str]] = []
        self.missed: dict[str, set[str]] = {}
        self.steps = list(records(60, runs=RUNS))

    def relay(self) -> Outbox:
        """One of the relays; its name is registered once it is first used, some from the start."""
        name, number = self.random.choice(NAMES), self.random.randrange(2)
        if (name, number) not in self.relays:
            self.relays[name, number] = Outbox(self.tables(), "telemetry_outbox", name=name, lease=1.0, attempts=10**6)
            self.begin(self.relays[name, number], keep=2.0)
        return self.relays[name, number]

    def begin(self, relay: Outbox, *, keep: float) -> None:
        """Register a relay's name, and remember what a new one is not to get."""
        if relay.name not in self.missed:
            there = set() if relay.name == "analytics" else {key for key, _ in self.events()}
            self.missed[relay.name] = {key for key, _ in self.written} - there
        relay.prepare(keep=keep, from_start=relay.name == "lake")

    def events(self) -> list[tuple[str, str]]:
        """The events that are there: idempotency and aggregate key."""
        query = "SELECT idempotency_key, aggregate_key FROM telemetry_outbox ORDER BY id"
        return [(key, aggregate) for key, aggregate in Source(f"sqlite:///{self.path}").query(query)]

    def tables(self) -> SQLiteTables:
        return SQLiteTables(self.path, clock=lambda: self.now)

    def write(self) -> None:
        step = self.random.choice(self.steps)
        change = self.random.choice(("add", "add", "save", "delete", "run"))
        if change == "add":
            self.repository.add_steps(self.random.sample(self.steps, 5))
        elif change == "save":
            self.repository.save_step(step)
        elif change == "delete":
            self.repository.delete_step(step.run_id, step.episode_id, step.step_index)
        elif self.random.random() < 0.1:
            self.repository.delete_run(step.run_id)
        self.note()

    def note(self) -> None:
        """Remember the events that were written, before any of them is deleted."""
        known = set(self.written)
        self.written += [event for event in self.events() if event not in known]

    def pass_time(self) -> None:
        self.now += self.random.choice((1_000, 300_000, 2_000_000))

    def deliver(self) -> None:
        relay = self.relay()
        batch = relay.claim(self.random.choice((1, 7, 100)))
        if batch is None:
            return
        how = self.random.choice(("whole", "whole", "crash", "lost", "part", "refused"))
        if how == "crash":
            return
        if how == "refused":
            refused = {self.random.choice(batch.events).id: "no"}
            held = withheld(batch, refused)
            self.bring(relay, [event for event in batch.events if event.id not in {*refused, *held}])
            relay.settle(batch, refused)
        elif how == "part":
            some = batch.events[: self.random.randrange(len(batch.events) + 1)]
            self.bring(relay, list(some))
            relay.postpone(batch, [event.id for event in some], self.random.uniform(0, 1), "away")
        else:
            self.bring(relay, list(batch.events))
            if how == "whole":
                relay.settle(batch, {})

    def bring(self, relay: Outbox, events: list[Any]) -> None:
        if events:
            assert self.sinks[relay.name].deliver(Batch.of(events)) == {}

    def clean(self) -> None:
        self.relay().clean()

    def restart(self) -> None:
        relay = self.relay()
        relay.close()
        self.relays = {key: other for key, other in self.relays.items() if other is not relay}


def test_each_sink_gets_each_event_once_and_in_order(tmp_path: Path) -> None:
    world = World(tmp_path, f"{SEED} relay")
    ways: list[Callable[[], None]] = [
        world.write,
        world.write,
        world.deliver,
        world.deliver,
        world.pass_time,
        world.clean,
    ]
    for _ in range(STEPS):
        world.random.choice(ways)()
        if world.random.random() < 0.02:
            world.restart()
    finish(world)
    for name in NAMES:
        arrived = [(key, aggregate) for key, aggregate, _ in Target(f"sqlite:///{tmp_path / name}.db").arrived(0)]
        due = [event for event in world.written if event[0] not in world.missed[name]]
        assert len(set(arrived)) == len(arrived)
        assert sorted(arrived) == sorted(due), name
        for run in range(RUNS):
            assert [e for e in arrived if e[1] == f"run-{run}"] == [e for e in due if e[1] == f"run-{run}"], name


def finish(world: World) -> None:
    """Deliver all that is left, and see that it can all be deleted."""
    world.now += 600_000_000
    for name in NAMES:
        with closing(Outbox(world.tables(), "telemetry_outbox", name=name, lease=1.0)) as relay:
            world.begin(relay, keep=-1e9)
            while (batch := relay.claim(1000)) is not None:
                world.bring(relay, list(batch.events))
                relay.settle(batch, {})
            assert relay.backlog().lag == 0
            while relay.clean():
                pass
    assert Source(f"sqlite:///{world.path}").query("SELECT count(*) FROM telemetry_outbox") == [(0,)]
    assert Source(f"sqlite:///{world.path}").query("SELECT count(*) FROM telemetry_outbox_deliveries") == [(0,)]
    for relay in world.relays.values():
        relay.close()
    for sink in world.sinks.values():
        sink.close()
    world.repository.close()
