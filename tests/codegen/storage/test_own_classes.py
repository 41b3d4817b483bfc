"""Classes that an application had before: real arrays, UUIDs, tuples and models in every store, unchanged."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any
from uuid import UUID

import grpc
import numpy as np
import pytest
from fieldstone_runtime.errors import ValueRefusedError
from fieldstone_runtime.serving import new_server

from tests.codegen.cases import build_case
from tests.codegen.packages import Generated, generated
from tests.codegen.server import PostgresServer

RUN = UUID("12345678-1234-5678-1234-567812345678")
BEGAN = datetime(2026, 1, 31, 12, tzinfo=UTC)
STORES = ["memory", "sqlite", "postgres"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generated(build_case("lab", tmp_path_factory.mktemp("lab")), "lab", tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generated(build_case("kinds", tmp_path_factory.mktemp("kinds")), "kinds", tmp_path_factory.mktemp("out"))


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def repository(lab: Generated, store: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    with closing(opened(lab, store, tmp_path, request)) as made:
        yield made


def opened(package: Generated, store: str, folder: Path, request: pytest.FixtureRequest) -> Any:
    """An empty repository of a package, migrated."""
    module, prefix = package.storage(store), package.view.prefix
    if store == "memory":
        made = getattr(module, f"InMemory{prefix}Repository")()
    elif store == "sqlite":
        made = getattr(module, f"SQLite{prefix}Repository")(folder / "own.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        made = getattr(module, f"Postgres{prefix}Repository")(server.new_database())
    made.migrate()
    return made


@pytest.fixture
def steps(lab: Generated) -> ModuleType:
    lab.storage("mapper")
    return importlib.import_module("lab_app.steps")


def step(steps: ModuleType, index: int = 0, **given: Any) -> Any:
    """A step as the trainer makes it."""
    plain = {
        "run_id": RUN,
        "index": index,
        "timestamp": BEGAN + timedelta(seconds=index),
        "device": steps.Device.GPU,
        "observation": np.arange(6, dtype=np.float32).reshape(2, 3) / 7,
        "action": np.array([0.1, -0.2]),
        "reward": 1.5,
        "info": MappingProxyType({"lives": 3.0, "seen": ["door"]}),
        "cost": Decimal("1.50"),
        "outcome": steps.Outcome.TRUNCATED,
        "clock": datetime(2026, 1, 31, 13),  # noqa: DTZ001 - the trainer's own clock has no zone
        "mask": np.zeros((0, 4), np.float32),
        "tags": ("a", "b", "a"),
        "rewards": (steps.Reward("goal", np.ones(2, np.float32)),),
        "environment": {"name": "maze"},
    }
    return steps.Step(**plain | given)


def same(one: Any, other: Any) -> bool:
    """Whether two arrays have the same numbers, shape and type."""
    return bool(np.array_equal(one, other)) and one.dtype == other.dtype and one.shape == other.shape


def test_a_step_comes_back_as_the_trainer_made_it(repository: Any, steps: ModuleType) -> None:
    made = step(steps)
    assert repository.add_step(made) is True
    found = repository.get_step(RUN, 0)
    for name in ("observation", "action", "mask"):
        assert same(getattr(found, name), getattr(made, name)), name
    assert same(found.rewards[0].values, made.rewards[0].values)
    kept = ("run_id", "index", "timestamp", "device", "cost", "outcome", "clock", "tags", "environment", "info")
    assert [getattr(found, name) for name in kept] == [getattr(made, name) for name in kept]
    assert [type(value) for value in (found.device, found.outcome, found.cost, found.tags)] == [
        steps.Device,
        steps.Outcome,
        Decimal,
        tuple,
    ]


def test_what_may_be_absent_is_not_converted(repository: Any, steps: ModuleType) -> None:
    repository.add_steps([step(steps, 0, mask=None), step(steps, 1)])
    assert [found.mask is None for found in repository.steps_of_run(RUN)] == [True, False]


def test_a_required_time_orders_ranges_and_pages(repository: Any, steps: ModuleType) -> None:
    repository.add_steps(step(steps, index) for index in reversed(range(9)))
    since, before = BEGAN + timedelta(seconds=2), BEGAN + timedelta(seconds=7)
    between = repository.steps_of_device(steps.Device.GPU, from_time=since, before_time=before)
    assert [found.index for found in between] == [2, 3, 4, 5, 6]
    last = repository.get_step(RUN, 4)
    page = repository.steps_of_device(steps.Device.GPU, after=(last.timestamp, last.run_id, last.index), limit=2)
    assert [found.index for found in page] == [5, 6]


NOT_CONVERTED = [
    ("run_id", "12345678", "UuidText converts .*it is a str, and no UUID"),
    ("observation", np.zeros(3), "lab_app.codecs:array converts .*it is no array of float32"),
    ("observation", None, "a value, and not None"),
    ("mask", [1.0], "lab_app.codecs:array converts"),
    ("action", np.array(["x"]), "lab_app.codecs:vector converts"),
    ("action", np.zeros((2, 2)), r"lab_app.codecs:vector converts to a list, each item a float, which gave \[\[0.0"),
    ("info", [1], "Mappings converts"),
    ("info", {"at": BEGAN}, "a dict of a google.protobuf.Struct"),
    ("device", 2, "EnumValues.* converts .*it is a int, and no Device"),
    ("cost", 1.5, "DecimalText converts"),
    ("clock", BEGAN, "naive datetimes in UTC"),
    ("tags", "ab", "Tuples converts"),
    ("tags", (1,), "each item a str"),
    ("timestamp", None, "a datetime"),
    ("environment", None, "a value, and not None"),
]


@pytest.mark.parametrize("case", NOT_CONVERTED, ids=lambda case: case[0])
def test_a_value_that_is_not_converted(
    repository: Any, lab: Generated, steps: ModuleType, case: tuple[str, Any, str]
) -> None:
    attribute, value, limit = case
    bad = replace(step(steps, 1), **{attribute: value})
    mapper = lab.storage("mapper")
    writes: list[Callable[[], Any]] = [
        lambda: repository.add_step(bad),
        lambda: repository.save_step(bad),
        lambda: repository.add_steps([step(steps, 0), bad]),
        lambda: mapper.to_dto_step(bad),
    ]
    for write in writes:
        with pytest.raises(ValueRefusedError, match=limit) as raised:
            write()
        assert (raised.value.record, raised.value.attribute) == ("Step", attribute)
        assert raised.value.value is value
    assert list(repository.steps_of_run(RUN)) == []


def test_an_argument_that_is_not_converted(repository: Any) -> None:
    for ask in (
        lambda: repository.get_step(str(RUN), 0),
        lambda: repository.delete_step(None, 0),
        lambda: list(repository.steps_of_run(7)),
        lambda: list(repository.steps_of_device("GPU")),
        lambda: list(repository.agents(after=("x",))),
    ):
        with pytest.raises(ValueRefusedError):
            ask()


def test_a_message_that_lacks_what_is_required(lab: Generated, steps: ModuleType) -> None:
    mapper = lab.storage("mapper")
    for name in ("timestamp", "info", "clock"):
        dto = mapper.to_dto_step(step(steps))
        dto.ClearField(name)
        with pytest.raises(ValueRefusedError, match=f"StepV1.{name} must be set"):
            mapper.from_dto_step(dto)
    dto = mapper.to_dto_step(step(steps))
    dto.environment = b"null"
    with pytest.raises(ValueRefusedError, match=r"Step\.environment must be a value, and not None"):
        mapper.from_dto_step(dto)
    dto = mapper.to_dto_step(step(steps))
    dto.observation = b"\x01\x05\0\0\0"
    with pytest.raises(ValueRefusedError, match=r"Step\.observation must be a stored value that lab_app.codecs:array"):
        mapper.from_dto_step(dto)


def test_a_row_that_the_converter_does_not_read(
    lab: Generated, steps: ModuleType, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with closing(opened(lab, "sqlite", tmp_path, request)) as repository:
        repository.add_step(step(steps))
        with repository._database.transaction() as cursor:  # noqa: SLF001
            cursor.execute("UPDATE trainer_steps SET observation = X'0105000000'")
        with pytest.raises(ValueRefusedError, match=r"Step\.observation"):
            repository.get_step(RUN, 0)


def test_every_kind_of_class_in_every_store(
    kinds: Generated, store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    contract = kinds.storage("contract")
    with closing(opened(kinds, store, tmp_path, request)) as repository:
        for name, key in (("reading", ["sensor"]), ("place", ["name"]), ("customer", ["id"]), ("point", ["x", "y"])):
            records = [getattr(contract, f"example_{name}")(n) for n in range(5)]
            assert getattr(repository, f"add_{name}s")(records) == 5
            for record in records:
                found = getattr(repository, f"get_{name}")(*(getattr(record, part) for part in key))
                assert type(found) is type(record)
                assert contract.plain(found) == contract.plain(record)


def test_a_model_validates_what_is_read(kinds: Generated) -> None:
    mapper, contract = kinds.storage("mapper"), kinds.storage("contract")
    dto = mapper.to_dto_customer(contract.example_customer(1))
    assert mapper.from_dto_customer(dto).model_copy() == mapper.from_dto_customer(dto)
    dto.id = "no UUID"
    with pytest.raises(ValueRefusedError, match=r"Customer\.id must be a stored value that .*UuidText reads"):
        mapper.from_dto_customer(dto)


def test_a_service_asks_with_plain_values(lab: Generated, steps: ModuleType) -> None:
    repository = lab.storage("memory").InMemoryLabRepository()
    repository.add_steps(step(steps, index) for index in range(5))
    agents = [lab.storage("contract").example_agent(n) for n in range(5)]
    repository.add_agents(agents)
    asyncio.run(asyncio.wait_for(_served(lab, repository), 60))


async def _served(lab: Generated, repository: Any) -> None:
    release = importlib.import_module("lab_contracts.release")
    pb2 = importlib.import_module("lab_contracts.lab.trainer.v1.trainer_v1_pb2")
    pb2_grpc = importlib.import_module("lab_contracts.lab.trainer.v1.trainer_v1_pb2_grpc")
    server = await new_server(release)
    servicer = lab.storage("trainer_query_service_v1").TrainerQueryServiceV1(repository)
    pb2_grpc.add_TrainerQueryServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = pb2_grpc.TrainerQueryServiceStub(channel)
            page = await stub.ListSteps(pb2.ListStepsRequest(run_id=str(RUN), page_size=3))
            rest = await stub.ListSteps(pb2.ListStepsRequest(run_id=str(RUN), page_token=page.next_page_token))
            assert [one.step_index for one in (*page.steps, *rest.steps)] == [0, 1, 2, 3, 4]
            assert (await stub.GetStep(pb2.GetStepRequest(run_id=str(RUN), step_index=3))).step.step_index == 3
            first = await stub.ListAgents(pb2.ListAgentsRequest(page_size=2))
            after = await stub.ListAgents(pb2.ListAgentsRequest(page_size=9, page_token=first.next_page_token))
            assert [one.id for one in (*first.agents, *after.agents)] == [str(UUID(int=n)) for n in range(5)]
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.GetStep(pb2.GetStepRequest(run_id="no UUID", step_index=3))
            assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
            assert "run_id must be a stored value" in (refused.value.details() or "")
    finally:
        await server.stop(None)
