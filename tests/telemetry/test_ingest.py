"""Workers, the hub and its writer over real gRPC: in one process where a test looks inside, else in processes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from fieldstone_runtime.sqlite import SQLiteDatabase
from telemetry_app.bus import RunBus, Topic
from telemetry_app.db_sink import TelemetryDBSink
from telemetry_app.writer import TelemetryWriterService
from telemetry_storage.sqlite import SQLiteTelemetryRepository
from trainer_contracts.trainer.v1 import telemetry_pb2 as trainer

from tests.telemetry.inside import hub, published, run
from tests.telemetry.records import requests, step_request
from tests.telemetry.running import LONGEST, opened, running_hub, worker


def test_frozen_lake_is_played_streamed_and_stored(tmp_path: Path) -> None:
    with running_hub(tmp_path / "t.db", "--plots", str(tmp_path / "new" / "plots")) as running:
        playing = [worker(running.address, "--agent", agent, "--episodes", "5") for agent in ("a", "b")]
        told = [process.communicate(timeout=LONGEST)[0] for process in playing]
        printed = running.stop()
    assert [process.returncode for process in playing] == [0, 0]
    with opened(tmp_path / "t.db") as repository:
        steps, episodes = list(repository.steps_by_run("run")), list(repository.episodes_by_run("run"))
    assert len(episodes) == 10
    count = len(steps) + 10
    assert f"stored: {count}, new: {count}, live view saw: {count}, dropped: 0" in printed
    assert sum(int(text.split()[1]) for text in told) == len(steps)
    assert {step.agent_id for step in steps} == {"a", "b"}
    assert sorted([step.seq_id or 0 for step in steps] + [episode.seq_id or 0 for episode in episodes]) == list(
        range(1, len(steps) + 11)
    )
    for episode in episodes:
        own = [step for step in steps if step.episode_id == episode.episode_id]
        assert [step.step_index for step in own] == list(range(episode.steps + 1))
        assert sum(step.reward for step in own) == episode.total_reward
        assert own[-1].terminated or own[-1].truncated
    assert (tmp_path / "new" / "plots" / "run.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_cart_pole_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    for name in ("1.db", "2.db"):
        with running_hub(tmp_path / name) as running:
            process = worker(running.address, "--env", "CartPole-v1", "--episodes", "2", "--seed", "7")
            process.communicate(timeout=LONGEST)
            running.stop()
    kept = []
    for name in ("1.db", "2.db"):
        with opened(tmp_path / name) as repository:
            kept.append([(s.step_index, s.action, s.observation) for s in repository.steps_by_run("run")])
    assert kept[0] == kept[1]
    assert len(kept[0][0][2]) == 4


def test_what_is_stored_is_in_the_outbox_with_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            assert await published(running.stub, requests(1200)) == (1200, None)
            database = SQLiteDatabase(tmp_path / "t.db")
            events = database.local.execute("SELECT count(*), count(DISTINCT idempotency_key) FROM telemetry_outbox")
            assert events.fetchone() == (1200, 1200)
            database.close()

    run(scenario)


def test_the_same_steps_again_are_answered_for_and_stored_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            assert await published(running.stub, requests(10)) == (10, None)
            assert await published(running.stub, [*requests(10), *requests(10)]) == (20, None)
            assert running.repository.count_steps("r") == 10

    run(scenario)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"run_id": ""}, "run_id is empty"),
        ({"episode_id": ""}, "episode_id is empty"),
        ({"step_index": -1}, "step_index must be 0 or more, and is -1"),
        ({"payload_version": 9}, "payload_version 9 is unknown here; this hub reads 1"),
        ({"payload_version": 0}, "payload_version 0 is unknown here; this hub reads 1"),
        ({"observation_json": "[1,"}, "observation_json is no JSON"),
        ({"observation_json": "[" * 100_000}, "observation_json is no JSON"),
        ({"observation_json": '"\\ud800"'}, "observation"),
        ({"observation_json": "[NaN]"}, "StepRecord.observation must be a JSON value"),
        ({"info_json": '{"a": -Infinity}'}, "StepRecord.info must be a JSON value"),
        ({"timestamp": {"seconds": 1 << 60}}, "timestamp"),
        ({"timestamp": {"nanos": 1}}, "timestamp"),
    ],
)
def test_a_bad_step_ends_its_own_stream_with_the_reason(fields: dict[str, Any], reason: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            other = asyncio.create_task(published(running.stub, requests(300, run_id="other")))
            bad = step_request(5, **{key: value for key, value in fields.items() if key != "step_index"})
            bad.step.step_index = fields.get("step_index", 5)
            stored, error = await published(running.stub, [*requests(5), bad, *requests(3, episode_id="later")])
            assert error is not None
            assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert reason in str(error.details())
            assert stored == 5
            await running.bus.flushed()
            assert running.repository.count_steps("r") in {5, 8}  # 8 where the database refused, not the hub
            assert await other == (300, None)

    run(scenario)


def test_nan_and_infinities_are_kept(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            rewards = (float("nan"), float("inf"), float("-inf"))
            messages = [step_request(index, reward=reward) for index, reward in enumerate(rewards)]
            assert await published(running.stub, messages) == (3, None)
            kept = [step.reward for step in running.repository.steps_by_run("r")]
            assert json.dumps(kept) == "[NaN, Infinity, -Infinity]"

    run(scenario)


def test_steps_out_of_order_are_stored_and_reported(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            control = running.bus.subscribe("test", Topic.CONTROL)
            messages = [step_request(index) for index in (0, 1, 3, 2)]
            assert await published(running.stub, messages) == (4, None)
            gaps = [repr(event.payload) for event in await control.take(10, 0)]
            assert [("expected=2, came=3" in gaps[0]), ("expected=4, came=2" in gaps[1])] == [True, True]
            assert [step.step_index for step in running.repository.steps_by_run("r")] == [0, 1, 2, 3]

    run(scenario)


def test_an_observation_of_10_mb_is_refused_and_what_came_before_it_stored(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            other = asyncio.create_task(published(running.stub, requests(300, run_id="other")))
            large = step_request(5, observation_json=json.dumps("x" * 10_000_000))
            stored, error = await published(running.stub, [*requests(5), large])
            assert error is not None
            assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert "bytes, and 4,194,304 are taken" in str(error.details())
            assert stored == 5
            assert await other == (300, None)
            assert running.repository.count_steps("r") == 5

    run(scenario)


def test_a_worker_that_leaves_in_the_middle_harms_nobody(tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[trainer.PublishRunStepsRequest]:
        for message in requests(20):
            yield message
        await asyncio.sleep(3600)

    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            control = running.bus.subscribe("test", Topic.CONTROL)
            call = running.stub.PublishRunSteps(endless())
            while (await call.read()).stored < 20:
                pass
            call.cancel()
            (ended,) = await control.take(1, 0)
            assert "taken=20" in repr(ended.payload)  # gRPC may tell the end of the stream before its cancellation
            assert await published(running.stub, requests(5, episode_id="next")) == (5, None)
            assert running.repository.count_steps("r") == 25

    run(scenario)


def test_a_client_that_never_reads_is_served_in_bounded_memory(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            sleeping = running.stub.StreamRunSteps(trainer.StreamRunStepsRequest(run_id="r"))
            deaf = running.stub.PublishRunSteps(iter(requests(3000)))
            big = json.dumps("x" * 10_000)
            assert (await published(running.stub, requests(3000, episode_id="b", observation_json=big)))[0] == 3000
            while running.repository.count_steps("r") < 6000:
                await running.bus.flushed()
            (queue,) = [s for s in running.bus.subscriptions if not s.durable]
            assert len(queue) <= 1000
            sleeping.cancel()
            deaf.cancel()

    run(scenario)


def test_a_run_is_followed_from_storage_into_what_comes(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            await published(running.stub, requests(2500))
            following = running.stub.StreamRunSteps(trainer.StreamRunStepsRequest(run_id="r", since_seq=100))
            first = await following.read()
            coming = asyncio.create_task(published(running.stub, requests(2500, episode_id="later")))
            others = asyncio.create_task(published(running.stub, requests(500, run_id="other")))
            seen = [first.step.seq_id] + [(await following.read()).step.seq_id for _ in range(4899)]
            assert seen == list(range(101, 5001))
            await asyncio.gather(coming, others)
            following.cancel()

    run(scenario)


def test_a_run_is_followed_in_batches(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            large = json.dumps("x" * 2_000_000)
            await published(running.stub, [*requests(250), *requests(3, episode_id="large", observation_json=large)])
            request = trainer.StreamRunStepsRequest(run_id="r", batch_size=70)
            following = running.stub.StreamRunSteps(request)
            stored = [(await following.read()).steps for _ in range(7)]
            assert [len(steps) for steps in stored] == [70, 30, 70, 30, 51, 1, 1]
            coming = asyncio.create_task(published(running.stub, requests(200, episode_id="later")))
            seen = [step.seq_id for steps in stored for step in steps]
            while len(seen) < 453:
                answer = await following.read()
                assert not answer.HasField("step")
                assert 1 <= len(answer.steps) <= 70
                seen += [step.seq_id for step in answer.steps]
            assert seen == list(range(1, 454))
            await coming
            following.cancel()

    run(scenario)


@pytest.mark.parametrize(
    "asked",
    [{}, {"run_id": "r", "since_seq": -1}, {"run_id": "r", "batch_size": -1}, {"run_id": "r", "batch_size": 1001}],
)
def test_whom_to_follow_must_be_said(asked: dict[str, Any], tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await running.stub.StreamRunSteps(trainer.StreamRunStepsRequest(**asked)).read()
            assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT

    run(scenario)


def test_a_full_writer_holds_the_worker_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db"), writing=False, capacity=50) as running:
            sent = 0

            async def steps() -> AsyncIterator[trainer.PublishRunStepsRequest]:
                nonlocal sent
                for message in requests(200_000, observation_json=json.dumps("x" * 2000)):
                    yield message
                    sent += 1

            call = running.stub.PublishRunSteps(steps())
            (queue,) = running.bus.subscriptions
            seen = -1
            while sent != seen or len(queue) < 50:
                seen = sent
                await asyncio.sleep(0.5)
            assert len(queue) == 50
            assert sent < 20_000  # what gRPC holds on both sides
            call.cancel()

    run(scenario)


def test_positions_go_on_after_a_restart(tmp_path: Path) -> None:
    async def scenario() -> None:
        for episode in ("first", "second"):
            async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
                assert await published(running.stub, requests(10, episode_id=episode)) == (10, None)
        async with hub(SQLiteTelemetryRepository(tmp_path / "t.db")) as running:
            positions = sorted(step.seq_id or 0 for step in running.repository.steps_by_run("r"))
            assert positions == list(range(1, 21))

    run(scenario)


def test_the_former_name_of_the_writer_warns(tmp_path: Path) -> None:
    repository = SQLiteTelemetryRepository(SQLiteDatabase(tmp_path / "t.db"))
    with pytest.warns(DeprecationWarning, match="TelemetryWriterService"):
        assert isinstance(TelemetryDBSink(RunBus(), repository), TelemetryWriterService)
    repository.close()


def test_a_hub_that_is_away_is_waited_for_and_then_given_up(tmp_path: Path) -> None:
    with running_hub(tmp_path / "t.db") as running:
        address = running.address
        running.stop()
    process = worker(address, "--episodes", "1", "--patience", "0.5")
    process.communicate(timeout=LONGEST)
    assert process.returncode == 2
