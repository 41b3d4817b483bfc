"""Outboxes and sinks by their URLs."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from fieldstone_runtime.relay.deliveries import DEFAULT
from fieldstone_runtime.relay.events import Sink, UnavailableError
from fieldstone_runtime.relay.outbox import Outbox
from fieldstone_runtime.relay.sinks.table import TABLE

SOURCES = "sqlite:///telemetry.db or postgresql://user@host/database"
"""The form of an outbox's URL."""

SINKS = f"kafka://host:9092/topic, s3://bucket/prefix, {SOURCES}"
"""The form of a sink's URL."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SINK_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}\Z")


class UrlError(ValueError):
    """A URL that names nothing that can be opened; its text says why, and holds no password."""


def open_outbox(url: str, table: str | None = None, *, name: str = DEFAULT, **settings: Any) -> Outbox:
    """The outbox of a database.

    Args:
        url: "sqlite:///telemetry.db" (a fourth slash begins an absolute path) or "postgresql://user@host/database".
        table: its name; by default the only table whose name ends in "_outbox".
        name: what deliveries are recorded under.
        settings: as for `Outbox`.

    Raises:
        UrlError: the URL or the name cannot be read, or there is no such table, or several.
        UnavailableError: the database cannot be reached.
        ModuleNotFoundError: what speaks to it is not installed.
    """
    parts = urlsplit(url)
    if not _SINK_NAME.match(name):
        raise UrlError(f"{name!r} is no name of a sink; take up to 60 letters, digits, - and _")
    settings["name"] = name
    if parts.scheme == "sqlite":
        from fieldstone_runtime.relay.sqlite_tables import SQLiteTables

        path = _file(url)
        if not path.is_file():
            raise UrlError(f"there is no database {path}")
        return Outbox(SQLiteTables(path), _table(table, _sqlite_tables(path), str(path)), **settings)
    if parts.scheme in {"postgresql", "postgres"}:
        found = _table(table, _postgres_tables(url), parts.path.lstrip("/"))
        from fieldstone_runtime.relay.postgres_tables import PostgresTables

        return Outbox(PostgresTables(url), found, **settings)
    raise UrlError(f"the URL of the outbox begins with {_scheme(url)}; write {SOURCES}")


def open_sink(url: str) -> Sink:
    """The sink that a URL names.

    Args:
        url: one of
            "kafka://host:port/topic?schema_id=7&..." (further settings of librdkafka by their names),
            "s3://bucket/prefix?endpoint=http://host:port&region=...",
            "postgresql://user@host/database?table=...", "sqlite:///events.db?table=...".

    Raises:
        UrlError: the URL cannot be read.
        UnavailableError: a file cannot be opened.
        ModuleNotFoundError: what speaks to the sink is not installed.
    """
    openers: dict[str, Callable[[str, dict[str, str]], Sink]] = {
        "kafka": _kafka,
        "s3": _s3,
        "sqlite": _sqlite,
        "postgresql": _postgres,
        "postgres": _postgres,
    }
    parts = urlsplit(url)
    if parts.scheme not in openers:
        raise UrlError(f"the URL of the sink begins with {_scheme(url)}; write {SINKS}")
    return openers[parts.scheme](url, dict(parse_qsl(parts.query, keep_blank_values=True)))


def destination(url: str) -> str:
    """The URL of a sink for people: without user, password and settings."""
    scheme, _, rest = url.partition("://")
    place, _, settings = rest.partition("?")
    if "@" in settings and "@" not in place:  # the password has a question mark
        return f"{scheme}://..."
    return f"{scheme}://{place.rpartition('@')[2]}"


def _kafka(url: str, options: dict[str, str]) -> Sink:
    _require("confluent_kafka", "kafka")
    from confluent_kafka import KafkaException

    from fieldstone_runtime.relay.sinks.kafka import KafkaSink

    parts = urlsplit(url)
    topic = parts.path.strip("/")
    if not parts.netloc or not topic or "/" in topic:
        raise UrlError("the URL of the sink names no broker and topic; write kafka://host:9092/topic")
    number = options.pop("schema_id", None)
    if number is not None and not (number.isdecimal() and int(number) < 2**32):
        raise UrlError(f"schema_id must be a number below 2^32, and is {number!r}")
    try:
        return KafkaSink(
            parts.netloc.rpartition("@")[2],
            topic,
            schema_id=None if number is None else int(number),
            options=dict(options),
        )
    except KafkaException as error:
        raise UrlError(f"librdkafka takes no such settings: {error.args[0].str()}") from error


def _s3(url: str, options: dict[str, str]) -> Sink:
    _require("obstore", "s3")
    from obstore.exceptions import BaseError

    from fieldstone_runtime.relay.sinks.s3 import S3Sink

    parts = urlsplit(url)
    if not parts.netloc:
        raise UrlError("the URL of the sink names no bucket; write s3://bucket/prefix")
    try:
        return S3Sink(parts.netloc, parts.path.strip("/"), options)
    except (BaseError, TypeError) as error:
        raise UrlError(f"no S3 store can be made of these settings: {error}") from error


def _sqlite(url: str, options: dict[str, str]) -> Sink:
    from fieldstone_runtime.relay.sinks.sqlite import SQLiteSink

    return SQLiteSink(_file(url), _named(options.get("table", TABLE)))


def _postgres(url: str, options: dict[str, str]) -> Sink:
    _require("psycopg", "postgres")
    from fieldstone_runtime.relay.sinks.postgres import PostgresSink

    parts = urlsplit(url)
    rest = "&".join(f"{key}={value}" for key, value in options.items() if key != "table")
    return PostgresSink(urlunsplit(parts._replace(query=rest)), _named(options.get("table", TABLE)))


def _file(url: str) -> Path:
    rest = url.partition(":")[2].partition("?")[0]
    if not rest.startswith("///") or len(rest) < 4:  # noqa: PLR2004 - three slashes and a name
        raise UrlError(f"the URL of the SQLite database names no file; write {SOURCES}")
    return Path(unquote(rest[3:]))


def _sqlite_tables(path: Path) -> list[str]:
    from fieldstone_runtime.relay.sqlite_tables import connect

    try:
        connection = connect(path)
        try:
            return [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise UnavailableError(f"the outbox {path}: {error}") from error


def _postgres_tables(url: str) -> list[str]:
    _require("psycopg", "postgres")
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            query = "SELECT tablename::text FROM pg_tables WHERE schemaname = ANY (current_schemas(false))"
            return [name for (name,) in connection.execute(query).fetchall()]
    except psycopg.Error as error:
        raise UnavailableError(f"the outbox: {error}") from error


def _table(asked: str | None, there: list[str], database: str) -> str:
    found = sorted(name for name in there if name.endswith("_outbox"))
    if asked is not None:
        if asked not in there:
            raise UrlError(f"{database} has no table {asked}; it has {', '.join(sorted(there)) or 'none'}")
        return _named(asked)
    if len(found) != 1:
        seen = ", ".join(found) or "none"
        raise UrlError(f"one table of {database} must end in _outbox, or be named; there are: {seen}")
    return _named(found[0])


def _named(table: str) -> str:
    if not _NAME.match(table):
        raise UrlError(f"{table!r} is no plain table name")
    return table


def _require(module: str, extra: str) -> None:
    if find_spec(module) is None:
        problem = f"{module} is not installed: pip install 'fieldstone-runtime[{extra}]'"
        raise ModuleNotFoundError(problem, name=module)


def _scheme(url: str) -> str:
    """The scheme of a URL; what follows it may hold a password."""
    scheme, colon, _ = url.partition(":")
    return scheme if colon and scheme.isalnum() else "no scheme"
