"""Random records come back as they were: through a DTO and its bytes, and through the rows of every database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from fieldstone.codegen.storage.views import EntityView
from fieldstone.project.project import Project
from tests.codegen.cases import ROOT, build_case
from tests.codegen.packages import Generated, generated
from tests.codegen.server import PostgresServer
from tests.codegen.strategies import Records, Strategy, comparable
from tests.conftest import SEED

EXAMPLES = 60


@pytest.fixture(scope="module")
def telemetry(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generated(Project.at(ROOT), "telemetry", tmp_path_factory.mktemp("telemetry"))


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generated(build_case("orders", tmp_path_factory.mktemp("orders")), "orders", tmp_path_factory.mktemp("out"))


def special(package: Generated) -> Mapping[str, Strategy]:
    """Attributes whose bytes are those of a message."""
    dto: Any
    if package.module == "telemetry":
        dto = package.storage("mapper").telemetry_v2_pb2
        values = [
            dto.SpaceValueV2(discrete=3),
            dto.SpaceValueV2(tuple=dto.SpaceTupleV2(items=[dto.SpaceValueV2(text="left")])),
            dto.SpaceValueV2(),
        ]
        names = ["StepV2Record.action", "StepV2Record.observation"]
    else:
        dto = package.storage("mapper").orders_pb2
        values = [dto.Category(), dto.Category(name="toys", children=[dto.Category(name="cars")])]
        names = ["OrderRecord.category"]
    given_bytes = st.none() | st.sampled_from([value.SerializeToString(deterministic=True) for value in values])
    return dict.fromkeys(names, given_bytes)


def check(strategy: Strategy, test: Callable[[Any], None], *, examples: int = EXAMPLES) -> None:
    """Run a test over random records, from the seed that the header prints."""

    @given(strategy)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @seed(SEED)
    def run(record: Any) -> None:
        test(record)

    run()


@pytest.mark.parametrize("name", ["telemetry", "orders"])
def test_a_record_goes_through_its_dto_and_back(name: str, request: pytest.FixtureRequest) -> None:
    package: Generated = request.getfixturevalue(name)
    mapper = package.storage("mapper")
    records = Records(package.view, mapper, special(package))
    for mapping in package.view.mappings:
        if not mapping.is_entity:
            continue
        check(records.of(mapping.record), partial(to_bytes_and_back, mapper, mapping.name))


def to_bytes_and_back(mapper: ModuleType, name: str, record: Any) -> None:
    dto = getattr(mapper, f"to_dto_{name}")(record)
    again = type(dto).FromString(dto.SerializeToString())
    assert comparable(getattr(mapper, f"from_dto_{name}")(again)) == comparable(record)


def stored(record: Any, entity: EntityView) -> list[tuple[str, Any]]:
    """What a table keeps of a record."""
    lost = dict(entity.unstored)
    return [(name, value) for name, value in comparable(record) if name not in lost]


@pytest.fixture
def repositories(tmp_path: Path, postgres: PostgresServer) -> Iterator[Callable[[Generated], dict[str, Any]]]:
    opened: list[Any] = []

    def make(package: Generated) -> dict[str, Any]:
        prefix = package.view.prefix
        made = {
            "sqlite": getattr(package.storage("sqlite"), f"SQLite{prefix}Repository")(tmp_path / "test.db"),
            "postgres": getattr(package.storage("postgres"), f"Postgres{prefix}Repository")(postgres.new_database()),
            "memory": getattr(package.storage("memory"), f"InMemory{prefix}Repository")(),
        }
        opened.extend(made.values())
        for repository in made.values():
            repository.migrate()
        return made

    yield make
    for repository in opened:
        repository.close()


@pytest.mark.parametrize("database", ["sqlite", "postgres", "memory"])
@pytest.mark.parametrize("name", ["telemetry", "orders"])
def test_a_record_goes_through_a_row_and_back(
    name: str, database: str, repositories: Callable[[Generated], dict[str, Any]], request: pytest.FixtureRequest
) -> None:
    package: Generated = request.getfixturevalue(name)
    repository = repositories(package)[database]
    records = Records(package.view, package.storage("mapper"), special(package))
    for entity in package.view.entities:
        check(records.of(entity.record), partial(there_and_back, repository, entity))


def there_and_back(repository: Any, entity: EntityView, record: Any) -> None:
    key = [getattr(record, column.attribute) for column in entity.key]
    getattr(repository, f"save_{entity.name}")(record)
    found = getattr(repository, f"get_{entity.name}")(*key)
    assert getattr(repository, f"delete_{entity.name}")(*key)
    assert stored(found, entity) == stored(record, entity)
