from __future__ import annotations

import asyncio
from itertools import count

import pytest
from telemetry_app.bus import Event, RunBus, Topic
from telemetry_app.control import SequenceGap
from telemetry_app.live import LiveTelemetryController
from telemetry_app.sequences import GapWatch, RunSequence

from tests.telemetry.records import records


def test_a_live_queue_drops_its_oldest_and_counts_them() -> None:
    async def scenario() -> None:
        bus = RunBus()
        live = bus.subscribe("live", Topic.STEP, capacity=3)
        for step in records(5):
            bus.publish(Topic.STEP, step)
        bus.close()
        kept = await live.take(10, 0)
        assert [event.payload.step_index for event in kept] == [2, 3, 4]  # type: ignore[union-attr]
        assert live.dropped == 2
        assert await live.take(10, 0) == []

    asyncio.run(scenario())


def test_a_durable_queue_drops_nothing_and_has_its_producer_wait() -> None:
    async def scenario() -> None:
        bus = RunBus()
        durable = bus.subscribe("writer", Topic.STEP, capacity=10, durable=True)
        published = count()

        async def produce() -> None:
            for step in records(100):
                await bus.room(Topic.STEP)
                bus.publish(Topic.STEP, step)
                next(published)

        producing = asyncio.create_task(produce())
        await asyncio.sleep(0.01)
        assert len(durable) == 10
        taken: list[Event] = []
        while len(taken) < 100:
            taken += await durable.take(7, 0)
            assert len(durable) <= 10
        await producing
        assert [event.payload.step_index for event in taken] == list(range(100))  # type: ignore[union-attr]
        assert not durable.dropped

    asyncio.run(scenario())


def test_many_producers_do_not_overfill_a_durable_queue() -> None:
    async def scenario() -> None:
        bus = RunBus()
        durable = bus.subscribe("writer", Topic.STEP, capacity=4, durable=True)

        async def produce() -> None:
            for step in records(20):
                await bus.room(Topic.STEP)
                bus.publish(Topic.STEP, step)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(16):
                tasks.create_task(produce())
            taken = 0
            while taken < 320:
                taken += len(await durable.take(3, 0))
                assert len(durable) <= 4

    asyncio.run(scenario())


def test_a_queue_is_bounded_in_bytes_too() -> None:
    async def scenario() -> None:
        bus = RunBus()
        durable = bus.subscribe("writer", Topic.STEP, capacity_bytes=1000, durable=True)
        live = bus.subscribe("live", Topic.STEP, capacity_bytes=1000)
        for step in records(3):
            bus.publish(Topic.STEP, step, size=600)
        assert durable.is_full
        assert (len(durable), len(live)) == (3, 2)  # who publishes without asking for room is not made to lose
        assert live.dropped == 1

    asyncio.run(scenario())


def test_a_batch_is_taken_when_it_is_large_enough_or_old_enough() -> None:
    async def scenario() -> None:
        bus = RunBus()
        durable = bus.subscribe("writer", Topic.STEP, durable=True)
        for step in records(12):
            bus.publish(Topic.STEP, step)
        assert len(await durable.take(10, 60)) == 10
        assert len(await durable.take(10, 0.01)) == 2

    asyncio.run(scenario())


def test_flushed_waits_for_what_was_published_before_it() -> None:
    async def scenario() -> None:
        bus = RunBus()
        durable = bus.subscribe("writer", *Topic, durable=True)
        bus.publish(Topic.STEP, next(records(1)))
        flushing = asyncio.create_task(bus.flushed())
        await asyncio.sleep(0)
        (step,) = await durable.take(1, 0)
        assert not flushing.done()
        (marker,) = await durable.take(1, 0)
        assert step.topic is Topic.STEP
        assert marker.settled is not None
        marker.settled(None)
        await flushing

    asyncio.run(scenario())


def indexes(*numbers: int, agent: str = "a", episode: str = "e") -> list[tuple[int, int] | None]:
    watch = GapWatch()
    gaps: list[SequenceGap | None] = []
    for number in numbers:
        step = next(records(1))
        step.agent_id, step.episode_id, step.step_index = agent, episode, number
        gaps.append(watch.see(step))
    return [(gap.expected, gap.came) if gap else None for gap in gaps]


@pytest.mark.parametrize(
    ("came", "gaps"),
    [
        ((0, 1, 2), [None, None, None]),
        ((0, 2, 3), [None, (1, 2), None]),
        ((0, 1, 1, 2), [None, None, (2, 1), None]),
        ((7, 8), [None, None]),  # the hub was started while the agent played
    ],
)
def test_gaps_are_seen(came: tuple[int, ...], gaps: list[object]) -> None:
    assert indexes(*came) == gaps


def test_a_new_episode_that_does_not_begin_at_0_is_a_gap_and_agents_are_apart() -> None:
    watch = GapWatch()
    seen = []
    for agent, episode, index in [("a", "1", 0), ("b", "1", 0), ("a", "1", 1), ("b", "1", 1), ("a", "2", 3)]:
        step = next(records(1))
        step.agent_id, step.episode_id, step.step_index = agent, episode, index
        seen.append(watch.see(step))
    assert seen == [None, None, None, None, SequenceGap("run-0", "a", "2", 0, 3)]


def placed(sequence: RunSequence, count: int) -> list[int | None]:
    given = list(records(count))
    with sequence.placing() as place:
        for step in given:
            place(step)
    return [step.seq_id for step in given]


def test_positions_go_on_after_what_is_stored() -> None:
    asked = []

    def stored(run_id: str) -> int:
        asked.append(run_id)
        return 41

    sequence = RunSequence(stored)
    assert placed(sequence, 2) == [42, 43]
    assert placed(sequence, 1) == [44]
    assert asked == ["run-0"]  # once


@pytest.mark.parametrize(("stored", "given"), [(0, [1, 2]), (1, [2, 3])])
def test_after_a_failure_storage_says_which_positions_are_free(stored: int, given: list[int]) -> None:
    sequence = RunSequence(lambda _: stored)

    def rolled_back() -> None:
        with sequence.placing() as place:
            place(next(records(1)))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        rolled_back()
    assert placed(sequence, 2) == given


def test_the_live_view_counts_what_it_sees_and_what_it_missed() -> None:
    async def scenario() -> LiveTelemetryController:
        bus = RunBus()
        controller = LiveTelemetryController(bus, capacity=100)
        for step in records(150, runs=2, agents=2):
            bus.publish(Topic.STEP, step)
        bus.publish(Topic.CONTROL, SequenceGap("run-0", "agent-1", "e", 3, 5))
        bus.close()
        await controller.run()
        return controller

    controller = asyncio.run(scenario())
    agents = {(run, agent): view for run, seen in controller.runs.items() for agent, view in seen.agents.items()}
    assert sum(view.steps for view in agents.values()) == 99
    assert controller.dropped == 51
    assert agents["run-0", "agent-1"].gaps == 1
    assert agents["run-1", "agent-0"].reward == agents["run-1", "agent-0"].steps
    assert 0 < controller.lag < 10
