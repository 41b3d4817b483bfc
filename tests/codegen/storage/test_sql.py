"""What each release does to a database, run on real ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import psycopg
import pytest
from fieldstone_runtime.older_code import ADDITIVE, effect

from fieldstone.checking.examples import compile_example
from fieldstone.codegen.storage.sql import migration_views, script
from fieldstone.codegen.storage.views import MigrationView
from fieldstone.errors import FieldstoneError
from fieldstone.schema.descriptors import load_schema
from tests.codegen.server import PostgresServer

ENTITY = 'option (fieldstone.v1.entity) = { primary_key: ["id"] %s };'
STATUS = "enum Status { STATUS_UNSPECIFIED = 0; STATUS_PAID = 4; }"
IMPORTS = (
    'import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto"; '
    'import "google/protobuf/struct.proto"; import "google/protobuf/wrappers.proto";'
)


def message(*fields: str, options: str = "", name: str = "Point") -> str:
    """An entity whose first field is its key."""
    numbered = [
        f"{field.partition(' [')[0]} = {n}{f' [{rest}' if (rest := field.partition(' [')[2]) else ''};"
        for n, field in enumerate(("int64 id", *fields), 1)
    ]
    return f"message {name} {{ {ENTITY % options} {' '.join(numbered)} }}"


def views(*releases: str) -> list[MigrationView]:
    """The migrations of releases 1.0.0, 1.1.0, ... with these sources."""
    history = []
    for number, source in enumerate(releases):
        image = compile_example(f"{IMPORTS} {source} {STATUS}")
        history.append((f"1.{number}.0", load_schema(image, where="test", with_imports=True)))
    return migration_views(history, outbox="acme_outbox")


def column(options: str) -> str:
    return f" [(fieldstone.v1.column) = {{ {options} }}]"


def apply(connection: sqlite3.Connection, migration: MigrationView) -> None:
    connection.executescript(script(migration.statements["sqlite"]))


def names(connection: sqlite3.Connection, table: str) -> list[str]:
    return [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]


OLD = message("string name")
DEFAULTS: Sequence[tuple[str, str, object]] = (
    ("int32 a", "", 0),
    ("optional int32 b", "", None),
    ("int64 c", "-9223372036854775808", -(2**63)),
    ("uint32 d", "7", 7),
    ("bool e", "true", 1),
    ("bool f", "", 0),
    ("double g", "-1.5e-300", -1.5e-300),
    ("double h", "inf", float("inf")),
    ("double i", "nan", "NaN"),
    ("float j", "", 0.0),
    ("string k", 'it\'s \\"here\\"\\\\', 'it\'s "here"\\'),
    ("string l", "", ""),
    ("bytes m", "text", b"text"),
    ("bytes n", "", b""),
    ("Status o", "STATUS_PAID", 4),
    ("google.protobuf.Timestamp p", "2026-01-31T00:00:00.123456789+01:00", 1769814000123456),
    ("google.protobuf.Timestamp q", "", None),
    ("google.protobuf.Duration r", "-1.5s", -1_500_000),
    ("repeated string s", "", "[]"),
    ("map<string, int32> t", "", "{}"),
    ("google.protobuf.Struct u", '{\\"a\\": [1]}', '{"a":[1]}'),
    ("google.protobuf.Int64Value v", "12", 12),
    ("repeated int32 w", "[1, 2]", "[1,2]"),
    ("google.protobuf.Timestamp x", "0001-01-01T00:00:00Z", -62135596800000000),
)


def grown() -> list[MigrationView]:
    """A release with a text column, and one that adds a column of every kind."""
    fields = [field + (column(f'default: "{default}"') if default else "") for field, default, _ in DEFAULTS]
    return views(OLD, message("string name", *fields))


def test_rows_older_than_a_column_have_its_default() -> None:
    first, second = grown()
    connection = sqlite3.connect(":memory:")
    apply(connection, first)
    connection.execute("INSERT INTO acme_points (id, name) VALUES (1, 'old')")
    apply(connection, second)
    found = connection.execute("SELECT * FROM acme_points").fetchone()
    assert list(found) == [1, "old", *(expected for _, _, expected in DEFAULTS)]
    connection.execute("INSERT INTO acme_points (id) VALUES (2)")
    connection.close()


def test_postgres_has_the_same_defaults(postgres: PostgresServer) -> None:
    first, second = grown()
    with psycopg.connect(postgres.new_database()) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        for statement in first.statements["postgres"]:
            connection.execute(statement.encode())
        connection.execute("INSERT INTO acme_points (id, name) VALUES (1, 'old')")
        for statement in second.statements["postgres"]:
            connection.execute(statement.encode())
        micros = "extract(epoch FROM {})::numeric * 1000000"
        chosen = [micros.format(f.split()[-1]) if "Timestamp" in f else f.split()[-1] for f, _, _ in DEFAULTS]
        query = f"SELECT {', '.join(chosen)} FROM acme_points"  # noqa: S608 - names of this file
        found = connection.execute(query.encode()).fetchone()
    assert found is not None
    assert ["NaN" if str(value) == "nan" else value for value in found] == [value for _, _, value in DEFAULTS]


def test_older_code_may_work_beside_new_columns_and_tables() -> None:
    outbox = message("string name", "bytes more", options='outbox: {} indexes: { fields: ["name"] }')
    for view in (*grown(), *views(OLD, outbox + message("string name", options="outbox: {}", name="Other"))):
        for statements in view.statements.values():
            assert effect(statements) == ADDITIVE


def test_what_is_new_in_a_release() -> None:
    lines = "message Line { string sku = 1; optional int32 count = 2; }"
    child = "repeated Line lines" + column("codec: CODEC_CHILD_TABLE")
    indexed = 'indexes: { fields: ["name"] } outbox: {}'
    first, second, third = views(
        f"{lines} {OLD}",
        f"{lines} {message('string name', child, options=indexed)}",
        f"{lines.replace('count = 2;', 'count = 2; bool gift = 3;')} {message('string name', child, options=indexed)}",
    )
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA foreign_keys = ON")
    apply(connection, first)
    apply(connection, second)
    assert names(connection, "acme_points_lines") == ["id", "position", "sku", "count"]
    assert names(connection, "acme_outbox")[:3] == ["id", "idempotency_key", "aggregate_key"]
    indexes = connection.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
    assert indexes == [("acme_points_name_idx",)]
    connection.execute("INSERT INTO acme_points (id) VALUES (1)")
    connection.execute("INSERT INTO acme_points_lines (id, position, sku) VALUES (1, 0, 'a')")
    apply(connection, third)
    assert connection.execute("SELECT * FROM acme_points_lines").fetchall() == [(1, 0, "a", None, 0)]
    connection.execute("DELETE FROM acme_points")
    assert connection.execute("SELECT count(*) FROM acme_points_lines").fetchone() == (0,)
    connection.close()


def test_a_release_that_changes_no_table_has_no_migration() -> None:
    assert [view.version for view in views(OLD, OLD, message("string name", "bool more"), "message Other {}")] == [
        "1.0.0",
        "1.2.0",
    ]


def test_a_column_that_left_takes_new_rows() -> None:
    first, second = views(
        message("string name", "bool gift"), message("string name", options='indexes: {fields: ["name"]}')
    )
    connection = sqlite3.connect(":memory:")
    apply(connection, first)
    apply(connection, second)
    connection.execute("INSERT INTO acme_points (id, name) VALUES (1, 'one')")
    assert connection.execute("SELECT gift FROM acme_points").fetchone() == (0,)
    connection.close()


def test_a_unique_index_that_left_refuses_nothing() -> None:
    unique = message("string name", options='indexes: { fields: ["name"] unique: true }')
    plain = message("string name", options='indexes: { fields: ["name"] }')
    for last in (plain, OLD):
        first, second = views(unique, last)
        connection = sqlite3.connect(":memory:")
        apply(connection, first)
        apply(connection, second)
        assert effect(second.statements["sqlite"]).startswith("DROP INDEX")
        connection.execute("INSERT INTO acme_points (id, name) VALUES (1, 'one'), (2, 'one')")
        connection.close()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (message("string name"), message("int64 name"), "column name of acme_points is TEXT"),
        (message("string name"), message("optional string name"), "NOT NULL since 1.0.0, and TEXT"),
        (
            OLD,
            message("string title"),
            "the column of field 2 of acme.v1.Point is name since 1.0.0, and title in 1.1.0",
        ),
        (
            OLD,
            message("string name", options='table: "places"'),
            "the table of acme.v1.Point is acme_points since 1.0.0",
        ),
        (
            message("string name", "int64 other"),
            message("string name", "int64 other").replace('"id"', '"id", "other"'),
            "the primary key of acme_points is (id) since 1.0.0, and (id, other) in 1.1.0",
        ),
    ],
)
def test_what_no_migration_can_do(old: str, new: str, problem: str) -> None:
    with pytest.raises(FieldstoneError) as raised:
        views(old, new)
    assert problem in str(raised.value)
    assert "fieldstone check" in str(raised.value)


def test_a_default_that_is_no_value_is_refused_with_its_place() -> None:
    with pytest.raises(
        FieldstoneError, match=r'example\.proto:1: the default "x" of acme\.v1\.Point\.more is no int32'
    ):
        views(OLD, message("string name", "int32 more" + column('default: "x"')))


def test_long_names_of_indexes_fit_postgres() -> None:
    long = "a_column_whose_name_is_rather_long"
    (view,) = views(
        message(f"string {long}_1", f"string {long}_2", options=f'indexes: {{ fields: ["{long}_1", "{long}_2"] }}')
    )
    index = view.statements["postgres"][-1].split()[2]
    assert len(index) <= 63
    assert index.endswith("_idx")
