"""A version of a consumer beside a served release: which uses exist there, and for whom a difference matters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from fieldstone.checking.examples import compile_example
from fieldstone.checking.judgement import judge_natively
from fieldstone.consumers.answer import Doubt
from fieldstone.consumers.concerned import Structure
from fieldstone.consumers.deploying import Deployable, Pair, Readiness
from fieldstone.consumers.published import Published
from fieldstone.consumers.uses import Evidence, How, Rank, Uses
from fieldstone.project.settings import Settings
from fieldstone.schema.descriptors import load_schema

DAY = date(2026, 11, 29)
BASE = """
message Order { string id = 1; int32 units = 2; Status status = 3; }
message Alone { string text = 1; }
enum Status { STATUS_UNSPECIFIED = 0; STATUS_PAID = 1; }
service Orders { rpc GetOrder(Alone) returns (Order); rpc PutOrder(Order) returns (Alone); }
"""
REMOVED = BASE.replace("int32 units = 2;", 'reserved 2; reserved "units";')
ADDED = BASE.replace("int32 units = 2;", "int32 units = 2; string note = 4;")
RETYPED = BASE.replace("int32 units = 2;", "string units = 2;")
NO_RPC = BASE.replace("rpc PutOrder(Order) returns (Alone);", "")
NO_VALUE = BASE.replace("STATUS_PAID = 1;", 'reserved 1; reserved "STATUS_PAID";')
PROTO2 = 'syntax = "proto2"; message Order { optional string id = 1; }'
REQUIRED = PROTO2.replace("= 1; }", "= 1; required string note = 4; }")
ORDER = "acme.v1.Order"


@cache
def structure(source: str) -> Structure:
    return Structure(load_schema(compile_example(source), where="the test"))


def pair(built: str, served: str, *, is_ahead: bool = False) -> Pair:
    old, new = (served, built) if is_ahead else (built, served)
    findings = judge_natively(structure(old).schema, structure(new).schema, Settings(Path()).module("shop"))
    return Pair("shop", "1", "2", is_ahead, structure(old), structure(served), tuple(findings))


def published(uses: Mapping[How, str]) -> Published:
    used = {how: {element: ("a.py:1",)} for how, element in uses.items()}
    read, write, whole = (used.get(how, {}) for how in How)
    evidence = Evidence("shop", "1", Rank.SCAN, DAY, by="python", read=read, write=write, whole=whole)
    return Published(Uses("billing", "team-billing", (evidence,)), "4.2.0", "", "2026-11-29T00:00:00Z")


@pytest.mark.parametrize(
    ("built", "served", "is_ahead", "how", "element", "found"),
    [
        # the provider went on
        (BASE, REMOVED, False, How.READ, f"{ORDER}.units", "field-removed"),
        (BASE, REMOVED, False, How.WHOLE, ORDER, "field-removed"),
        (BASE, RETYPED, False, How.WRITE, f"{ORDER}.units", "field-type-changed"),
        (BASE, NO_RPC, False, How.READ, "acme.v1.Orders.PutOrder", "rpc-removed"),
        (BASE, NO_VALUE, False, How.READ, "acme.v1.Status.STATUS_PAID", "enum-value-removed"),
        (PROTO2, REQUIRED, False, How.WRITE, f"{ORDER}.id", "field-required-changed"),  # what it writes lacks the field
        # the consumer went on
        (ADDED, BASE, True, How.READ, f"{ORDER}.note", ""),  # nobody sends it yet
        (BASE, NO_RPC, True, How.READ, "acme.v1.Orders.PutOrder", ""),
        (RETYPED, BASE, True, How.READ, f"{ORDER}.units", "field-type-changed"),
    ],
)
def test_a_use_that_does_not_work_blocks(
    built: str, served: str, *, is_ahead: bool, how: How, element: str, found: str
) -> None:
    row = pair(built, served, is_ahead=is_ahead).row(published({how: element}))

    assert row.verdict is Deployable.BLOCKED
    assert found in {obstacle.rule for obstacle in row.obstacles}
    assert {obstacle.element for obstacle in row.obstacles} == {element}


@pytest.mark.parametrize(
    ("built", "served", "is_ahead", "how", "element"),
    [
        (BASE, BASE, False, How.WHOLE, ORDER),
        (BASE, ADDED, False, How.WHOLE, ORDER),
        (BASE, REMOVED, False, How.READ, f"{ORDER}.id"),
        (ADDED, BASE, True, How.WHOLE, ORDER),  # it reads what is there
        (PROTO2, REQUIRED, False, How.READ, f"{ORDER}.id"),  # a reader does not miss that it was optional
        (BASE, NO_RPC, False, How.READ, "acme.v1.Orders.GetOrder"),
        # code that is built does not mind a name that only source code has
        (BASE, BASE.replace("message Alone {", "message Alone { reserved 9;"), False, How.WHOLE, "acme.v1.Alone"),
    ],
)
def test_a_use_that_works_does_not(built: str, served: str, *, is_ahead: bool, how: How, element: str) -> None:
    assert pair(built, served, is_ahead=is_ahead).row(published({how: element})).verdict is Deployable.NO_KNOWN_OBSTACLE


def test_a_doubt_counts_where_something_breaks() -> None:
    doubt = Doubt("billing", "team-billing", "the evidence is incomplete")
    reads = published({How.READ: f"{ORDER}.id"})

    assert pair(BASE, REMOVED).row(reads, [doubt]).verdict is Deployable.UNKNOWN
    assert pair(BASE, ADDED).row(reads, [doubt]).verdict is Deployable.NO_KNOWN_OBSTACLE


def test_the_answer_is_the_worst_of_its_rows_and_nothing_is_unknown() -> None:
    blocked = pair(BASE, REMOVED).row(published({How.READ: f"{ORDER}.units"}))
    good = pair(BASE, BASE).row(published({How.READ: f"{ORDER}.units"}))

    def verdict(*rows: object, doubts: tuple[Doubt, ...] = ()) -> Deployable:
        return Readiness.of("shop 2", "production", rows, doubts).verdict  # type: ignore[arg-type]

    assert verdict(good, blocked) is Deployable.BLOCKED
    assert verdict(good) is Deployable.NO_KNOWN_OBSTACLE
    assert verdict(good, doubts=(Doubt("", "", "nobody said"),)) is Deployable.UNKNOWN
    assert verdict() is Deployable.UNKNOWN
