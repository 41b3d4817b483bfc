"""Queries of every kind answer alike in all stores: random records and arguments, pages, lists, groups."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from fieldstone_runtime.errors import ValueRefusedError

from tests.codegen.packages import Generated
from tests.codegen.server import PostgresServer
from tests.codegen.storage.meters import generated_meters
from tests.codegen.strategies import comparable
from tests.conftest import SEED

BEGIN = datetime(2026, 1, 31, tzinfo=UTC)
DEVICES = ("", "a", "b", "NaN", "nul\0", "ü'\"%s")
LISTED = 40_000
"""Values in a list that is longer than the number of parameters that SQLite takes (https://sqlite.org/limits.html)."""


@pytest.fixture(scope="module")
def meters(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generated_meters(tmp_path_factory.mktemp("meters"))


@pytest.fixture
def stores(meters: Generated, postgres: PostgresServer) -> Iterator[dict[str, Any]]:
    made = {
        "memory": meters.storage("memory").InMemoryMetersRepository(),
        "sqlite": meters.storage("sqlite").SQLiteMetersRepository(":memory:"),
        "postgres": meters.storage("postgres").PostgresMetersRepository(postgres.new_database()),
    }
    for store in made.values():
        store.migrate()
    yield made
    for store in made.values():
        store.close()


@pytest.fixture
def reading(meters: Generated) -> Callable[..., Any]:
    """Makes a reading of a device, some seconds after the beginning."""

    def make(device: str, second: int, **changes: Any) -> Any:
        example = meters.storage("contract").example_reading(1)
        plain = {"value": 1.0, "status": 0, "site": None, "checked_at": None, "extra": None, "ratio": 0.5, "raw": b""}
        at = BEGIN + timedelta(seconds=second)
        return replace(example, device=device, at=at, **{"took": timedelta(seconds=1), "amount": 1, **plain, **changes})

    return make


def everywhere(stores: dict[str, Any], ask: Callable[[Any], Any]) -> Any:
    """The answer of every store, which is the same."""
    found = {name: comparable(ask(store)) for name, store in stores.items()}
    assert found["sqlite"] == found["memory"]
    assert found["postgres"] == found["memory"]
    return found["memory"]


def asked(stores: dict[str, Any], query: str, *given: Any, **named: Any) -> Any:
    """The answer of a query in every store, which is the same."""

    def ask(store: Any) -> Any:
        found = getattr(store, query)(*given, **named)
        return list(found) if isinstance(found, Iterator) else found

    return everywhere(stores, ask)


def pages(ask: Callable[..., Any], order: Callable[[Any], tuple[Any, ...]], size: int) -> list[Any]:
    """All records of a query, read page by page."""
    found = list(ask(limit=size))
    while page := list(ask(limit=size, after=order(found[-1]))) if found else []:
        assert len(page) <= size
        found += page
    return found


def at(record: Any) -> tuple[Any, ...]:
    return (record.at,)


def key(record: Any) -> tuple[Any, ...]:
    return (record.device, record.at)


PAGED: dict[str, tuple[Callable[..., Any], Callable[[Any], tuple[Any, ...]]]] = {
    "readings": (lambda s, **page: s.readings("a", **page), at),
    "all_readings": (lambda s, **page: s.all_readings(from_at=BEGIN, **page), lambda r: (r.at, r.device)),
    "by_check": (lambda s, **page: s.by_check(**page), lambda r: (r.checked_at, *key(r))),
    "newest_checks": (lambda s, **page: s.newest_checks(**page), lambda r: (r.checked_at, *key(r))),
    "by_site": (lambda s, **page: s.by_site(**page), lambda r: (r.site, *key(r))),
    "by_value": (lambda s, **page: s.by_value(**page), lambda r: (r.value, *key(r))),
    "unchecked": (lambda s, **page: s.unchecked(**page), key),
    "latest": (lambda s, **page: s.latest(**page), lambda r: (r.device,)),
    "latest_of_status": (lambda s, **page: s.latest_of_status(1, **page), lambda r: (r.site,)),
    "some": (lambda s, **page: s.some(status=1, **page), lambda r: (r.at, r.device)),
    "of_devices": (lambda s, **page: s.of_devices(["a", "b", "a"], **page), lambda r: (r.at, r.device)),
}
"""A question for each query that has pages, and the position of a record in the answer."""


def random_reading(chance: random.Random, reading: Callable[..., Any], *, nul: bool) -> Any:
    devices = DEVICES if nul else [device for device in DEVICES if "\0" not in device]
    return reading(
        chance.choice(devices),
        chance.randrange(12),
        value=chance.choice([0.0, 1.5, -2.25, math.nan, math.inf]),
        amount=chance.choice([0, 5, -7, 2**63 - 1, -(2**63)]),
        status=chance.randrange(4),
        site=chance.choice([None, "x", "y", ""]),
        checked_at=chance.choice([None, BEGIN, BEGIN + timedelta(seconds=3), datetime.min.replace(tzinfo=UTC)]),
        took=timedelta(microseconds=chance.randrange(-5, 5)),
        extra=chance.choice([None, 0, 2**62, -3]),
        ratio=chance.choice([0.5, 0.25, -1.0]),
        raw=bytes([chance.randrange(3), 0]),
    )


@pytest.mark.parametrize("name", PAGED)
def test_random_records_come_alike_in_pages(name: str, stores: dict[str, Any], reading: Callable[..., Any]) -> None:
    chance = random.Random(f"{SEED}{name}")
    records = {key(r): r for r in (random_reading(chance, reading, nul=False) for _ in range(60))}
    ask, order = PAGED[name]
    for store in stores.values():
        store.add_readings(records.values())
    whole = everywhere(stores, lambda store: list(ask(store, limit=None)))
    for size in (1, 3, 7):
        assert everywhere(stores, lambda store: pages(partial(ask, store), order, size)) == whole  # noqa: B023


def test_random_arguments_are_answered_alike(stores: dict[str, Any], reading: Callable[..., Any]) -> None:
    chance = random.Random(SEED)
    records = {key(r): r for r in (random_reading(chance, reading, nul=False) for _ in range(60))}
    for store in stores.values():
        store.add_readings(records.values())
    times = [None, BEGIN, BEGIN + timedelta(seconds=5), BEGIN + timedelta(seconds=9)]
    for first, end in itertools.product(times, times):
        since = {"from_at": first, "before_at": end}
        for status, site in itertools.product([None, 1, 3], [None, "x", ""]):
            asked(stores, "some", status=status, site=site, **since)
        for devices in ([], ["a"], ["a", "b", "a", "NaN", "zz"], {"ü'\"%s"}):
            asked(stores, "of_devices", devices, **since)
        for query in ("latest", "totals", "all_readings"):
            asked(stores, query, **since)
        asked(stores, "by_check", from_checked_at=first, before_checked_at=end)
    asked(stores, "per_site")
    asked(stores, "of_raw", [b"\0\0", b"\1\0"])
    asked(stores, "of_status", [1, 3])
    asked(stores, "at_times", (BEGIN, BEGIN + timedelta(seconds=2)))
    asked(stores, "first_of_devices", ["b", "a"])
    asked(stores, "drop_of_devices", ["b", "a"])
    asked(stores, "all_readings")


def test_what_is_absent_is_last(stores: dict[str, Any], reading: Callable[..., Any]) -> None:
    for store in stores.values():
        store.add_readings([reading("a", 1), reading("a", 2, checked_at=BEGIN), reading("a", 3, site="x")])
    assert everywhere(stores, lambda s: [r.at.second for r in s.by_site()]) == [3, 1, 2]
    assert everywhere(stores, lambda s: [r.at.second for r in s.by_check()]) == [2]
    assert everywhere(stores, lambda s: [r.at.second for r in s.newest_checks()]) == [3, 1, 2]
    assert everywhere(stores, lambda s: [r.at.second for r in s.unchecked()]) == [1, 3]
    assert everywhere(stores, lambda s: [r.at.second for r in s.by_check(from_checked_at=BEGIN)]) == [2]
    assert everywhere(stores, lambda s: [r.at.second for r in s.latest()]) == [3]


def test_a_list_may_be_long(stores: dict[str, Any], reading: Callable[..., Any]) -> None:
    wanted = [f"device {n}" for n in range(LISTED)]
    times = [BEGIN + timedelta(seconds=n) for n in range(LISTED)]
    for store in stores.values():
        store.add_readings([reading("device 7", 7), reading("another", LISTED + 1)])
    assert everywhere(stores, lambda s: [r.device for r in s.of_devices(wanted)]) == ["device 7"]
    assert everywhere(stores, lambda s: s.count_of_devices(wanted)) == 1
    assert everywhere(stores, lambda s: [r.device for r in s.at_times(times)]) == ["device 7"]


@pytest.mark.parametrize("name", ["memory", "sqlite", "postgres"])
def test_a_list_is_no_text_and_has_what_fits(name: str, stores: dict[str, Any]) -> None:
    store = stores[name]
    for given in ("ab", b"ab", 7, None, ["\ud800"]):
        with pytest.raises(ValueRefusedError):
            store.count_of_devices(given)
    with pytest.raises(ValueRefusedError):
        list(store.at_times([BEGIN.replace(tzinfo=None)]))


def test_text_with_nul_in_a_list(stores: dict[str, Any], reading: Callable[..., Any]) -> None:
    for store in stores.values():
        store.add_reading(reading("a", 1))
        with pytest.raises(ValueRefusedError, match="device must be a str without NUL"):
            list(store.of_devices(["a", "a\0b"]))


def test_sums_are_exact(stores: dict[str, Any], reading: Callable[..., Any]) -> None:
    largest = 2**63 - 1
    for store in stores.values():
        assert store.overall() == []
        store.add_readings([reading("a", n, amount=largest, extra=-largest, took=timedelta(hours=1)) for n in range(5)])
        store.add_readings([reading("b", n, amount=-largest - 1, value=0.1, ratio=0.1) for n in range(5)])
        (total,) = store.overall()
        assert total.sum_amount == -5
        assert store.overall(status=2) == []
        first, second = store.totals()
        assert (first.device, first.count, first.checked) == ("a", 5, 0)
        assert (first.sum_amount, first.sum_extra, first.sum_took) == (5 * largest, -5 * largest, timedelta(hours=5))
        assert (first.min_at, first.max_checked_at, first.max_site) == (BEGIN, None, None)
        assert (second.sum_extra, second.sum_amount) == (None, -5 * largest - 5)
        assert second.sum_value == pytest.approx(0.5)
        assert second.sum_ratio == pytest.approx(0.5)


def test_sums_of_floats(stores: dict[str, Any], reading: Callable[..., Any]) -> None:
    for store in stores.values():
        store.add_readings([reading("a", 1, value=math.nan), reading("a", 2, value=1.0)])
        store.add_readings([reading("b", 1, value=math.inf), reading("b", 2, value=-math.inf)])
        store.add_readings([reading("c", 1, value=math.inf), reading("c", 2, value=1.0)])
    sums = everywhere(stores, lambda s: [[g.sum_value, g.min_value, g.max_value] for g in s.totals()])
    assert sums == [["NaN", 1.0, "NaN"], ["NaN", -math.inf, math.inf], [math.inf, 1.0, math.inf]]
    for store in stores.values():
        store.add_readings([reading("d", n, value=1.7e308) for n in range(3)])
        with pytest.raises(ValueRefusedError):
            store.totals()


def test_a_time_is_part_of_the_key(stores: dict[str, Any], reading: Callable[..., Any]) -> None:
    for store in stores.values():
        record = reading("a", 5)
        assert store.add_reading(record)
        elsewhere = record.at.astimezone(tz=None)
        assert comparable(store.get_reading("a", elsewhere)) == comparable(record)
        assert store.delete_reading("a", record.at)
        for naive in (BEGIN.replace(tzinfo=None), None, 5):
            with pytest.raises(ValueRefusedError):
                store.get_reading("a", naive)


def test_a_message_without_what_is_required_is_refused(meters: Generated, reading: Callable[..., Any]) -> None:
    mapper = meters.storage("mapper")
    whole = mapper.to_dto_reading(reading("a", 1))
    assert comparable(mapper.from_dto_reading(whole)) == comparable(reading("a", 1))
    for name in ("at", "took", "place", "label", "anything"):
        dto = type(whole).FromString(whole.SerializeToString())
        dto.ClearField(name)
        with pytest.raises(ValueRefusedError, match=f"ReadingV1.{name} must be set: it is always there") as raised:
            mapper.from_dto_reading(dto)
        assert (raised.value.record, raised.value.attribute) == ("ReadingV1", name)
    dto = type(whole).FromString(whole.SerializeToString())
    dto.place.ClearField("since")
    with pytest.raises(ValueRefusedError, match=r"Place\.since must be set"):
        mapper.from_dto_reading(dto)


def test_a_record_without_what_is_required_is_refused(
    meters: Generated, stores: dict[str, Any], reading: Callable[..., Any]
) -> None:
    mapper = meters.storage("mapper")
    for name in ("at", "took", "place", "label", "anything"):
        record = reading("a", 1)
        setattr(record, name, None)
        for write in (mapper.to_dto_reading, *(store.add_reading for store in stores.values())):
            with pytest.raises(ValueRefusedError, match=f"ReadingRecord.{name} must be"):
                write(record)
