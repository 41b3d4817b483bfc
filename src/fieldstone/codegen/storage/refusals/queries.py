"""Queries: that their fields are there, that an index serves them, and that their parts go together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fieldstone.codegen.storage.entities import query_order
from fieldstone.codegen.storage.refusals.keys import named_field
from fieldstone.codegen.storage.refusals.subject import Refusal, Subject, quoted, twice
from fieldstone.schema.entity import Query
from fieldstone.schema.storage import Table


def fields(subject: Subject) -> Iterator[Refusal]:
    """The fields of a query are stored and can be compared."""
    for table, query in _queries(subject):
        for name in _named(query):
            yield from named_field(table, f"query {query.name}", name)


def parts(subject: Subject) -> Iterator[Refusal]:
    """The parts of a query go together."""
    for table, query in _queries(subject):
        for problem, fix in _misfits(query):
            yield Refusal(table.location, f"query {query.name} of {table.name} {problem}", fix)


def _misfits(query: Query) -> Iterator[tuple[str, str]]:
    for name in twice(query.equal):
        yield f"names {name} twice in equal", "name it once"
    for name in twice(query.order_by):
        yield f"names {name} twice in order_by", "name it once"
    if query.range and query.range in query.equal:
        yield f"has {query.range} both as range and in equal", "leave out one of them"
    if query.range_name and not query.range:
        yield "has a range_name and no range", "name the field in range"
    if query.range and query.order_by and query.order_by[0] != query.range:
        fix = f"begin order_by with {query.range}, or leave it out"
        yield f"is ordered by {query.order_by[0]}, and its range is over {query.range}", fix
    yield from _without_records(query)


def _without_records(query: Query) -> Iterator[tuple[str, str]]:
    if query.limit and query.result != "records":
        yield f"has a limit, and its result is {query.result}", "leave it out"
    if query.result in {"count", "deleted"}:
        for key in ("order_by", "descending"):
            if getattr(query, key):
                yield f"has {key}, and its result is {query.result}", "leave it out"


def order(subject: Subject) -> Iterator[Refusal]:
    """The fields that order an answer always have a value: databases sort NULL differently.

    A range leaves records without its field out of the answer, so that it may order it.
    """
    for table, query in _queries(subject):
        if query.result not in {"records", "first"}:
            continue
        for name in query_order(query, table):
            column = table.column(name)
            if column is not None and column.nullable and name not in (*table.primary_key, query.range):
                what = f"query {query.name} of {table.name} is ordered by {name}, which can be absent"
                yield Refusal(table.location, what, "order it by fields that always have a value, or by its range")


def indexed(subject: Subject) -> Iterator[Refusal]:
    """A query's fields are what the primary key or an index begins with."""
    for table, query in _queries(subject):
        keys = [table.primary_key, *(index.fields for index in table.indexes)]
        if all(table.column(name) for name in _named(query)) and not any(_serves(key, query, table) for key in keys):
            what = f"no index of {table.name} serves query {query.name}"
            wanted = dict.fromkeys((*query.equal, *_sequence(query)))
            yield Refusal(table.location, what, f"add indexes: {{fields: {quoted(wanted)}}}")


def _serves(key: Sequence[str], query: Query, table: Table) -> bool:
    """Whether the rows that a query asks for lie side by side in an index, in the order of the answer."""
    equal = set(query.equal)
    leading, further = key[: len(equal)], list(key[len(equal) :])
    if set(leading) != equal or (query.range and further[:1] != [query.range]):
        return False
    tail = [name for name in table.primary_key if name not in key]
    wanted = _sequence(query)
    return [*further, *tail][: len(wanted)] == wanted


def _sequence(query: Query) -> list[str]:
    """The fields that come after those in `equal`."""
    return [name for name in dict.fromkeys((query.range, *query.order_by)) if name and name not in query.equal]


def _queries(subject: Subject) -> Iterator[tuple[Table, Query]]:
    for table in subject.tables.values():
        for query in table.entity.queries:
            yield table, query


def _named(query: Query) -> list[str]:
    """Every field that a query names, once."""
    return [name for name in dict.fromkeys((*query.equal, query.range, *query.order_by)) if name]


CHECKS = (fields, parts, order, indexed)
"""Every check of the topic."""
