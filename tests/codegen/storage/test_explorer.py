"""Random schemas, random values, three stores: what is stored is what was given, or all refuse it alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import fields, is_dataclass
from enum import IntEnum
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fieldstone_runtime.errors import StorageError, ValueRefusedError

from fieldstone.codegen.storage.queries.views import QueryView
from fieldstone.codegen.storage.views import EntityView
from fieldstone.project.project import Project
from tests.codegen.packages import Generated, generated_all
from tests.codegen.server import PostgresServer
from tests.codegen.storage.random_schemas import random_schema
from tests.codegen.storage.random_values import WRONG, RandomRecords
from tests.conftest import SEED, VOCABULARY

pytestmark = pytest.mark.slow

MODULES = int(os.environ.get("FIELDSTONE_MODULES", "6"))
"""So many random schemas."""

AT_ONCE = 6
"""So many are generated in one repository."""

RECORDS = 12
"""So many records of each entity, and as many with a value that may not fit."""


@pytest.mark.timeout(7200 if MODULES > AT_ONCE else 120)
def test_random_schemas_and_values_in_three_stores(tmp_path: Path, postgres: PostgresServer) -> None:
    for first in range(0, MODULES, AT_ONCE):
        names = [f"m{number}" for number in range(first, min(first + AT_ONCE, MODULES))]
        project = repository_of(tmp_path / names[0], names)
        for package in generated_all(project, names, tmp_path / names[0] / "out"):
            explore(package, postgres, Random(f"{SEED} {package.module}"))


def repository_of(folder: Path, modules: list[str]) -> Project:
    """A repository with a random schema in each module."""
    paths = "".join(f"  - path: {name}\n" for name in (*modules, "fieldstone"))
    for name in modules:
        path = folder / name / f"acme/{name}/v1/random.proto"
        path.parent.mkdir(parents=True)
        path.write_text(random_schema(Random(f"{SEED} schema {name}"), f"acme.{name}"))
    folder.joinpath("buf.yaml").write_text(f"version: v2\nmodules:\n{paths}")
    folder.joinpath("fieldstone").symlink_to(VOCABULARY)
    return Project.at(folder)


def explore(package: Generated, postgres: PostgresServer, rng: Random) -> None:
    """Store records of every entity in every store."""
    prefix = package.view.prefix
    stores = [
        getattr(package.storage("memory"), f"InMemory{prefix}Repository")(),
        getattr(package.storage("sqlite"), f"SQLite{prefix}Repository")(":memory:"),
        getattr(package.storage("postgres"), f"Postgres{prefix}Repository")(postgres.new_database()),
    ]
    for store in stores:
        store.migrate()
    records = RandomRecords(rng, package.view, package.storage("records"))
    for entity in package.view.entities:
        for _ in range(RECORDS):
            record = records.record(entity)
            kept(stores, package, entity, record)
            records.wrong(entity, record)
            alike(stores, package, entity, record)
        asked(stores, entity, rng)
    for store in stores:
        store.close()


def kept(stores: list[Any], package: Generated, entity: EntityView, record: Any) -> None:
    """A record that fits comes back as it was, from every store and from its DTO."""
    if record.mark == 0 and isinstance(record.mark, float):
        record.mark = 0.0  # where it is compared, a zero has no sign
    given = deepcopy(record)
    mapper = package.storage("mapper")
    dto = getattr(mapper, f"to_dto_{entity.name}")(record)
    again = getattr(mapper, f"from_dto_{entity.name}")(type(dto).FromString(dto.SerializeToString()))
    assert exact(again) == exact(given)
    for store in stores:
        getattr(store, f"delete_{entity.name}")(*key_of(entity, record))
        assert getattr(store, f"add_{entity.name}")(record) is True
        assert exact(read(store, entity, record)) == exact(given)
        assert getattr(store, f"add_{entity.name}")(deepcopy(record)) is False
        assert getattr(store, f"add_{entity.plural}")([record]) == 0


def alike(stores: list[Any], package: Generated, entity: EntityView, record: Any) -> None:
    """A record that may not fit is refused by all stores in one way, or stored by all as one value."""
    for method, given in ((f"save_{entity.name}", record), (f"add_{entity.plural}", [record] * 20)):
        before = [count(store, entity) for store in stores]
        found = [outcome(partial(written, store, method, given, entity, record)) for store in stores]
        assert found[0] == found[1] == found[2], (method, record, package.out)
        if isinstance(found[0], tuple):
            assert [count(store, entity) for store in stores] == before


def written(store: Any, method: str, given: Any, entity: EntityView, record: Any) -> Any:
    """What a store has of a record once a method was given it."""
    getattr(store, method)(given)
    return read(store, entity, record)


def asked(stores: list[Any], entity: EntityView, rng: Random) -> None:
    """Any argument of a query is refused by all stores in one way, or answered by all with the same records."""
    calls = [
        (query.name, [value] * len(query.equal), extra)
        for query in entity.queries
        for value in rng.sample(WRONG, 12)
        for extra in arguments(query, value)
    ]
    for method in (f"get_{entity.name}", f"delete_{entity.name}"):
        calls += [(method, [value] * len(entity.key), {}) for value in rng.sample(WRONG, 20)]
    for method, equal, extra in calls:
        found = [outcome(partial(answer, store, method, equal, extra)) for store in stores]
        assert found[0] == found[1] == found[2], (method, equal, extra)


def arguments(query: QueryView, value: Any) -> Iterator[dict[str, Any]]:
    """A value in the place of each argument."""
    yield {}
    yield from ({argument.name: value} for argument in query.range)
    if query.pages:
        yield from ({"limit": value}, {"after": (value,) * len(query.order)}, {"after": value})


def answer(store: Any, method: str, equal: list[Any], extra: dict[str, Any]) -> Any:
    """What a method gives; records in a list."""
    found = getattr(store, method)(*equal, **extra)
    return list(found) if isinstance(found, Iterator) else found


def read(store: Any, entity: EntityView, record: Any) -> Any:
    """What a store has under a record's key."""
    return getattr(store, f"get_{entity.name}")(*key_of(entity, record))


def key_of(entity: EntityView, record: Any) -> list[Any]:
    """A record's key."""
    return [getattr(record, column.attribute) for column in entity.key]


def count(store: Any, entity: EntityView) -> int:
    """How many records there are."""
    return sum(1 for _ in getattr(store, entity.queries[0].name)())


def outcome(call: Callable[[], Any]) -> Any:
    """What a call gives, comparable; for a refusal the record, attribute and limit."""
    try:
        return exact(call())
    except ValueRefusedError as error:
        return (error.record or "argument", error.attribute, error.limit)
    except StorageError as error:
        return (type(error).__name__, str(error))


def exact(value: Any) -> Any:
    """A value with the types of its parts: 1 is not True, 0.0 not -0.0, and NaN is NaN."""
    if is_dataclass(value) and not isinstance(value, type):
        return [(field.name, exact(getattr(value, field.name))) for field in fields(value)]
    if isinstance(value, dict):
        return {"a dict": sorted(((repr(exact(key)), exact(item)) for key, item in value.items()), key=lambda p: p[0])}
    if isinstance(value, list | tuple):
        return [exact(item) for item in value]
    if isinstance(value, IntEnum):
        return ("int", repr(int(value)))
    return value if value is None or isinstance(value, bool) else (type(value).__name__, repr(value))
