"""The clients of the contracts package against the generated read API."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import grpc
import grpc.aio
import pytest
from telemetry_app.boundary.step_v2 import to_step_v2
from telemetry_contracts import release
from telemetry_contracts.telemetry.v1 import telemetry_query_v1_client as c1
from telemetry_contracts.telemetry.v2 import telemetry_query_v2_client as c2
from telemetry_storage.mapper import to_dto_step
from telemetry_storage.memory import InMemoryTelemetryRepository

from tests.serving.served import run, served
from tests.telemetry.records import records

RUN = "run-0"


@pytest.fixture(scope="module")
def repository() -> InMemoryTelemetryRepository:
    made = InMemoryTelemetryRepository()
    made.add_steps(list(records(500, runs=2, agents=2)))
    return made


@pytest.fixture(scope="module")
def expected(repository: InMemoryTelemetryRepository) -> list[Any]:
    found = [to_dto_step(record) for record in repository.steps_by_run(RUN)]
    assert len(found) == 250
    return found


def test_awaited(repository: InMemoryTelemetryRepository, expected: list[Any]) -> None:
    async def scenario() -> None:
        async with served(repository) as server:
            client = c1.TelemetryQueryServiceAsyncClient(
                server.channel, timeout=20, metadata=release.METADATA, deprecations=False
            )
            key = {name: getattr(expected[7], name) for name in ("run_id", "episode_id", "step_index")}
            assert (await client.get_step(**key)).step == expected[7]
            assert [step async for step in client.iter_list_steps(run_id=RUN, page_size=60)] == expected
            page = await client.list_steps(run_id=RUN, page_size=60)
            assert (list(page.steps), bool(page.next_page_token)) == (expected[:60], True)
            assert [answer.step async for answer in client.stream_steps(run_id=RUN)] == expected
            second = c2.TelemetryQueryServiceAsyncClient(server.channel)
            assert [step async for step in second.iter_list_steps(run_id=RUN)] == [
                to_step_v2(step) for step in expected
            ]
            assert [episode async for episode in second.iter_list_episodes(run_id=RUN)] == []
            with pytest.raises(grpc.aio.AioRpcError, match="no step is stored"):
                await client.get_step(run_id="nobody", episode_id="e", step_index=1)

    run(scenario)


def test_blocking(repository: InMemoryTelemetryRepository, expected: list[Any]) -> None:
    def ask(address: str) -> None:
        with grpc.insecure_channel(address) as channel:
            client = c1.TelemetryQueryServiceClient(channel, timeout=20, deprecations=False)
            assert list(client.iter_list_steps(run_id=RUN, page_size=60)) == expected
            assert [answer.step for answer in client.stream_steps(run_id=RUN, from_step=3, before_step=5)] == [
                step for step in expected if 3 <= step.step_index < 5
            ]
            with pytest.raises(grpc.RpcError, match="no step is stored"):
                client.get_step(run_id="nobody", episode_id="e", step_index=1)

    async def scenario() -> None:
        async with served(repository) as server:
            await asyncio.to_thread(ask, server.address)

    run(scenario)


def test_a_server_that_is_older_refuses_who_asks_it_to(repository: InMemoryTelemetryRepository) -> None:
    async def scenario() -> None:
        async with served(repository) as server:
            newer = (("fieldstone-contract", "telemetry"), ("fieldstone-version", "1.99.0"))
            client = c1.TelemetryQueryServiceAsyncClient(server.channel, metadata=newer)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await client.list_steps(run_id=RUN)
            assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION

    run(scenario)


def test_both_clients_ask_in_the_same_words() -> None:
    for module in (c1, c2):
        blocking, awaited = module.TelemetryQueryServiceClient, module.TelemetryQueryServiceAsyncClient
        names = [name for name in vars(blocking) if not name.startswith("_")]
        assert "iter_list_steps" in names
        for name in names:
            signatures = [inspect.signature(getattr(kind, name)) for kind in (blocking, awaited)]
            assert signatures[0].parameters == signatures[1].parameters
