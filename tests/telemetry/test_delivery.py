"""What a worker has yet to bring arrives, however often the stream breaks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import grpc
from telemetry_app.delivery import Delivery
from trainer_contracts.trainer.v1 import telemetry_pb2 as trainer
from trainer_contracts.trainer.v1 import telemetry_pb2_grpc as trainer_grpc

from tests.conftest import SEED

LONG = 60.0

MESSAGES = 400


class BreakingHub(trainer_grpc.RunTelemetryServiceServicer):
    """Breaks every stream after some messages, of which it has answered for every third."""

    def __init__(self, at_random: random.Random) -> None:
        self.at_random, self.stored = at_random, set[int]()

    async def PublishRunSteps(  # noqa: N802
        self, requests: AsyncIterator[trainer.PublishRunStepsRequest], context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[trainer.PublishRunStepsResponse]:
        count = 0
        async for request in requests:
            if self.at_random.random() < 0.03:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "broken")
            self.stored.add(request.step.step_index)
            count += 1
            if count % 3 == 0:
                yield trainer.PublishRunStepsResponse(stored=count)
        yield trainer.PublishRunStepsResponse(stored=count)


async def deliver() -> tuple[set[int], Delivery[trainer.PublishRunStepsRequest]]:
    hub = BreakingHub(random.Random(f"{SEED} delivery"))
    server = grpc.aio.server()
    trainer_grpc.add_RunTelemetryServiceServicer_to_server(hub, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    lost: list[int] = []

    def progress() -> None:
        lost.extend(set(range(delivery.stored)) - hub.stored)

    delivery = Delivery[trainer.PublishRunStepsRequest](window=10, progress=progress)

    async def play() -> None:
        for index in range(MESSAGES):
            await delivery.put(trainer.PublishRunStepsRequest(step=trainer.RunStep(step_index=index)))
            await asyncio.sleep(0.001)
        delivery.end()

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel, asyncio.timeout(60):
        stub = trainer_grpc.RunTelemetryServiceStub(channel)
        await asyncio.gather(play(), delivery.run(stub.PublishRunSteps))
    await server.stop(None)
    assert not lost, "answered for, and not there"
    return hub.stored, delivery


def test_every_message_arrives_however_often_the_stream_breaks() -> None:
    stored, delivery = asyncio.run(deliver())
    assert stored == set(range(MESSAGES))
    assert delivery.stored == MESSAGES


def test_a_cancelled_delivery_ends_even_if_grpc_calls_it_a_failure() -> None:
    async def scenario() -> bool:
        async def stream(_messages: AsyncIterator[Any]) -> AsyncIterator[Any]:
            try:
                await asyncio.sleep(LONG)
            except asyncio.CancelledError:
                raise grpc.aio.AioRpcError(
                    grpc.StatusCode.CANCELLED, grpc.aio.Metadata(), grpc.aio.Metadata()
                ) from None
            yield

        delivering = asyncio.create_task(Delivery[Any](patience=LONG).run(stream))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        delivering.cancel()
        await asyncio.wait([delivering], timeout=LONG)
        return delivering.cancelled()

    assert asyncio.run(scenario())
