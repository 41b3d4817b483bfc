"""Rpcs that queries over time, lists and optional arguments answer, on loopback."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest

from tests.codegen.packages import Generated
from tests.codegen.storage.meters import generated_meters
from tests.serving.served import refused, run

BEGIN = datetime(2026, 1, 31, tzinfo=UTC)
MODULE = "servedmeters"


@pytest.fixture(scope="module")
def meters(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generated_meters(tmp_path_factory.mktemp("meters"), MODULE)


@pytest.fixture(scope="module")
def dto(meters: Generated) -> Any:
    """The module of the DTOs."""
    return importlib.import_module(f"{MODULE}_contracts.acme.v1.example_pb2")


@pytest.fixture
def store(meters: Generated) -> Any:
    """Readings of three devices, one a second; every third was checked."""
    made = meters.storage("sqlite").SQLiteServedmetersRepository(":memory:")
    made.migrate()
    example = meters.storage("contract").example_reading(1)
    for n in range(12):
        at = BEGIN + timedelta(seconds=n)
        checked = at if n % 3 == 0 else None
        made.add_reading(replace(example, device="abc"[n % 3], at=at, status=n % 2, site=None, checked_at=checked))
    yield made
    made.close()


@asynccontextmanager
async def served(store: Any) -> AsyncIterator[Any]:
    """A stub of a server that answers from the repository."""
    stubs: Any = importlib.import_module(f"{MODULE}_contracts.acme.v1.example_pb2_grpc")
    servicer: Any = importlib.import_module(f"{MODULE}_storage.meter_service_v1")
    server = grpc.aio.server()
    stubs.add_MeterServiceServicer_to_server(servicer.MeterServiceV1(store), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield stubs.MeterServiceStub(channel)
    finally:
        await server.stop(None)


async def seconds(call: Any, request: Any, size: int = 2) -> list[int]:
    """The seconds of all readings of an answer, page by page."""
    request.page_size = size
    found: list[int] = []
    while True:
        page = await call(request)
        assert len(page.readings) <= size
        found += [reading.at.ToDatetime().second for reading in page.readings]
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


def test_a_range_over_time(store: Any, dto: Any) -> None:
    async def scenario() -> None:
        async with served(store) as stub:
            request = dto.ListReadingsRequest(device="a")
            assert await seconds(stub.ListReadings, request) == [9, 6, 3, 0]
            request = dto.ListReadingsRequest(device="a", from_at=BEGIN + timedelta(seconds=3))
            request.before_at.FromDatetime(BEGIN + timedelta(seconds=9))
            assert await seconds(stub.ListReadings, request) == [6, 3]
            found = await stub.GetReading(dto.GetReadingRequest(device="b", at=BEGIN + timedelta(seconds=4)))
            assert (found.device, found.at.ToDatetime(tzinfo=UTC)) == ("b", BEGIN + timedelta(seconds=4))
            code, text = await refused(stub.GetReading(dto.GetReadingRequest(device="b")))
            assert (code, "at" in text) == (grpc.StatusCode.INVALID_ARGUMENT, True)

    run(scenario)


def test_arguments_that_may_be_left_out(store: Any, dto: Any) -> None:
    async def scenario() -> None:
        async with served(store) as stub:
            assert await seconds(stub.ListSome, dto.ListSomeRequest(), 5) == list(range(12))
            assert await seconds(stub.ListSome, dto.ListSomeRequest(status=1)) == [1, 3, 5, 7, 9, 11]
            assert await seconds(stub.ListSome, dto.ListSomeRequest(status=0)) == [0, 2, 4, 6, 8, 10]
            assert await seconds(stub.ListSome, dto.ListSomeRequest(site="x")) == []

    run(scenario)


def test_a_list_of_values(store: Any, dto: Any) -> None:
    async def scenario() -> None:
        async with served(store) as stub:
            request = dto.ListOfDevicesRequest(device=["c", "a", "zz"])
            assert await seconds(stub.ListOfDevices, request, 3) == [0, 2, 3, 5, 6, 8, 9, 11]
            assert await seconds(stub.ListOfDevices, dto.ListOfDevicesRequest()) == []
            other = dto.ListOfDevicesRequest(device=["a"], page_token=request.page_token)
            code, _ = await refused(stub.ListOfDevices(other))
            assert code == grpc.StatusCode.INVALID_ARGUMENT

    run(scenario)


def test_the_latest_and_what_is_absent(store: Any, dto: Any) -> None:
    async def scenario() -> None:
        async with served(store) as stub:
            assert await seconds(stub.ListLatest, dto.ListLatestRequest()) == [9, 10, 11]
            found = await seconds(stub.ListChecks, dto.ListLatestRequest())
            assert (found[-4:], sorted(found)) == ([9, 6, 3, 0], list(range(12)))

    run(scenario)
