"""A hub in the process of a test, over real gRPC."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from telemetry_app.bus import RunBus
from telemetry_app.hub import TelemetryAsyncHub
from telemetry_app.server import telemetry_server
from telemetry_app.writer import TelemetryWriterService
from trainer_contracts.trainer.v1 import telemetry_pb2 as trainer
from trainer_contracts.trainer.v1 import telemetry_pb2_grpc as trainer_grpc

from tests.telemetry.running import LONGEST

if TYPE_CHECKING:
    from telemetry_storage.repository import TelemetryRepository


@dataclass
class Running:
    """A hub in this process."""

    bus: RunBus
    repository: TelemetryRepository
    stub: Any


@asynccontextmanager
async def hub(repository: Any, *, writing: bool = True, **settings: Any) -> AsyncIterator[Running]:
    """A hub and its writer, until the end of the block; they close the repository."""
    repository.migrate()
    bus = RunBus()
    writer = TelemetryWriterService(bus, repository, **settings)
    served = TelemetryAsyncHub(bus, repository)
    server = await telemetry_server(served, repository)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    running = asyncio.create_task(writer.run()) if writing else None
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            yield Running(bus, repository, trainer_grpc.RunTelemetryServiceStub(channel))
        finally:
            served.stop()
            await server.stop(1)
            bus.close()
            if running:
                await running
            repository.close()


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a scenario, within the longest that anything may take."""
    asyncio.run(asyncio.wait_for(scenario(), LONGEST))


async def published(
    stub: Any, messages: Iterable[trainer.PublishRunStepsRequest]
) -> tuple[int, grpc.aio.AioRpcError | None]:
    """How many the hub answered for, and how the stream ended."""
    stored = 0
    try:
        async for answer in stub.PublishRunSteps(iter(messages)):
            stored = answer.stored
    except grpc.aio.AioRpcError as error:
        return stored, error
    return stored, None
