"""kill -9 of worker, writer and relay at random points: what was answered for is stored, and its event arrives once."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from fieldstone_runtime.outbox import record_key
from telemetry_app.worker import played
from trainer_contracts.trainer.v1.telemetry_pb2 import RunEpisode, RunStep

from tests.conftest import SEED
from tests.relay.destinations import Source, Target, in_order, relay, relayed
from tests.telemetry.running import LONGEST, Hub, opened, running_hub, worker

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("FIELDSTONE_KILLS", "2"))
"""How often each of them is killed; `make soak` sets 200."""

SHORT = ("--lease", "1s", "--batch", "50", "--quiet")


class Trainer:
    """A hub, a worker and a relay, of which each is killed and started again; no worker goes on with another's run."""

    def __init__(self, folder: Path, processes: ExitStack) -> None:
        self.database, self.processes = folder / "telemetry.db", processes
        self.outbox, self.sink = Source(f"sqlite:///{self.database}"), Target(f"sqlite:///{folder / 'events.db'}")
        self.hub = self._hub("127.0.0.1:0")
        self.answered: dict[str, tuple[int, int]] = {}
        self.worker, self.relay = self._worker(), self._relay()

    def kill_worker(self) -> None:
        self.worker.kill()
        self._note()
        self.worker = self._worker()

    def kill_hub(self) -> None:
        self.hub.kill()
        self.hub = self._hub(self.hub.address)

    def kill_relay(self) -> None:
        self.relay.kill()
        self.relay.communicate()
        self.relay = self._relay()

    def end(self) -> None:
        """Kill worker and relay, let the hub store what it took, and relay what is left once the last lease is over."""
        self.worker.kill()
        self._note()
        self.hub.stop()
        self.relay.kill()
        self.relay.communicate()
        time.sleep(1.1)
        assert relayed(self.outbox, self.sink)[0] == 0

    def _hub(self, listen: str) -> Hub:
        return self.processes.enter_context(running_hub(self.database, listen=listen))

    def _worker(self) -> subprocess.Popen[str]:
        run = f"run-{len(self.answered)}"
        self.answered[run] = (0, 0)
        process = worker(self.hub.address, "--episodes", "100000", "--progress", run=run)
        self.processes.callback(process.kill)
        return process

    def _relay(self) -> subprocess.Popen[str]:
        process = relay(self.outbox, self.sink, *SHORT)
        self.processes.callback(process.kill)
        return process

    def _note(self) -> None:
        """How far the worker of the last run was answered for, as it printed before it was killed."""
        printed, _ = self.worker.communicate(timeout=LONGEST)
        whole = [line for line in printed.splitlines(keepends=True) if line.endswith("\n")]
        if whole:
            words = whole[-1].split()
            self.answered[list(self.answered)[-1]] = (int(words[1]), int(words[3]))


@pytest.mark.timeout(7200)
def test_nothing_that_was_answered_for_is_lost_whatever_is_killed(tmp_path: Path) -> None:
    at_random = random.Random(f"{SEED} kills")
    with ExitStack() as processes:
        trainer = Trainer(tmp_path, processes)
        kills = [trainer.kill_worker, trainer.kill_hub, trainer.kill_relay] * KILLS
        at_random.shuffle(kills)
        for kill in kills:
            time.sleep(at_random.uniform(0.05, 1.2))
            kill()
        time.sleep(2.5)  # time for the last worker to begin
        trainer.end()
    assert sum(steps for steps, _ in trainer.answered.values()) > 0
    for run, (steps, episodes) in trainer.answered.items():
        assert_stored(trainer.database, run, steps, episodes)
    assert_in_outbox(trainer.database)
    assert_arrived(trainer.outbox, trainer.sink)


def assert_stored(database: Path, run: str, steps: int, episodes: int) -> None:
    """The first steps and episodes that a worker plays in a run are there."""
    expected_steps: set[tuple[str, int]] = set()
    expected_episodes: set[str] = set()
    for message in played("FrozenLake-v1", run_id=run, episodes=100_000, seed=0):
        if isinstance(message, RunStep) and len(expected_steps) < steps:
            expected_steps.add((message.episode_id, message.step_index))
        if isinstance(message, RunEpisode) and len(expected_episodes) < episodes:
            expected_episodes.add(message.episode_id)
        if len(expected_steps) == steps and len(expected_episodes) == episodes:
            break
    with opened(database) as repository:
        assert not expected_steps - {(step.episode_id, step.step_index) for step in repository.steps_by_run(run)}
        assert not expected_episodes - {episode.episode_id for episode in repository.episodes_by_run(run)}


def assert_in_outbox(database: Path) -> None:
    """Each record has its event, and each event its record."""
    with closing(sqlite3.connect(database)) as connection:
        events = connection.execute("SELECT payload_kind, idempotency_key, change FROM telemetry_outbox").fetchall()
        steps = connection.execute("SELECT run_id, episode_id, step_index FROM telemetry_steps").fetchall()
        episodes = connection.execute("SELECT run_id, episode_id FROM telemetry_episodes").fetchall()
    expected = [("telemetry.v1.TelemetryStepV1", "/".join(map(str, step)), "added") for step in steps]
    expected += [("telemetry.v1.TelemetryEpisodeV1", "/".join(episode), "added") for episode in episodes]
    assert sorted((kind, record_key(key), change) for kind, key, change in events) == sorted(expected)


def assert_arrived(outbox: Source, sink: Target) -> None:
    """Each event is in the sink, once, those of a run in their order."""
    sent = outbox.events
    arrived = sink.arrived(len(sent))
    assert sorted(arrived) == sorted(sent)
    assert in_order(arrived, sent)
    assert outbox.statuses == {"delivered": len(sent)}
