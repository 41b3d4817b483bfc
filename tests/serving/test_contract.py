"""What every answer says of its contract, and what who asks for another one is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from telemetry_contracts import release
from telemetry_contracts.telemetry.v1 import telemetry_query_v1_pb2 as q1
from telemetry_storage.memory import InMemoryTelemetryRepository
from telemetry_storage.sqlite import SQLiteTelemetryRepository

from tests.serving.served import Client, refused, run, served
from tests.telemetry.records import records

TOLD = {
    "fieldstone-contract": "telemetry",
    "fieldstone-version": release.VERSION,
    "fieldstone-digest": release.DIGEST,
}


@pytest.fixture
def memory() -> InMemoryTelemetryRepository:
    """A repository with a run."""
    repository = InMemoryTelemetryRepository()
    repository.add_steps(list(records(10)))
    return repository


def bare_call(client: Client, method: str) -> Any:
    """Call what no stub has."""
    channel: Any = client.channel
    return channel.unary_unary(method)(b"")


async def told(call: Any) -> dict[str, str]:
    """The metadata before the answer."""
    return {str(key): str(value) for key, value in await call.initial_metadata()}


def test_every_call_says_which_release_answers(memory: InMemoryTelemetryRepository) -> None:
    async def scenario() -> None:
        async with served(memory) as client:
            for request in (q1.GetStepRequest(run_id="run-0", episode_id="0-0"), q1.GetStepRequest()):
                call = client.v1.GetStep(request)
                assert TOLD.items() <= (await told(call)).items()
            stream = client.v1.StreamSteps(q1.StreamStepsRequest(run_id="run-0"))
            assert TOLD.items() <= (await told(stream)).items()
            assert len([answer async for answer in stream]) == 10
            gone = bare_call(client, "/telemetry.v0.TelemetryQueryService/GetStep")
            assert TOLD.items() <= (await told(gone)).items()

    run(scenario)


def test_a_version_that_has_left(memory: InMemoryTelemetryRepository) -> None:
    async def scenario() -> None:
        async with served(memory) as client:
            gone = bare_call(client, "/telemetry.v0.TelemetryQueryService/GetStep")
            code, text = await refused(gone)
            assert code is grpc.StatusCode.FAILED_PRECONDITION
            assert text == (
                f"telemetry.v0 is not served: this server has telemetry {release.VERSION}; install telemetry-contracts "
                f"{release.VERSION} and call telemetry.v1.TelemetryQueryService or telemetry.v2.TelemetryQueryService"
            )
            other = bare_call(client, "/telemetry.v1.TelemetryQueryService/GetSteps")
            code, text = await refused(other)
            assert code is grpc.StatusCode.UNIMPLEMENTED
            assert "has no /telemetry.v1.TelemetryQueryService/GetSteps" in text
            elsewhere = bare_call(client, "/another.Service/Get")
            assert (await refused(elsewhere))[0] is grpc.StatusCode.UNIMPLEMENTED

    run(scenario)


@pytest.mark.parametrize(
    ("wanted", "code", "reason"),
    [
        (release.VERSION, None, ""),
        ("1.0.0", None, ""),
        ("1.99.0", grpc.StatusCode.FAILED_PRECONDITION, "older than the 1.99.0 that is asked for"),
        ("0.9.0", grpc.StatusCode.FAILED_PRECONDITION, "telemetry 0.9.0 is no longer served"),
        ("2.0.0", grpc.StatusCode.FAILED_PRECONDITION, "upgrade the server"),
        ("latest", grpc.StatusCode.INVALID_ARGUMENT, "must be a version"),
    ],
)
def test_a_client_that_says_what_it_needs(
    wanted: str, code: grpc.StatusCode | None, reason: str, memory: InMemoryTelemetryRepository
) -> None:
    async def scenario() -> None:
        async with served(memory) as client:
            request = q1.GetStepRequest(run_id="run-0", episode_id="0-0")
            call = client.v1.GetStep(request, metadata=(("fieldstone-version", wanted),))
            if code is None:
                assert (await call).step.run_id == "run-0"
                return
            ending = await refused(call)
            assert ending[0] is code
            assert reason in ending[1]

    run(scenario)


def test_reflection_and_health(memory: InMemoryTelemetryRepository) -> None:
    async def scenario() -> None:
        async with served(memory) as client:
            channel: Any = client.channel
            reflection: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
            asked = [
                reflection_pb2.ServerReflectionRequest(list_services=""),
                reflection_pb2.ServerReflectionRequest(file_containing_symbol="telemetry.v2.TelemetryQueryService"),
            ]
            listed, described = [answer async for answer in reflection.ServerReflectionInfo(iter(asked))]
            names = {service.name for service in listed.list_services_response.service}
            assert {*release.SERVICES, "grpc.health.v1.Health"} <= names
            assert described.file_descriptor_response.file_descriptor_proto
            health: Any = health_pb2_grpc.HealthStub(channel)
            for name in ("", *release.SERVICES):
                answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
                assert answer.status == health_pb2.HealthCheckResponse.SERVING

    run(scenario)


def test_a_database_that_cannot_be_read_is_no_secret_and_no_traceback(tmp_path: Path) -> None:
    async def scenario() -> None:
        repository = SQLiteTelemetryRepository(tmp_path / "t.db")
        async with served(repository) as client:
            call = client.v1.ListSteps(q1.ListStepsRequest(run_id="r"))
            assert await refused(call) == (
                grpc.StatusCode.FAILED_PRECONDITION,
                "the database is not at the server's release",
            )
            repository.migrate()
            repository.close()
            call = client.v1.GetStep(q1.GetStepRequest(run_id="r", episode_id="e"))
            code, text = await refused(call)
            assert code is grpc.StatusCode.UNAVAILABLE
            assert str(tmp_path) not in text

    run(scenario)
