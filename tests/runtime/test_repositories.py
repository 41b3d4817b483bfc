"""Generated repositories in SQLite and in memory: what is kept, refused, announced and undone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fieldstone_runtime import errors
from fieldstone_runtime.outbox import record_key
from fieldstone_runtime.sqlite import SQLiteDatabase

from tests.codegen.cases import build_case
from tests.codegen.packages import Generated, generated

Make = Callable[..., Any]
OUTBOX = "SELECT idempotency_key, aggregate_key, payload_kind, payload_dto, change FROM orders_outbox ORDER BY id"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    project = build_case("orders", tmp_path_factory.mktemp("orders"))
    return generated(project, "orders", tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def records(package: Generated) -> ModuleType:
    return package.storage("records")


@pytest.fixture
def make(records: ModuleType) -> Make:
    def order(number: int, **given: Any) -> Any:
        plain = {
            "shop": "main",
            "number": number,
            "customer_id": 7,
            "placed_at_micros": number * 10,
            "reference": f"r{number}",
            "status": records.OrderStatus.PLACED,
            "discount": 0.5,
            "gift": True,
            "note": {"a": [1, None]},
            "origin": "web",
            "hint": "",
            "urgency": number % 3,
            "stage": 2,
        }
        return records.OrderRecord(**plain | given)

    return order


@pytest.fixture(params=["sqlite", "memory"])
def repository(request: pytest.FixtureRequest, package: Generated, tmp_path: Path) -> Iterator[Any]:
    if request.param == "memory":
        made = package.storage("memory").InMemoryOrdersRepository()
    else:
        made = package.storage("sqlite").SQLiteOrdersRepository(SQLiteDatabase(tmp_path / "orders.db"))
    assert made.migrate() == ("1.0.0", "1.1.0", "1.2.0")
    yield made
    made.close()


def events(repository: Any) -> list[tuple[str, str, str, bytes, str]]:
    if hasattr(repository, "outbox"):
        return list(repository.outbox)
    with repository._database.reading(OUTBOX, ()) as rows:  # noqa: SLF001
        found: list[tuple[str, str, str, bytes, str]] = rows.fetchall()
        return found


def numbers(orders: Iterator[Any]) -> list[int]:
    return [order.number for order in orders]


def full(make: Make, records: ModuleType, number: int = 1) -> Any:
    """A record in which nothing is missing."""
    money = records.Money(currency_code="EUR", units=-3, nanos=-5)
    return make(
        number,
        total=money,
        lines=[
            records.OrderLine(sku="ab", count=2**32 - 1, price=None, wishes=["red", ""]),
            records.OrderLine(sku="", count=0, price=money, wishes=[]),
        ],
        labels={"": "empty", "b": "\U0001f600"},
        address=records.Address(
            lines=["1 Main St"],
            country="",
            point=records.AddressPoint(
                latitude=-0.0, longitude=math.inf, measured_at=datetime(9999, 12, 31, tzinfo=UTC)
            ),
            hours={"mo": timedelta(days=-1, microseconds=1)},
        ),
        card="1234",
        promise=timedelta(days=-1, microseconds=3),
        sent_at=datetime(1, 1, 1, tzinfo=UTC),
        extra={"x": [1.5, None, {"y": "z"}]},
        weight=-math.inf,
        trail=[records.OrderStatus.SENT, 99],
        questions={-(2**31): 2**63 - 1},
        pictures=[b"", bytes(range(256))],
        carrier="",
        status=77,
    )


def test_what_is_stored_comes_back(repository: Any, make: Make, records: ModuleType) -> None:
    order = full(make, records)
    assert repository.add_order(order)
    found = repository.get_order("main", 1)
    assert found == order
    assert math.copysign(1, found.address.point.latitude) == -1
    assert found.trail[0] is records.OrderStatus.SENT
    assert found.sent_at.tzinfo is UTC


def test_nan_comes_back(repository: Any, make: Make) -> None:
    repository.add_order(make(1, weight=math.nan, discount=math.nan))
    found = repository.get_order("main", 1)
    assert math.isnan(found.weight)
    assert math.isnan(found.discount)


def test_another_time_zone_is_the_same_instant(repository: Any, make: Make) -> None:
    at = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    repository.add_order(make(1, sent_at=at))
    assert repository.get_order("main", 1).sent_at == at


def test_records_in_the_store_are_not_those_of_the_caller(repository: Any, make: Make, records: ModuleType) -> None:
    order = full(make, records)
    repository.add_order(order)
    order.lines.clear()
    order.labels["b"] = "other"
    order.note["a"].append(2)
    found = repository.get_order("main", 1)
    assert (len(found.lines), found.labels["b"], found.note) == (2, "\U0001f600", {"a": [1, None]})
    found.trail.clear()
    assert len(repository.get_order("main", 1).trail) == 2


REFUSED = [
    ({"number": 2**63}, "number", "an int from 0 to 9223372036854775807"),
    ({"number": -1}, "number", "an int from 0"),
    ({"customer_id": 2**63}, "customer_id", "an int from -9223372036854775808"),
    ({"urgency": -(2**31) - 1}, "urgency", "an int from -2147483648 to 2147483647"),
    ({"shop": "\ud800"}, "shop", "a str without"),
    ({"shop": "a\0b"}, "shop", "a str without NUL characters"),
    ({"shop": b"main"}, "shop", "a str"),
    ({"number": 3.0}, "number", "an int from 0"),
    ({"number": True}, "number", "an int from 0"),
    ({"shop": None}, "shop", "a str"),
    ({"discount": 1e39}, "discount", "a float of 32 bits"),
    ({"sent_at": datetime(2026, 1, 1)}, "sent_at", "a datetime with a time zone, from year 1 to 9999 in UTC, or None"),  # noqa: DTZ001
    ({"promise": timedelta(days=4_000_000)}, "promise", "a timedelta of at most 315576000000 seconds"),
    ({"trail": [2**31]}, "trail", "a list, each item an int"),
    ({"labels": {"a": "\udfff"}}, "labels", "a dict, each value a str"),
    ({"labels": {3: "a"}}, "labels", "a dict, each key a str"),
    ({"pictures": [None]}, "pictures", "a list, each item bytes"),
    ({"note": object()}, "note", "a JSON value"),
    ({"note": "\ud800"}, "note", "a JSON value"),
    ({"invoice_days": 3, "card": "1"}, "invoice_days", "None beside card"),
    ({"lines": None}, "lines", "a list"),
]


@pytest.mark.parametrize(("given", "attribute", "limit"), REFUSED)
def test_values_that_do_not_fit(repository: Any, make: Make, given: dict[str, Any], attribute: str, limit: str) -> None:
    bad = make(**{"number": 2, **given})
    writes = (repository.add_order, repository.save_order, lambda order: repository.add_orders([make(1), order]))
    for write in writes:
        with pytest.raises(errors.ValueRefusedError) as raised:
            write(bad)
        error = raised.value
        assert (error.record, error.attribute) == ("OrderRecord", attribute)
        assert error.limit.startswith(limit)
        assert error.value == getattr(bad, attribute)
        assert f"OrderRecord.{attribute}" in str(error)
    assert list(repository.all_orders()) == []
    assert events(repository) == []


def test_members_of_a_list_that_do_not_fit(repository: Any, make: Make, records: ModuleType) -> None:
    for line, problem in (
        (
            records.OrderLine(sku="\ud800", count=1, price=None, wishes=[]),
            r"OrderLine(\.sku must be| whose sku is) a str without",
        ),
        (
            records.OrderLine(sku="a", count=-1, price=None, wishes=[]),
            r"OrderLine(\.count must be| whose count is) an int from 0",
        ),
        ("text", "each item a OrderLine"),
    ):
        with pytest.raises(errors.ValueRefusedError, match=problem):
            repository.add_order(make(1, lines=[line]))
    assert repository.count_of_shop("main") == 0


def test_a_second_record_with_a_key_is_a_conflict(repository: Any, make: Make) -> None:
    assert repository.add_order(make(1, carrier="first"), payload=b"first")
    assert not repository.add_order(make(1, carrier="first"), payload=b"again")
    for write in (repository.add_order, lambda order: repository.add_orders([make(2), order])):
        with pytest.raises(errors.ConflictError, match=r"shop='main', number=1 is there already") as raised:
            write(make(1, carrier="second"))
        assert raised.value.key == {"shop": "main", "number": 1}
        assert repository.get_order("main", 2) is None
    assert repository.get_order("main", 1).carrier == "first"
    (event,) = events(repository)
    assert event[1:] == ("7", "acme.orders.v1.Order", b"first", "added")
    assert record_key(event[0]) == "main/1"


def test_duplicates_in_and_before_a_batch(repository: Any, make: Make, records: ModuleType) -> None:
    repository.add_order(make(2), payload=b"2")
    batch = [make(1), make(2), full(make, records, 3), make(1), make(4)]
    assert repository.add_orders(batch, payloads=[b"1", b"other", b"3", b"again", b"4"]) == 3
    assert [payload for _, _, _, payload, _ in events(repository)] == [b"2", b"1", b"3", b"4"]
    assert repository.get_order("main", 3) == batch[2]
    assert repository.add_orders(batch) == 0
    assert repository.add_orders([]) == 0
    assert len(events(repository)) == 4


def test_payloads_are_one_for_each_record(repository: Any, make: Make) -> None:
    for payloads in ([], [b"1"], [b"1", b"2", b"3"]):
        with pytest.raises(ValueError, match="zip"):
            repository.add_orders([make(1), make(2)], payloads=payloads)
    assert repository.count_of_shop("main") == 0


def test_an_event_is_the_dto(repository: Any, package: Generated, make: Make, records: ModuleType) -> None:
    mapper = package.storage("mapper")
    order = full(make, records)
    order.shop = "50% / off"
    repository.add_order(order)
    [(key, aggregate, kind, payload, _)] = events(repository)
    assert (record_key(key), aggregate, kind) == ("50%25 %2F off/1", "7", "acme.orders.v1.Order")
    assert payload == mapper.to_dto_order(order).SerializeToString()


def test_saving_writes_over_and_always_announces(repository: Any, make: Make, records: ModuleType) -> None:
    order = full(make, records)
    repository.save_order(order)
    order.lines.pop()
    order.labels = {"new": "label"}
    order.carrier = None
    repository.save_order(order)
    repository.save_order(order)
    assert repository.get_order("main", 1) == order
    keys, *_, changes = zip(*events(repository), strict=True)
    assert len(set(keys)) == 3
    assert (changes, {*map(record_key, keys)}) == (("added", "updated", "updated"), {"main/1"})


def test_a_unique_index(repository: Any, make: Make) -> None:
    repository.add_order(make(1))
    for write in (repository.add_order, repository.save_order, lambda order: repository.add_orders([make(3), order])):
        with pytest.raises(errors.UniqueConflictError):
            write(make(2, reference="r1"))
    assert numbers(repository.all_orders()) == [1]
    assert len(events(repository)) == 1
    repository.save_order(make(1, reference="other"))
    assert repository.add_order(make(2, reference="r1"))


def test_a_transaction_is_undone_with_its_events(repository: Any, make: Make, records: ModuleType) -> None:
    repository.add_order(make(1, reference="before"))
    before, announced = repository.get_order("main", 1), events(repository)

    def change() -> None:
        with repository.transaction():
            repository.add_orders([full(make, records, 2), make(3)])
            with repository.transaction():
                repository.save_order(make(1, reference="after"))
                repository.delete_order("main", 3)
            repository.delete_shop("main")
            assert numbers(repository.all_orders()) == []
            raise KeyError

    with pytest.raises(KeyError):
        change()
    assert list(repository.all_orders()) == [before]
    assert events(repository) == announced
    assert repository.add_order(make(2, reference="after"))


def test_what_fails_inside_a_transaction_is_undone_alone(repository: Any, make: Make) -> None:
    with repository.transaction():
        repository.add_order(make(1))
        with pytest.raises(errors.UniqueConflictError):
            repository.add_orders([make(2), make(3, reference="r1")])
        with pytest.raises(errors.ValueRefusedError):
            repository.add_orders([make(4), make(5, customer_id=2**63)])
        repository.add_order(make(6))
    assert numbers(repository.all_orders()) == [1, 6]
    assert len(events(repository)) == 2


def test_deleting(repository: Any, make: Make, records: ModuleType) -> None:
    repository.add_orders([full(make, records, 1), make(2), make(3, shop="other")])
    assert repository.delete_order("main", 1)
    assert not repository.delete_order("main", 1)
    repository.add_order(make(1))
    assert repository.get_order("main", 1).lines == []
    assert repository.delete_shop("main") == 2
    assert numbers(repository.all_orders()) == [3]
    changes = [(change, record_key(key)) for key, *_, change in events(repository)][3:]
    assert changes[:2] == [("deleted", "main/1"), ("added", "main/1")]
    assert sorted(changes[2:]) == [("deleted", "main/1"), ("deleted", "main/2")]


def test_the_event_of_a_deletion_has_the_key_alone(repository: Any, package: Generated, make: Make) -> None:
    record = make(1, shop="50% / off")
    repository.add_order(record)
    repository.delete_order(record.shop, 1)
    _, (key, aggregate, _, payload, _) = events(repository)
    dto = package.storage("mapper").to_dto_order(record)
    dto.ParseFromString(payload)
    assert [(field.name, value) for field, value in dto.ListFields()] == [("shop", record.shop), ("number", 1)]
    assert (aggregate, record_key(key)) == ("7", "50%25 %2F off/1")


def test_pages_leave_nothing_out_and_repeat_nothing(repository: Any, make: Make) -> None:
    repository.add_orders([make(number, placed_at_micros=number // 4) for number in range(40)])
    seen: list[int] = []
    after = None
    while page := list(repository.orders_of_customer(7, from_placed=1, before_placed=9, after=after, limit=3)):
        seen += [order.number for order in page]
        last = page[-1]
        after = (last.placed_at_micros, last.shop, last.number)
    assert seen == list(range(35, 3, -1))
    assert numbers(repository.urgent_orders("main", from_urgency=2, limit=None)) == list(range(2, 40, 3))
    assert numbers(repository.orders_of_customer(8)) == []
    assert numbers(repository.orders_of_customer(7, limit=0)) == []
    assert repository.order_by_reference("r5").number == 5
    assert repository.order_by_reference("none") is None
    assert repository.get_order("main", 100) is None


ARGUMENTS: list[tuple[str, Callable[[Any], Any]]] = [
    ("number must be an int from 0", lambda r: r.get_order("main", -1)),
    ("number must be an int from 0", lambda r: r.delete_order("main", 2**64)),
    ("number must be an int from 0", lambda r: r.get_order("main", True)),  # noqa: FBT003
    ("shop must be a str", lambda r: r.get_order(b"main", 1)),
    ("shop must be a str", lambda r: r.get_order("\ud800", 1)),
    ("shop must be a str", lambda r: r.get_order(None, 1)),
    ("from_urgency must be an int", lambda r: r.urgent_orders("main", from_urgency=2**31)),
    ("limit must be an int from 0", lambda r: r.urgent_orders("main", limit=-1)),
    ("limit must be an int from 0", lambda r: r.urgent_orders("main", limit=2.0)),
    ("limit must be an int from 0", lambda r: r.urgent_orders("main", limit=True)),
    ("after must be a tuple of 1", lambda r: r.customers_from(after=5)),
]


@pytest.mark.parametrize(("problem", "call"), ARGUMENTS)
def test_arguments_that_do_not_fit(repository: Any, problem: str, call: Callable[[Any], Any]) -> None:
    with pytest.raises(errors.ValueRefusedError, match=problem):
        list(call(repository) or ())


def test_a_table_that_is_all_key_but_for_a_column(repository: Any, records: ModuleType) -> None:
    customer = records.CustomerRecord(id=-(2**63), name=None, letters=False)
    assert repository.add_customers([customer, customer]) == 1
    repository.save_customer(records.CustomerRecord(id=2**63 - 1, name="\x7f", letters=True))
    assert list(repository.customers_from(before_id=0)) == [customer]
    assert [found.name for found in repository.customers_from(from_id=0, after=(5,))] == ["\x7f"]
    assert repository.delete_customer(-(2**63))
