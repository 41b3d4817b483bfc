"""The commands in processes of their own: what goes wrong is one line, and a replay shows what was played."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from telemetry_app.records import StepRecord
from telemetry_app.replay import line, paced, replayed
from telemetry_storage.postgres import PostgresTelemetryRepository
from telemetry_storage.sqlite import SQLiteTelemetryRepository

from tests.codegen.server import DURABLE, running_postgres
from tests.telemetry.running import LONGEST, Hub, opened, running_hub, started, worker

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
BROKEN = """
import gymnasium
class Env(gymnasium.Env):
    action_space = observation_space = gymnasium.spaces.Discrete(2)
    def reset(self, *, seed=None, options=None):
        return {what}, {{}}
    def step(self, action):
        raise RuntimeError("the lake\\nhas melted")
gymnasium.register("Broken-v0", Env)
"""


def ended(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST)


def failed(*arguments: str | Path) -> str:
    """The line that a command ends with that cannot do what it was asked."""
    done = ended(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    return last.removeprefix("error: ")


def test_what_a_worker_cannot_play_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{':'.join(sys.path[1:])}")
    for name, what in (("melting", "0"), ("strange", "{1j}")):
        (tmp_path / f"{name}.py").write_text(BROKEN.format(what=what))
    with running_hub(tmp_path / "t.db") as running:
        for env, problem in [
            ("Nope-v0", "Nope-v0 cannot be played: Environment `Nope` doesn't exist"),
            ("melting:Broken-v0", "melting:Broken-v0 cannot be played: the lake has melted"),
            ("strange:Broken-v0", "strange:Broken-v0 cannot be played: set has no JSON"),
        ]:
            assert failed("telemetry_app.worker", "--hub", running.address, "--env", env).startswith(problem)


def test_a_second_worker_plays_a_run_of_its_own(tmp_path: Path) -> None:
    with running_hub(tmp_path / "t.db") as running:
        played = [ended("telemetry_app.worker", "--hub", running.address, "--episodes", "1") for _ in range(2)]
        runs = [done.stderr.splitlines()[0].removeprefix("run: ") for done in played]
        again = failed("telemetry_app.worker", "--hub", running.address, "--episodes", "1", "--run", runs[0])
        running.stop()
    assert [done.returncode for done in played] == [0, 0]
    assert runs[0] != runs[1]
    assert "ALREADY_EXISTS: record 1 of this stream: " in again  # a step's or an episode's
    assert f"episode 'agent-000000' of run '{runs[0]}' is stored already with another timestamp" in again
    with opened(tmp_path / "t.db") as repository:
        assert [repository.count_steps(run) for run in runs] == [int(done.stdout.split()[1]) for done in played]


def test_what_keeps_a_hub_from_starting_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no database " * 100)
    hub = ("telemetry_app", "--port", "0", "--quiet", "--store")
    assert "cannot be opened" in failed(*hub, tmp_path / "none" / "t.db")
    assert "is no SQLite database" in failed(*hub, tmp_path / "file")
    assert "PostgreSQL 127.0.0.1:1/db" in failed(*hub, "postgresql://u:secret@127.0.0.1:1/db")
    assert "Not a directory" in failed(*hub, tmp_path / "t.db", "--plots", tmp_path / "file" / "plots")
    assert "Failed to bind" in failed("telemetry_app", "--store", tmp_path / "t.db", "--listen", "203.0.113.1:1")


def test_a_port_belongs_to_one_hub(tmp_path: Path) -> None:
    with running_hub(tmp_path / "a.db") as running:
        hub = ("telemetry_app", "--quiet", "--store", tmp_path / "b.db", "--listen", running.address)
        assert f"Failed to bind to address {running.address}" in failed(*hub)


def test_a_hub_is_set_by_variables_and_stores_in_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_postgres(DURABLE) as server:
        url = server.new_database()
        for name, value in {"STORE": url, "PORT": "0", "QUIET": "1", "RUN": "r", "EPISODES": "2"}.items():
            monkeypatch.setenv(f"TELEMETRY_{name}", value)
        hub = started("telemetry_app")
        running = Hub(hub, hub.stdout.readline().strip().removeprefix("listening on "))  # type: ignore[union-attr]
        monkeypatch.setenv("TELEMETRY_HUB", running.address)
        played = ended("telemetry_app.worker")
        replay = ended("telemetry_app.replay", "--speed", "max")
        printed = running.stop()
        repository = PostgresTelemetryRepository(url)
        steps = repository.count_steps("r")
        repository.close()
    assert (played.returncode, played.stdout) == (0, f"stored: {steps} steps, 2 episodes\n")
    assert f"new: {steps + 2}" in printed
    assert len(replay.stdout.splitlines()) == steps


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with a run of two agents that played side by side, three steps each, and one that was never played."""
    database = tmp_path_factory.mktemp("replay") / "t.db"
    repository = SQLiteTelemetryRepository(database)
    repository.migrate()
    repository.add_steps(steps())
    repository.close()
    with running_hub(database) as hub:
        yield hub


def steps() -> list[StepRecord]:
    """Steps in the order of their positions; agent b began later, and one step never got a position."""
    order = [("a", 0), ("a", 1), ("b", 0), ("a", 2), ("b", 1), ("b", 2)]
    found = [step(f"e-{agent}", index, seq) for seq, (agent, index) in enumerate(order, 1)]
    return [*found, step("e-c", 0, None)]


def step(episode_id: str, index: int, seq_id: int | None) -> StepRecord:
    return StepRecord(
        run_id="r",
        episode_id=episode_id,
        step_index=index,
        observation=2**70 if index else "[red]\n",
        reward=0.5,
        terminated=index == 2,
        truncated=False,
        payload_version=1,
        seq_id=seq_id,
        timestamp=AT + timedelta(milliseconds=100 * (seq_id or 0)),
    )


def test_a_run_is_replayed_in_the_order_played(running: Hub) -> None:
    done = ended("telemetry_app.replay", "--hub", running.address, "--run", "r", "--speed", "max")
    assert (done.returncode, done.stderr) == (0, "replayed: 6 steps\n")
    assert done.stdout.splitlines() == [line(step) for step in steps()[:6]]
    assert done.stdout.splitlines()[0] == r"12:00:00.100  e-a  #0  action None  observation [red]\n  reward 0.5"
    assert done.stdout.splitlines()[5].endswith("reward 0.5 terminated")


def test_an_episode_is_replayed(running: Hub) -> None:
    done = ended("telemetry_app.replay", "--hub", running.address, "--run", "r", "--episode", "e-b", "--speed", "max")
    assert done.stdout.splitlines() == [line(step) for step in steps() if step.episode_id == "e-b"]


def test_there_is_nothing_to_replay(running: Hub) -> None:
    replay = ("telemetry_app.replay", "--hub", running.address, "--run")
    assert failed(*replay, "x") == f"{running.address} has no steps of run 'x'"
    assert failed(*replay, "r", "--episode", "x") == f"{running.address} has no steps of episode 'x' of run 'r'"
    assert "INVALID_ARGUMENT: run_id is empty" in failed(*replay, "")
    assert "answered UNAVAILABLE" in failed("telemetry_app.replay", "--hub", "127.0.0.1:1", "--run", "r")


@pytest.mark.parametrize(("pace", "least", "most"), [(1.0, 0.5, 5.0), (5.0, 0.1, 0.45), (float("inf"), 0.0, 0.3)])
def test_the_pace_is_that_of_the_recording(pace: float, least: float, most: float, running: Hub) -> None:
    async def scenario() -> list[float]:
        return [time.monotonic() async for _ in paced(replayed(running.address, "r"), pace)]

    times = asyncio.run(scenario())
    assert len(times) == 6
    assert least <= times[-1] - times[0] <= most


def test_a_worker_may_be_interrupted(tmp_path: Path) -> None:
    with running_hub(tmp_path / "t.db") as running:
        playing = worker(running.address, "--episodes", "100000", "--progress")
        assert playing.stdout is not None
        assert playing.stdout.readline().startswith("stored: ")
        playing.send_signal(2)
        playing.communicate(timeout=LONGEST)
    assert playing.returncode == 130
