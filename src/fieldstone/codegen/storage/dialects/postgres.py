"""PostgreSQL, through psycopg: booleans, NaN and times have types of their own."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

from fieldstone.codegen.storage.conversions import BOOL, COLUMN_FLOAT, MOMENT, SAME
from fieldstone.codegen.storage.dialects import Default, Dialect, Sum, standard_literal
from fieldstone.errors import Unavailable
from fieldstone.installing import beside

if TYPE_CHECKING:
    from fieldstone.codegen.storage.dialects import OpenDatabase

_IN_ORDER_OF_CODE_POINTS = 'TEXT COLLATE "C"'
"""As SQLite and Python order text."""

# PostgreSQL 18, marked "reserved" in https://www.postgresql.org/docs/current/sql-keywords-appendix.html.
_WORDS = """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check
    collate collation column concurrently constraint create cross current_catalog current_date
    current_role current_schema current_time current_timestamp current_user default deferrable desc
    distinct do else end except false fetch for foreign freeze from full grant group having ilike in
    initially inner intersect into is isnull join lateral leading left like limit localtime
    localtimestamp natural not notnull null offset on only or order outer overlaps placing primary
    references returning right select session_user similar some symmetric system_user table
    tablesample then to trailing true union unique user using variadic verbose when where window with
"""

_INFINITE = {True: "'Infinity'", False: "'-Infinity'"}


def _literal(value: Default) -> str:
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case bytes():
            return rf"'\x{value.hex()}'" if value else "''"
        case datetime():
            return standard_literal(value.isoformat(sep=" "))
        case float() if not math.isfinite(value):
            return "'NaN'" if math.isnan(value) else _INFINITE[value > 0]
    return standard_literal(value)


def _open(url: str) -> OpenDatabase:
    try:
        from fieldstone_runtime.postgres import PostgresDatabase
    except ImportError as error:
        raise Unavailable(
            f"migrating PostgreSQL takes psycopg: {error}",
            fix=f"install it: `{beside('fieldstone-runtime', 'postgres')}`",
        ) from error
    return PostgresDatabase(url)


DIALECT = Dialect(
    title="PostgreSQL",
    folder="postgresql",
    addresses=("postgresql://", "postgres://"),
    examples=("postgresql://user@host/database",),
    open=_open,
    extra="postgres",
    is_awaited=True,
    types={
        **dict.fromkeys(("int32", "enum"), "INTEGER"),
        **dict.fromkeys(("uint32", "int64", "uint64", "duration"), "BIGINT"),
        **dict.fromkeys(("text", "enum_name", "json"), "TEXT"),
        **dict.fromkeys(("bytes", "proto"), "BYTEA"),
        "bool": "BOOLEAN",
        "float": "REAL",
        "double": "DOUBLE PRECISION",
        "timestamp": "TIMESTAMPTZ",
    },
    declared=dict.fromkeys(("text", "enum_name"), _IN_ORDER_OF_CODE_POINTS),
    binding={
        "bool": BOOL,
        "float": "float32_of({})",
        "double": COLUMN_FLOAT,
        "timestamp": MOMENT,
    },
    reading=dict.fromkeys(("bool", "float", "double", "timestamp"), SAME),
    literal=_literal,
    identity="BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    after_outbox=("ALTER TABLE {} ALTER COLUMN payload_dto SET STORAGE EXTERNAL",),
    words=frozenset(_WORDS.split()),
    # what an insert calls the row that it could not write, and the standard's catalogue
    tables=frozenset({"excluded", "information_schema"}),
    prefixes=("pg_",),  # https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-CATALOG
    # https://www.postgresql.org/docs/current/ddl-system-columns.html
    columns=frozenset({"cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"}),
    longest_name=63,  # https://www.postgresql.org/docs/current/limits.html
    mark="%s",
    typed_mark="%s::{type}",
    among="{column} = ANY(%s::{type}[])",
    bind_list=SAME,
    whole_sum=Sum(("sum({0})",), "int({0})"),
    float_sum=Sum(("sum({0}::double precision)",), SAME),
)
"""The dialect."""
