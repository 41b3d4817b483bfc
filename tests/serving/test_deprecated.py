"""Clients learn which deprecated parts of the contract they ask for."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from fieldstone_runtime.serving import new_server
from telemetry_contracts import _calls, release
from telemetry_contracts.telemetry.v1 import telemetry_query_v1_client as c1
from telemetry_contracts.telemetry.v1 import telemetry_query_v1_pb2 as q1
from telemetry_contracts.telemetry.v1 import telemetry_query_v1_pb2_grpc as v1
from telemetry_storage.memory import InMemoryTelemetryRepository

from tests.serving.served import Client, run, served
from tests.telemetry.records import records

TOLD = ("fieldstone-deprecated", release.DEPRECATED["telemetry.v1.TelemetryQueryService.ListSteps"][0])
FIELD = "telemetry.v1.ListStepsRequest.page_size"


async def blocking(server: Client) -> None:
    def ask() -> None:
        with grpc.insecure_channel(server.address) as channel:
            client = c1.TelemetryQueryServiceClient(channel)
            assert list(client.iter_list_steps(run_id="run-0", page_size=5))
            assert list(client.stream_steps(run_id="run-0"))

    await asyncio.to_thread(ask)


async def awaited(server: Client) -> None:
    client = c1.TelemetryQueryServiceAsyncClient(server.channel)
    assert [step async for step in client.stream_steps(run_id="run-0")]
    await client.list_steps(run_id="run-0")


@pytest.mark.parametrize("ask", [blocking, awaited])
def test_a_client_warns_once_where_it_is_called(ask: Callable[[Client], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_calls, "_shown", set())
    repository = InMemoryTelemetryRepository()
    repository.add_steps(list(records(20, runs=1, agents=1)))

    async def scenario() -> None:
        async with served(repository) as server:
            quiet = c1.TelemetryQueryServiceAsyncClient(server.channel, deprecations=False)
            assert (await quiet.list_steps(run_id="run-0")).steps  # in this suite a warning is an error
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                await ask(server)
        (shown,) = caught
        assert shown.category is DeprecationWarning
        assert str(shown.message) == (
            "telemetry.v1.TelemetryStepV1 is deprecated, says the server "
            "(since=1.2.0; sunset=2027-12-31; replacement=telemetry.v2.TelemetryStepV2)"
        )
        assert shown.filename == __file__

    run(scenario)


async def list_steps(request: Any, context: Any) -> q1.ListStepsResponse:
    if request.page_size > 1:
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "too many")
    context.set_trailing_metadata((("own", "1"),))
    return q1.ListStepsResponse()


async def stream_steps(_request: Any, context: Any) -> AsyncIterator[q1.StreamStepsResponse]:
    context.set_trailing_metadata((("own", "1"),))
    yield q1.StreamStepsResponse()


def get_step(_request: Any, _context: Any) -> q1.GetStepResponse:
    return q1.GetStepResponse()


@asynccontextmanager
async def rude() -> AsyncIterator[Any]:
    """A stub. Its server sends trailing metadata, and its contract has a deprecated field in a request."""
    contract: Any = SimpleNamespace(**{**vars(release), "DEPRECATED": release.DEPRECATED | {FIELD: (FIELD,)}})
    server, servicer = await new_server(contract), v1.TelemetryQueryServiceServicer()
    vars(servicer).update(ListSteps=list_steps, StreamSteps=stream_steps, GetStep=get_step)
    v1.add_TelemetryQueryServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield v1.TelemetryQueryServiceStub(channel)
    finally:
        await server.stop(None)


async def trailing(call: Any) -> list[tuple[str, Any]]:
    return [pair for pair in await call.trailing_metadata() if pair[0] in {"own", "fieldstone-deprecated"}]


def test_notices_come_with_every_answer_and_keep_what_a_servicer_sends() -> None:
    async def scenario() -> None:
        async with rude() as stub:
            plain = stub.ListSteps(q1.ListStepsRequest())
            await plain
            assert await trailing(plain) == [("own", "1"), TOLD]
            asked = stub.ListSteps(q1.ListStepsRequest(page_size=2))
            with pytest.raises(grpc.aio.AioRpcError, match="too many"):
                await asked
            assert await trailing(asked) == [TOLD, ("fieldstone-deprecated", FIELD)]
            streamed = stub.StreamSteps(q1.StreamStepsRequest())
            assert len([answer async for answer in streamed]) == 1
            assert await trailing(streamed) == [("own", "1"), TOLD]
            threaded = stub.GetStep(q1.GetStepRequest())
            await threaded
            assert await trailing(threaded) == [TOLD]

    run(scenario)
