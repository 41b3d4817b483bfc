"""What a client of the generated read API is given, from each kind of store."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import grpc
import pytest
from telemetry_app.boundary.step_v2 import to_step_v2
from telemetry_app.records import EpisodeRollup, StepRecord
from telemetry_contracts.telemetry.v1 import telemetry_query_v1_pb2 as q1
from telemetry_contracts.telemetry.v2 import telemetry_query_v2_pb2 as q2
from telemetry_storage.mapper import to_dto_episode, to_dto_step

from tests.serving.served import Client, refused, run, served
from tests.telemetry.records import records

RUN = "run-0"


@pytest.fixture(scope="module", autouse=True)
def stored(repository: Any) -> None:
    """1,000 steps of two runs, episodes of one, and steps with large observations in a third."""
    repository.add_steps(list(records(1000, runs=2, agents=2)))
    repository.add_episodes([episode(number) for number in range(25)])
    repository.add_steps([large(index) for index in range(12)])


def episode(number: int) -> EpisodeRollup:
    return EpisodeRollup(
        run_id=RUN, episode_id=f"{number:03}", total_reward=number, steps=number, terminated=True, truncated=False
    )


def large(index: int) -> StepRecord:
    return StepRecord(
        run_id="large",
        episode_id="e",
        step_index=index,
        observation="x" * 1_000_000,
        reward=0.0,
        terminated=False,
        truncated=False,
        payload_version=1,
    )


async def pages(call: Any, request: Any) -> list[Any]:
    """Every page of an answer."""
    found = []
    while True:
        found.append(await call(request))
        if not found[-1].next_page_token:
            return found
        request.page_token = found[-1].next_page_token


def test_a_step_by_its_key(repository: Any) -> None:
    async def scenario() -> None:
        key: dict[str, Any] = {"run_id": RUN, "episode_id": "0-0", "step_index": 7}
        record = repository.get_step(*key.values())
        async with served(repository) as client:
            first, second = (
                await client.v1.GetStep(q1.GetStepRequest(**key)),
                await client.v2.GetStep(q2.GetStepRequest(**key)),
            )
            assert first.step == to_dto_step(record)
            assert second.step == to_step_v2(first.step)
            nobody = q1.GetStepRequest(**{**key, "episode_id": "nobody"})
            assert await refused(client.v1.GetStep(nobody)) == (
                grpc.StatusCode.NOT_FOUND,
                "no step is stored with run_id, episode_id, step_index as asked for",
            )

    run(scenario)


@pytest.mark.parametrize("size", [1, 7, 100, 500, 0])
def test_the_steps_of_a_run_page_by_page(size: int, repository: Any) -> None:
    async def scenario() -> None:
        expected = [to_dto_step(record) for record in repository.steps_by_run(RUN)]
        assert len(expected) == 500
        async with served(repository) as client:
            request = q1.ListStepsRequest(run_id=RUN, page_size=size, before_step=30 if size == 1 else None)
            if size == 1:
                expected = [step for step in expected if step.step_index < 30]
            found = await pages(client.v1.ListSteps, request)
            assert [step for page in found for step in page.steps] == expected
            assert {len(page.steps) for page in found[:-1]} <= {size or 100}
            assert found[-1].steps

    run(scenario)


def test_a_part_of_a_run(repository: Any) -> None:
    async def scenario() -> None:
        expected = [to_dto_step(record) for record in repository.steps_by_run(RUN, from_step=0, before_step=3)]
        assert expected
        async with served(repository) as client:
            request = q2.ListStepsRequest(run_id=RUN, from_step=0, before_step=3, page_size=4)
            found = [step for page in await pages(client.v2.ListSteps, request) for step in page.steps]
            assert found == [to_step_v2(step) for step in expected]

    run(scenario)


def test_the_episodes_of_a_run(repository: Any) -> None:
    async def scenario() -> None:
        expected = [to_dto_episode(episode(number)) for number in range(25)]
        async with served(repository) as client:
            for call, request in (
                (client.v1.ListEpisodes, q1.ListEpisodesRequest(run_id=RUN, page_size=10)),
                (client.v2.ListEpisodes, q2.ListEpisodesRequest(run_id=RUN, page_size=10)),
            ):
                found = await pages(call, request)
                assert [len(page.episodes) for page in found] == [10, 10, 5]
                assert [e for page in found for e in page.episodes] == expected
            nobody = await client.v1.ListEpisodes(q1.ListEpisodesRequest(run_id="nobody"))
            assert nobody == q1.ListEpisodesResponse()

    run(scenario)


def test_a_replay_goes_on_where_it_broke_off(repository: Any) -> None:
    async def scenario() -> None:
        expected = [to_dto_step(record) for record in repository.steps_by_run(RUN, from_step=5)]
        async with served(repository, default=64) as client:
            request = q1.StreamStepsRequest(run_id=RUN, from_step=5)
            found, broken = [], client.v1.StreamSteps(request)
            for _ in range(150):
                answer = await broken.read()
                found.append(answer.step)
            broken.cancel()
            request.page_token = answer.next_page_token
            found.extend([answer.step async for answer in client.v1.StreamSteps(request)])
            assert found == expected
            second = q2.StreamStepsRequest(run_id=RUN, from_step=5)
            assert [answer.step async for answer in client.v2.StreamSteps(second)] == [to_step_v2(s) for s in expected]

    run(scenario)


def test_a_page_is_no_larger_than_a_client_takes(repository: Any) -> None:
    async def scenario() -> None:
        async with served(repository) as client:
            found = await pages(client.v1.ListSteps, q1.ListStepsRequest(run_id="large", page_size=1000))
            assert [len(page.steps) for page in found] == [3, 3, 3, 3]
            assert len([answer async for answer in client.v1.StreamSteps(q1.StreamStepsRequest(run_id="large"))]) == 12

    run(scenario)


def test_questions_that_cannot_be_answered(repository: Any) -> None:
    async def scenario() -> None:
        async with served(repository) as client:
            page = await client.v1.ListSteps(q1.ListStepsRequest(run_id=RUN, page_size=1))
            token = page.next_page_token
            for call, reason in [
                (client.v1.GetStep(q1.GetStepRequest(episode_id="e")), "run_id is empty"),
                (client.v1.ListSteps(q1.ListStepsRequest()), "run_id is empty"),
                (client.v1.StreamSteps(q1.StreamStepsRequest()), "run_id is empty"),
                (client.v2.ListEpisodes(q2.ListEpisodesRequest()), "run_id is empty"),
                (client.v1.ListSteps(q1.ListStepsRequest(run_id=RUN, page_size=-1)), "page_size must be 0 or more"),
                (client.v1.ListSteps(q1.ListStepsRequest(run_id="run-1", page_token=token)), "of another question"),
                (client.v1.ListEpisodes(q1.ListEpisodesRequest(run_id=RUN, page_token=token)), "of another question"),
            ]:
                assert_refused(await refused(call), reason)
            for bad in bad_tokens(token):
                request = q1.ListStepsRequest(run_id=RUN, page_token=bad)
                assert_refused(await refused(client.v1.ListSteps(request)), "page_token is")
            await answers(client)

    run(scenario)


def assert_refused(ending: tuple[grpc.StatusCode, str], reason: str) -> None:
    assert ending[0] is grpc.StatusCode.INVALID_ARGUMENT
    assert reason in ending[1]


def bad_tokens(token: str) -> list[str]:
    """Tokens that this server never gave."""
    digest = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))[0]
    contents = [[], [digest], [digest, 1, 2], [digest, "1", "e"], [digest, 1, "e", 3], {}, [digest, True, "e"], 7, None]
    forged = [base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=") for content in contents]
    return [*forged, token[:-3], token[3:], "x", "é", "[" * 10_000]


def test_a_client_that_never_reads_harms_nobody(repository: Any) -> None:
    async def scenario() -> None:
        async with served(repository) as client:
            deaf = [client.v1.StreamSteps(q1.StreamStepsRequest(run_id="large")) for _ in range(20)]
            await asyncio.sleep(0.2)
            found = await pages(client.v1.ListSteps, q1.ListStepsRequest(run_id=RUN))
            assert sum(len(page.steps) for page in found) == 500
            repository.add_steps([large(100)])  # no transaction is in its way
            repository.delete_step("large", "e", 100)
            for call in deaf:
                call.cancel()
            await answers(client)

    run(scenario)


async def answers(client: Client) -> None:
    """The server is there."""
    await client.v1.GetStep(q1.GetStepRequest(run_id=RUN, episode_id="0-0"))
