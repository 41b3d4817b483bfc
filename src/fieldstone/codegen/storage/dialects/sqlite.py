"""SQLite: values are bound plain, as it has integers, reals, text and blobs alone (https://sqlite.org/datatype3.html)."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fieldstone.codegen.storage.conversions import INT_OF_64_BITS
from fieldstone.codegen.storage.dialects import Default, Dialect, Sum, standard_literal, url_advice
from fieldstone.errors import Invalid

if TYPE_CHECKING:
    from fieldstone.codegen.storage.dialects import OpenDatabase

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# SQLite has more keywords (https://sqlite.org/lang_keywords.html) and takes the others, like
# "action" or "key", as names; these it refuses as the name of a table or a column in one of the
# statements that are generated. A test asks the real database.
_WORDS = """
    add all alter and as autoincrement between case cast check collate commit constraint create
    current_date current_time current_timestamp default deferrable delete distinct drop else escape
    except exists foreign from group having if in index insert intersect into is isnull join limit
    not nothing notnull null on or order primary raise references returning select set table then
    to transaction union unique update using values when where with
"""

_INFINITE = {True: "9e999", False: "-9e999"}


def _literal(value: Default) -> str:
    """A default as a literal; a time is in microseconds since 1970, UTC."""
    match value:
        case bool():
            return "1" if value else "0"
        case bytes():
            return f"X'{value.hex()}'"
        case datetime():
            return standard_literal((value - _EPOCH) // timedelta(microseconds=1))
        case float() if not math.isfinite(value):
            return "'NaN'" if math.isnan(value) else _INFINITE[value > 0]
    return standard_literal(value)


def _open(url: str) -> OpenDatabase:
    from fieldstone_runtime.sqlite import SQLiteDatabase

    return SQLiteDatabase(path_of(url))


def path_of(url: str) -> str:
    """The path of the file that a URL names; Invalid where it names none."""
    rest = url.partition(":")[2]
    slashes = len(rest) - len(rest.lstrip("/"))
    path = rest[3:] if slashes > 1 else rest
    if not path or slashes == 2:  # noqa: PLR2004 - sqlite://host has a host, and no file
        raise Invalid("the URL of the SQLite database names no file", fix=url_advice())
    return path


DIALECT = Dialect(
    title="SQLite",
    folder="sqlite",
    addresses=("sqlite:",),
    examples=("sqlite:///telemetry.db", "sqlite:////var/lib/telemetry.db"),
    open=_open,
    types={
        **dict.fromkeys(("int32", "uint32", "int64", "uint64", "bool", "enum", "timestamp", "duration"), "INTEGER"),
        **dict.fromkeys(("float", "double"), "REAL"),
        **dict.fromkeys(("text", "enum_name", "json"), "TEXT"),
        **dict.fromkeys(("bytes", "proto"), "BLOB"),
    },
    storing={"int64": INT_OF_64_BITS},
    literal=_literal,
    # It gives the newest event's number anew once that is deleted, which AUTOINCREMENT would prevent at a fifth of the
    # cost of an insert: an event is known by its key.
    identity="INTEGER PRIMARY KEY",
    # Rows of a child table lie together by parent; those of an entity are too wide (sqlite.org/withoutrowid.html).
    after_child_table=" WITHOUT ROWID",
    words=frozenset(_WORDS.split()),
    tables=frozenset({"json_each", "json_tree"}),  # https://sqlite.org/vtab.html#tabfunc2
    prefixes=("sqlite_", "pragma_"),
    mark="?",
    typed_mark="?",
    among="{column} IN (SELECT fieldstone_unpacked(value) FROM json_each(?))",
    bind_list="packed({0})",
    # Its own sum ends with an error beyond 64 bits, so that upper and lower halves are added apart.
    whole_sum=Sum(("sum({0} >> 32)", "sum({0} & 4294967295)"), "({0} << 32) + {1}"),
    # NaN is text, which counts as 0; infinities of both signs give NULL.
    float_sum=Sum(
        (
            "CASE WHEN sum(typeof({0}) = 'text') > 0 THEN 'NaN' WHEN count({0}) > 0 THEN coalesce(sum({0}), 'NaN') END",
            "max(abs({0}))",
        ),
        "finite_sum({0}, {1})",
    ),
)
"""The dialect."""
