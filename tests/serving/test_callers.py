"""A server counts who calls which rpc, within bounds."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from fieldstone_runtime.serving import Callers
from fieldstone_runtime.serving.callers import consumer_of
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from telemetry_contracts import release
from telemetry_contracts.telemetry.v1 import telemetry_query_v1_pb2 as q1
from telemetry_contracts.telemetry.v2 import telemetry_query_v2_client as c2
from telemetry_contracts.telemetry.v2 import telemetry_query_v2_pb2 as q2
from telemetry_storage.memory import InMemoryTelemetryRepository

from tests.serving.served import run, served
from tests.telemetry.records import records

SERVICE = "telemetry.v1.TelemetryQueryService"
Counted = Callable[[], dict[tuple[str, str, str, str], int]]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Calls by consumer, version, release and rpc, as OpenTelemetry has them."""
    reader = InMemoryMetricReader()
    monkeypatch.setattr(metrics, "get_meter", MeterProvider([reader]).get_meter)

    def read() -> dict[tuple[str, str, str, str], int]:
        data = reader.get_metrics_data()
        found: dict[tuple[str, str, str, str], int] = {}
        for metric in data.resource_metrics[0].scope_metrics[0].metrics if data else ():
            assert metric.name == "fieldstone.calls"
            for point in metric.data.data_points:
                names = tuple(str((point.attributes or {})[key]) for key in ("consumer", "version", "release", "rpc"))
                found[names] = point.value  # type: ignore[assignment, index, union-attr, unused-ignore]
        return found

    return read


@pytest.fixture(scope="module")
def repository() -> InMemoryTelemetryRepository:
    made = InMemoryTelemetryRepository()
    made.add_steps(list(records(20, runs=1, agents=1)))
    return made


def test_calls_are_counted_by_who_calls(repository: InMemoryTelemetryRepository, counted: Counted) -> None:
    async def scenario() -> None:
        async with served(repository) as server:
            named = c2.TelemetryQueryServiceAsyncClient(server.channel, consumer="billing@1.4.0")
            for _ in range(3):
                await named.list_steps(run_id="run-0")
            assert [step async for step in named.stream_steps(run_id="run-0")]
            await c2.TelemetryQueryServiceAsyncClient(server.channel).list_episodes(run_id="run-0")
            await c2.TelemetryQueryServiceAsyncClient(server.channel, consumer=None).list_episodes(run_id="run-0")
            hostile = (("fieldstone-consumer", "x" * 500),)
            await server.v2.ListEpisodes(q2.ListEpisodesRequest(run_id="r"), metadata=hostile)
            by_hand = release.consumer_metadata("by-hand")
            await server.v1.ListEpisodes(q1.ListEpisodesRequest(run_id="r"), metadata=by_hand)

    run(scenario)
    package, of = f"telemetry-contracts/{release.VERSION}", "telemetry.v2.TelemetryQueryService"
    assert counted() == {
        ("billing", "1.4.0", package, f"{of}/ListSteps"): 3,
        ("billing", "1.4.0", package, f"{of}/StreamSteps"): 1,
        ("(unnamed)", "", package, f"{of}/ListEpisodes"): 1,
        ("(unnamed)", "", "", f"{of}/ListEpisodes"): 1,
        ("(malformed)", "", "", f"{of}/ListEpisodes"): 1,
        ("by-hand", "", package, f"{SERVICE}/ListEpisodes"): 1,
    }


def test_a_caller_with_many_names_is_counted_under_few(counted: Counted) -> None:
    callers = Callers(most=10)
    for number in range(1_000):
        callers.count(f"spy-{number} p/1", "a.B/C")
    callers.count("spy-0 p/1", "a.B/C")

    found = counted()

    assert len(found) <= 10
    assert found["spy-0", "", "p/1", "a.B/C"] == 2
    assert sum(found.values()) == 1_001


@pytest.mark.parametrize(
    "header", ["billing", "billing@ p/1", "@1 p/1", "a b p/1", "p/", "a p/1\n", b"\xff", "ä p/1", "a" * 101 + " p/1"]
)
def test_what_names_nobody(header: object) -> None:
    assert consumer_of(header).name == "(malformed)"


def test_a_client_refuses_a_name_that_no_server_takes() -> None:
    with pytest.raises(ValueError, match=r'"billing@1\.4\.0"'):
        release.consumer_metadata("two words")


def test_without_opentelemetry_nothing_is_counted_and_all_is_answered(
    repository: InMemoryTelemetryRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)

    async def scenario() -> None:
        async with served(repository) as server:
            client = c2.TelemetryQueryServiceAsyncClient(server.channel, consumer="billing")
            assert (await client.list_steps(run_id="run-0")).steps

    run(scenario)


def test_a_server_that_does_not_observe_counts_nothing(
    repository: InMemoryTelemetryRepository, counted: Counted
) -> None:
    async def scenario() -> None:
        async with served(repository, observed=False) as server:
            await c2.TelemetryQueryServiceAsyncClient(server.channel, consumer="billing").list_steps(run_id="run-0")
            call = server.v1.ListSteps(q1.ListStepsRequest(run_id="run-0"))
            await call
            assert "fieldstone-deprecated" not in dict(await call.trailing_metadata())

    run(scenario)
    assert counted() == {}
