"""What holds for every dialect, and how each writes literals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from fieldstone.codegen.storage.conversions import PROTO, SCALARS, TIMESTAMP, enum
from fieldstone.codegen.storage.dialects import Default, all_dialects, standard_literal, url_advice
from fieldstone.errors import FieldstoneError

KINDS = {*SCALARS, "enum", "enum_name", "timestamp", "duration", "json", "proto"}
LITERALS: tuple[tuple[Default, str, str], ...] = (
    (True, "1", "TRUE"),
    (False, "0", "FALSE"),
    (-7, "-7", "-7"),
    (1.5e300, "1.5e+300", "1.5e+300"),
    (float("inf"), "9e999", "'Infinity'"),
    (float("-inf"), "-9e999", "'-Infinity'"),
    (float("nan"), "'NaN'", "'NaN'"),
    ("it's", "'it''s'", "'it''s'"),
    (b"\x00\xff", "X'00ff'", r"'\x00ff'"),
    (b"", "X''", "''"),
    (timedelta(seconds=-1.5), "-1500000", "-1500000"),
    (datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), "1000000", "'1970-01-01 00:00:01+00:00'"),
    (datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), "0", "'1970-01-01 01:00:00+01:00'"),
)


def test_those_without_a_driver_come_first() -> None:
    assert list(all_dialects()) == ["sqlite", "postgres"]


@pytest.mark.parametrize("name", all_dialects())
def test_every_kind_has_a_type(name: str) -> None:
    dialect = all_dialects()[name]
    assert set(dialect.types) == KINDS
    assert {*dialect.declared, *dialect.binding, *dialect.reading} <= KINDS
    assert all(example.startswith(dialect.addresses) for example in dialect.examples)


def test_a_dialect_binds_plain_values_unless_it_says_otherwise() -> None:
    sqlite, postgres = all_dialects()["sqlite"], all_dialects()["postgres"]
    assert sqlite.bind(TIMESTAMP) == TIMESTAMP.plain
    assert postgres.bind(TIMESTAMP) != TIMESTAMP.plain
    assert postgres.read(TIMESTAMP) == "{}"
    status = enum("Status", by_name=True)
    assert sqlite.bind(status) == postgres.bind(status) == status.plain
    assert (sqlite.declaration("text"), postgres.declaration("text")) == ("TEXT", 'TEXT COLLATE "C"')
    assert (sqlite.declaration(PROTO.kind), postgres.declaration(PROTO.kind)) == ("BLOB", "BYTEA")


@pytest.mark.parametrize(("value", "sqlite", "postgres"), LITERALS)
def test_literals(value: Default, sqlite: str, postgres: str) -> None:
    found = {name: dialect.literal(value) for name, dialect in all_dialects().items()}
    assert found == {"sqlite": sqlite, "postgres": postgres}


@pytest.mark.parametrize("value", [True, float("nan"), b"bytes", datetime(2026, 1, 31, tzinfo=UTC)])
def test_what_databases_write_differently_has_no_standard_literal(value: Default) -> None:
    with pytest.raises(TypeError):
        standard_literal(value)


def test_how_urls_are_written() -> None:
    advice = "write sqlite:///telemetry.db, sqlite:////var/lib/telemetry.db or postgresql://user@host/database"
    assert url_advice() == advice
    with pytest.raises(FieldstoneError, match="names no file") as raised:
        all_dialects()["sqlite"].open("sqlite://host/telemetry.db")
    assert raised.value.fix == advice
