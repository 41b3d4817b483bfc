"""Updates of named attributes, and records with versions, with several writers on one database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fieldstone_runtime.errors import StaleRecordError, ValueRefusedError

from tests.codegen.packages import Generated
from tests.codegen.server import PostgresServer
from tests.codegen.storage.meters import generated_meters

WRITERS, TURNS = 4, 12


@pytest.fixture(scope="module")
def meters(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generated_meters(tmp_path_factory.mktemp("meters"))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, meters: Generated, postgres: PostgresServer, tmp_path: Path) -> Iterator[Any]:
    if request.param == "memory":
        made = meters.storage("memory").InMemoryMetersRepository()
    elif request.param == "sqlite":
        made = meters.storage("sqlite").SQLiteMetersRepository(tmp_path / "test.db")
    else:
        made = meters.storage("postgres").PostgresMetersRepository(postgres.new_database())
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def account(meters: Generated) -> Any:
    return meters.storage("mapper").AccountRecord(
        id="a", revision=0, balance=5, owner="me", tags=["x", "y"], mail="a@b", phone=None
    )


def test_only_what_is_named_changes(store: Any, account: Any) -> None:
    store.add_account(account)
    assert store.update_account("a", balance=7)
    assert store.get_account("a") == replace(account, balance=7, revision=1)
    assert store.update_account("a", owner=None, tags=[])
    assert store.get_account("a") == replace(account, balance=7, owner=None, tags=[], revision=2)
    assert not store.update_account("b", balance=7)
    assert [found.id for found in store.accounts()] == ["a"]


def test_nothing_is_written_that_does_not_fit(store: Any, account: Any) -> None:
    store.add_account(account)
    for attribute, value in (("balance", 2**63), ("balance", None), ("tags", [7]), ("phone", "1")):
        with pytest.raises(ValueRefusedError) as raised:
            store.update_account("a", owner="other", **{attribute: value})
        assert (raised.value.record, raised.value.attribute) == ("AccountRecord", attribute)
    with pytest.raises(TypeError, match="unexpected keyword argument 'blance'"):
        store.update_account("a", blance=7)
    with pytest.raises(TypeError):
        store.update_account("a", id="b")
    assert store.get_account("a") == account
    assert store.update_account("a", mail=None, phone="1")


def test_a_version_is_compared_and_counted(store: Any, account: Any) -> None:
    assert store.save_account(account) == 1
    stored = store.get_account("a")
    assert stored == replace(account, revision=1)
    assert store.save_account(replace(stored, balance=6)) == 2
    for stale in (account, stored, replace(stored, revision=3)):
        with pytest.raises(StaleRecordError, match=r"AccountRecord \('a',\) has version 2") as raised:
            store.save_account(stale)
        assert (raised.value.key, raised.value.version, raised.value.stored) == (("a",), stale.revision, 2)
    with pytest.raises(StaleRecordError, match="is not stored"):
        store.save_account(replace(account, id="b", revision=1))
    with pytest.raises(StaleRecordError):
        store.update_account("a", revision=1, balance=0)
    assert store.update_account("a", revision=2, balance=0)
    assert store.get_account("a") == replace(account, balance=0, revision=3)


@pytest.mark.parametrize("version", [None, "1", 2**63, 2**63 - 1, 1.0, True])
def test_a_version_that_is_none(store: Any, account: Any, version: Any) -> None:
    store.add_account(replace(account, revision=2**63 - 1))
    with pytest.raises((ValueRefusedError, StaleRecordError)):
        store.save_account(replace(account, balance=1, revision=version))
    assert store.get_account("a").balance == 5


def test_no_update_of_many_writers_is_lost(store: Any, account: Any) -> None:
    """Each adds 1 to what it has read, and reads again where another was faster."""
    store.add_account(account)

    def write(_: int) -> int:
        refused = 0
        for _ in range(TURNS):
            while True:
                record = store.get_account("a")
                try:
                    store.save_account(replace(record, balance=record.balance + 1))
                    break
                except StaleRecordError:
                    refused += 1
        return refused

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    stored = store.get_account("a")
    assert (stored.balance, stored.revision) == (5 + WRITERS * TURNS, WRITERS * TURNS)


def test_updates_of_different_attributes_are_both_kept(store: Any, account: Any) -> None:
    store.add_account(account)
    values: dict[str, Callable[[int], Any]] = {"balance": int, "owner": str, "tags": lambda turn: [str(turn)] * turn}

    def write(name: str) -> None:
        for turn in range(TURNS):
            assert store.update_account("a", **{name: values[name](turn)})

    with ThreadPoolExecutor(len(values)) as pool:
        list(pool.map(write, values))
    last = {name: value(TURNS - 1) for name, value in values.items()}
    assert store.get_account("a") == replace(account, **last, revision=len(values) * TURNS)


def test_of_two_who_add_a_record_one_is_told(store: Any, account: Any) -> None:
    def write(balance: int) -> bool:
        try:
            return bool(store.save_account(replace(account, balance=balance)))
        except StaleRecordError:
            return False

    with ThreadPoolExecutor(WRITERS) as pool:
        assert sorted(pool.map(write, range(WRITERS))) == [False] * (WRITERS - 1) + [True]
    assert store.get_account("a").revision == 1


def test_an_event_has_the_version_that_is_stored(meters: Generated, account: Any) -> None:
    store = meters.storage("memory").InMemoryMetersRepository()
    store.save_account(account)
    store.update_account("a", balance=9)
    dto = type(meters.storage("mapper").to_dto_account(account))
    contents = [dto.FromString(event[3]) for event in store.outbox]
    assert [(content.revision, content.balance) for content in contents] == [(1, 5), (2, 9)]
