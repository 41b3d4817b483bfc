"""Whether an element can be removed: blocked by whom it concerns, unknown where nothing follows from silence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

from fieldstone.checking.examples import compile_example
from fieldstone.consumers.answer import Answer, Readers, Verdict
from fieldstone.consumers.concerned import Structure
from fieldstone.consumers.published import Deployment, Known, Published, Stay
from fieldstone.consumers.uses import Evidence, How, Places, Rank, Uses
from fieldstone.report.documents.readers import answer_lines
from fieldstone.schema.descriptors import load_schema

DAY = date(2026, 11, 29)
SCHEMA = """\
syntax = "proto3";
package acme.shop.v1;
message Basket { Order order = 1; }
message Order { string id = 1; Money total = 2; Status status = 3; oneof by { string card = 4; string cash = 5; } }
message Money { int64 units = 1; string note = 2; }
message Alone { string text = 1; }
enum Status { STATUS_UNSPECIFIED = 0; STATUS_PAID = 1; }
service Orders { rpc GetOrder(Alone) returns (Order); }
"""
ORDER, MONEY = "acme.shop.v1.Order", "acme.shop.v1.Money"


@cache
def structure() -> Structure:
    return Structure(load_schema(compile_example(SCHEMA), where="the test"))


def uses(
    name: str, evidence: Mapping[How, str] | None = None, *, unseen: Places = (), days: int = 0, **more: Rank
) -> Uses:
    """A consumer that uses one element in each way."""
    used: dict[str, Any] = {how.value: {element: ("a.py:1",)} for how, element in (evidence or {}).items()}
    rank = more.get("rank", Rank.SCAN)
    found = Evidence("shop", "1.0.0", rank, DAY - timedelta(days), by="python", unseen=unseen, **used)
    return Uses(name, f"team-{name}", (found,))


def answer(subject: str, *published: Uses, oldest: int | None = None) -> Answer:
    known = Known(tuple(Published(one, "1", "", "2026-11-29T00:00:00Z") for one in published))
    return Readers.known(known, "shop", structure(), DAY, oldest).can_remove(subject)


@pytest.mark.parametrize(
    ("subject", "how", "used"),
    [
        (f"{ORDER}.id", How.READ, f"{ORDER}.id"),
        (f"{ORDER}.id", How.WRITE, f"{ORDER}.id"),
        (f"{ORDER}.id", How.WHOLE, ORDER),
        (f"{MONEY}.note", How.WHOLE, "acme.shop.v1.Basket"),  # two messages around it
        (ORDER, How.READ, f"{ORDER}.id"),
        (MONEY, How.READ, f"{ORDER}.total"),  # a field of that type
        (ORDER, How.READ, "acme.shop.v1.Orders.GetOrder"),  # an rpc that answers with it
        ("acme.shop.v1.Status.STATUS_PAID", How.READ, "acme.shop.v1.Status.STATUS_PAID"),
        ("acme.shop.v1.Status.STATUS_PAID", How.WHOLE, ORDER),
        ("acme.shop.v1.Status.STATUS_PAID", How.WHOLE, "acme.shop.v1.Status"),  # a narrowed package has all values
        ("acme.shop.v1.Orders", How.READ, "acme.shop.v1.Orders.GetOrder"),
        ("acme.shop.v1", How.READ, f"{ORDER}.id"),
        ("main.proto", How.READ, f"{ORDER}.id"),
        (f"{ORDER}.by", How.READ, f"{ORDER}.cash"),  # a oneof
        (f"{ORDER}.by", How.WHOLE, ORDER),
    ],
)
def test_a_use_of_the_element_or_of_what_contains_it_blocks(subject: str, how: How, used: str) -> None:
    if subject == "main.proto":
        (subject,) = structure().schema.files

    found = answer(subject, uses("billing", {how: used}), uses("other"))

    assert found.verdict is Verdict.BLOCKED
    assert [(one.consumer, one.element, one.how, one.places) for one in found.readers] == [
        ("billing", used, how, ("a.py:1",))
    ]


@pytest.mark.parametrize(
    ("subject", "how", "used"),
    [
        (f"{ORDER}.id", How.READ, ORDER),  # the class is imported, and no field of it read
        (f"{ORDER}.id", How.READ, f"{ORDER}.total"),
        (f"{ORDER}.by", How.READ, f"{ORDER}.total"),
        (f"{ORDER}.id", How.WHOLE, MONEY),
        (f"{MONEY}.note", How.READ, f"{ORDER}.total"),
        ("acme.shop.v1.Alone.text", How.WHOLE, "acme.shop.v1.Basket"),
    ],
)
def test_another_use_does_not(subject: str, how: How, used: str) -> None:
    assert answer(subject, uses("billing", {how: used})).verdict is Verdict.NO_KNOWN_READER


def test_nobody_is_unknown_and_never_nobody() -> None:
    found = answer(ORDER)

    assert found.verdict is Verdict.UNKNOWN
    assert found.doubts[0].problem == "no consumer of shop is known"


@pytest.mark.parametrize(
    ("consumer", "oldest", "said"),
    [
        (uses("app", unseen=("a.py:3: getattr",)), None, "incomplete: 1 places not followed"),
        (uses("app", rank=Rank.OBSERVED), None, "did not say which fields"),
        (uses("app", rank=Rank.FETCHED), None, "did not say which fields"),
        (uses("app", days=31), 30, "31 days old, more than 30"),
    ],
)
def test_silence_of_weak_evidence_is_unknown(consumer: Uses, oldest: int | None, said: str) -> None:
    found = answer(f"{ORDER}.id", uses("billing"), consumer, oldest=oldest)

    assert found.verdict is Verdict.UNKNOWN
    assert said in found.doubts[0].problem
    assert found.doubts[0].owner == "team-app"


def test_old_versions_count_as_long_as_they_run() -> None:
    reads, reads_not = uses("app", {How.READ: f"{ORDER}.id"}), uses("app")
    old = Published(reads, "1", "", "2026-11-01T00:00:00Z")
    new = Published(reads_not, "2", "", "2026-11-02T00:00:00Z")
    at = "2026-11-03T00:00:00Z"

    def verdict(known: Known) -> Verdict:
        return Readers.known(known, "shop", structure(), DAY).can_remove(f"{ORDER}.id").verdict

    known = Known((new, old))
    assert verdict(known) is Verdict.NO_KNOWN_READER  # nobody said where the old one runs
    known = known.deployed(Deployment("app", "1", "production", Stay.DEPLOYED, at))
    assert verdict(known) is Verdict.BLOCKED
    assert verdict(known.deployed(Deployment("app", "2", "staging", Stay.DEPLOYED, at))) is Verdict.BLOCKED
    assert verdict(known.deployed(Deployment("app", "2", "production", Stay.DEPLOYED, at))) is Verdict.NO_KNOWN_READER
    released = known.deployed(Deployment("app", "1", "store", Stay.RELEASED, at))
    released = released.deployed(Deployment("app", "2", "store", Stay.RELEASED, at))
    assert verdict(released.deployed(Deployment("app", "2", "production", Stay.DEPLOYED, at))) is Verdict.BLOCKED


def test_an_answer_about_thousands_ends_somewhere_and_says_how_many_there_are() -> None:
    many = [uses(f"app-{number}", {How.READ: f"{ORDER}.id"}) for number in range(10_000)]

    blocked = answer(f"{ORDER}.id", *many)
    lines = [*answer_lines(blocked)]

    assert len(blocked.readers) == 10_000
    assert len(lines) < 60
    assert "  - 9,950 more uses: --format json has all" in lines
    assert lines[-1].startswith("  Next: talk to team-app-0, team-app-1, team-app-10 and 9,997 more.")


def test_weak_evidence_is_no_evidence_where_more_is_asked() -> None:
    known = Known((Published(uses("app", rank=Rank.DECLARED), "1", "", "2026-11-29T00:00:00Z"),))

    found = Readers.known(known, "shop", structure(), DAY, at_least=Rank.SCAN).can_remove(f"{ORDER}.id")

    assert found.verdict is Verdict.UNKNOWN
    assert found.doubts[0].problem == "the evidence of app 1 is declared, less than scan"
