"""Re-sent records keep their positions, followers get each once, and other content under a stored key is a conflict."""

from __future__ import annotations

import asyncio
import json
import math
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from fieldstone_runtime.errors import ConnectionLostError
from telemetry_app.conflict import differing
from telemetry_app.records import EpisodeRollup
from telemetry_storage.memory import InMemoryTelemetryRepository
from telemetry_storage.postgres import PostgresTelemetryRepository
from telemetry_storage.sqlite import SQLiteTelemetryRepository
from trainer_contracts.trainer.v1 import telemetry_pb2 as trainer

from tests.codegen.server import running_postgres
from tests.telemetry.inside import Running, hub, published, run
from tests.telemetry.records import records, requests, step_request


async def resent(running: Running) -> None:
    """Steps that come again before, among and after new ones leave no hole in the positions."""
    assert await published(running.stub, requests(10)) == (10, None)
    assert await published(running.stub, [*requests(15), *requests(15), step_request(15)]) == (31, None)
    stored = [(step.step_index, step.seq_id) for step in running.repository.steps_by_run("r")]
    assert stored == [(index, index + 1) for index in range(16)]


def test_positions_have_no_holes_in_sqlite(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            await resent(running)

    run(scenario)


def test_positions_have_no_holes_in_memory() -> None:
    async def scenario() -> None:
        async with hub(InMemoryTelemetryRepository()) as running:
            await resent(running)

    run(scenario)


def test_positions_have_no_holes_in_postgres() -> None:
    with running_postgres() as server:

        async def scenario() -> None:
            async with hub(PostgresTelemetryRepository(server.new_database())) as running:
                await resent(running)
                stored, error = await published(running.stub, [step_request(3, reward=9.0)])
                assert error is not None
                assert (stored, error.code()) == (0, grpc.StatusCode.ALREADY_EXISTS)

        run(scenario)


def test_steps_and_episodes_share_the_positions_of_a_run(tmp_path: Path) -> None:
    async def scenario() -> None:
        for number in range(2):
            async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
                assert (await published(running.stub, requests(3, episode_id=f"e{number}")))[0] == 3
                ended = trainer.RunEpisode(run_id="r", episode_id=f"e{number}", total_reward=0, steps=3)
                for _ in range(2):
                    async for _ in running.stub.PublishRunEpisodes(
                        iter([trainer.PublishRunEpisodesRequest(episode=ended)])
                    ):
                        pass
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            assert [episode.seq_id for episode in running.repository.episodes_by_run("r")] == [4, 8]
            assert [step.seq_id for step in running.repository.steps_as_played("r")] == [1, 2, 3, 5, 6, 7]

    run(scenario)


def test_a_follower_gets_what_comes_again_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            following = running.stub.StreamRunSteps(trainer.StreamRunStepsRequest(run_id="r"))
            assert await published(running.stub, requests(5)) == (5, None)
            first = [(await following.read()).step.seq_id for _ in range(5)]
            assert await published(running.stub, requests(5)) == (5, None)
            assert await published(running.stub, requests(10)) == (10, None)
            assert first + [(await following.read()).step.seq_id for _ in range(5)] == list(range(1, 11))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(following.read(), 0.3)

    run(scenario)


class LosingRepository(SQLiteTelemetryRepository):
    """Loses the connection after a commit, so that the writer cannot know of it."""

    losses = 0

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        with super().transaction() as connection:
            yield connection
        if self.losses:
            self.losses -= 1
            raise ConnectionLostError("the connection broke after the commit")


def test_a_commit_that_was_not_confirmed_gives_no_position_twice_and_hides_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        repository = LosingRepository(tmp_path / "t.db")
        async with hub(repository) as running:
            following = running.stub.StreamRunSteps(trainer.StreamRunStepsRequest(run_id="r"))
            assert await published(running.stub, requests(5)) == (5, None)
            seen = [(await following.read()).step.seq_id for _ in range(5)]
            repository.losses = 2
            assert await published(running.stub, requests(10)) == (10, None)
            assert await published(running.stub, requests(3, episode_id="next")) == (3, None)
            seen += [(await following.read()).step.seq_id for _ in range(8)]
            assert seen == list(range(1, 14))
            assert [step.seq_id for step in running.repository.steps_as_played("r")] == seen

    run(scenario)


def test_a_follower_gets_steps_on_both_sides_of_an_episode(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            ended = trainer.RunEpisode(run_id="r", episode_id="e", total_reward=0, steps=5)
            episodes = [trainer.PublishRunEpisodesRequest(episode=ended)]
            following = running.stub.StreamRunSteps(trainer.StreamRunStepsRequest(run_id="r"))
            for number in range(3):
                assert await published(running.stub, requests(5, episode_id=f"e{number}")) == (5, None)
                episodes[0].episode.episode_id = f"e{number}"
                assert [answer.stored async for answer in running.stub.PublishRunEpisodes(iter(episodes))] == [1]
            seen = [(await following.read()).step.seq_id for _ in range(15)]
            assert seen == [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17]

    run(scenario)


def test_nothing_comes_after_the_last_position_that_there_is(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            request = trainer.StreamRunStepsRequest(run_id="r", since_seq=2**63 - 1)
            following = running.stub.StreamRunSteps(request)
            assert await published(running.stub, requests(5)) == (5, None)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(following.read(), 0.3)

    run(scenario)


@pytest.mark.parametrize(
    ("fields", "attributes"),
    [
        ({"reward": 0.5}, "another reward;"),
        ({"observation_json": "1", "worker_id": "w"}, "another observation and another worker_id;"),
        ({"action_json": "true"}, "another action;"),
        ({"info_json": "{}"}, "another info;"),
        ({"timestamp": {"seconds": 1}}, "another timestamp;"),
    ],
)
def test_other_content_under_a_key_is_a_conflict(fields: dict[str, Any], attributes: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            given = requests(6, action_json="1")
            assert await published(running.stub, given) == (6, None)
            other = step_request(5, **{"action_json": "1"} | fields)
            others = asyncio.create_task(published(running.stub, requests(300, run_id="other")))
            stored, error = await published(running.stub, [*given[:5], other])
            assert (stored, error and error.code()) == (5, grpc.StatusCode.ALREADY_EXISTS)
            reason = f"record 6 of this stream: step 5 of episode 'e' of run 'r' is stored already with {attributes}"
            assert str(error and error.details()).startswith(reason)
            assert await others == (300, None)
            assert [step.reward for step in running.repository.steps_by_run("r")] == [0.0] * 6

    run(scenario)


def test_two_contents_of_a_key_in_one_batch(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            stored, error = await published(running.stub, [step_request(0), step_request(0, reward=1.0)])
            assert (stored, error and error.code()) == (1, grpc.StatusCode.ALREADY_EXISTS)

    run(scenario)


def test_nan_that_comes_again_is_the_same(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            step = step_request(0, reward=math.nan, observation_json="[-0.0, 1.0]", info_json='{"a": {"b": [0.0]}}')
            zero = step_request(1, reward=-0.0, timestamp={"seconds": 5, "nanos": 123456000})
            for _ in range(2):
                assert await published(running.stub, [step, zero]) == (2, None)

    run(scenario)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (None, 0), ([1], [1, 2]), ({"a": 1}, {"b": 1}), ({"a": [1]}, {"a": [2]}), ("1", 1)],
)
def test_what_differs_in_json_differs(one: Any, other: Any) -> None:
    (step,), (twin,) = records(1), records(1)
    step.observation, twin.observation, twin.seq_id = one, json.loads(json.dumps(one)), 7
    assert differing(step, twin) == []
    twin.observation = other
    assert differing(step, twin) == ["observation"]


def test_an_episode_that_differs() -> None:
    given: dict[str, Any] = {"run_id": "r", "episode_id": "e", "terminated": True, "truncated": False, "steps": 3}
    assert differing(EpisodeRollup(**given, total_reward=1), EpisodeRollup(**given, total_reward=2)) == ["total_reward"]
