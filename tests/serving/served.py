"""The read API of telemetry on loopback, and a client for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import telemetry_contracts.release
from fieldstone_runtime.serving import PageLimits, new_server
from telemetry_app.boundary.step_v2 import to_step_v2
from telemetry_contracts.telemetry.v1 import telemetry_query_v1_pb2_grpc as v1
from telemetry_contracts.telemetry.v2 import telemetry_query_v2_pb2_grpc as v2
from telemetry_storage.telemetry_query_service_v1 import TelemetryQueryServiceV1
from telemetry_storage.telemetry_query_service_v2 import TelemetryQueryServiceV2

LONGEST = 60.0
"""Seconds within which a scenario must end."""


@dataclass
class Client:
    """Stubs of both versions, their channel, and its address."""

    address: str
    channel: grpc.aio.Channel
    v1: Any
    v2: Any


@asynccontextmanager
async def served(repository: Any, *, observed: bool = True, **limits: int) -> AsyncIterator[Client]:
    """A server that answers from a repository, and a client of it."""
    server = await new_server(telemetry_contracts.release, observed=observed)
    sizes = PageLimits(**limits)
    first = TelemetryQueryServiceV1(repository, limits=sizes)
    second = TelemetryQueryServiceV2(repository, upcast_step_v1_to_v2=to_step_v2, limits=sizes)
    v1.add_TelemetryQueryServiceServicer_to_server(first, server)
    v2.add_TelemetryQueryServiceServicer_to_server(second, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        address = f"127.0.0.1:{port}"
        async with grpc.aio.insecure_channel(address) as channel:
            stubs = v1.TelemetryQueryServiceStub(channel), v2.TelemetryQueryServiceStub(channel)
            yield Client(address, channel, *stubs)
    finally:
        await server.stop(None)


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a scenario, within the longest that anything may take."""
    asyncio.run(asyncio.wait_for(scenario(), LONGEST))


async def refused(call: Any) -> tuple[grpc.StatusCode, str]:
    """How a call ended that must not succeed."""
    try:
        await (call if not hasattr(call, "read") else call.read())
    except grpc.aio.AioRpcError as error:
        return error.code(), error.details() or ""
    raise AssertionError("the call was answered")
