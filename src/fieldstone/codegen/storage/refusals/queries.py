"""Queries: that their fields are there, that an index serves them, and that their parts go together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    for key, names in _lists(query).items():
        for name in twice(names):
            yield f"names {name} twice in {key}", "name it once"
    yield from _in_two_places(query)
    if query.range_name and not query.range:
        yield "has a range_name and no range", "name the field in range"
    if query.range and query.order_by and query.order_by[0] != query.range:
        fix = f"begin order_by with {query.range}, or leave it out"
        yield f"is ordered by {query.order_by[0]}, and its range is over {query.range}", fix
    yield from _without_records(query)


def _lists(query: Query) -> dict[str, Sequence[str]]:
    """The lists of fields, by their keys in the annotation."""
    return {
        "equal": query.equal,
        "optional_equal": query.optional_equal,
        "in": query.among,
        "absent": query.absent,
        "latest_per": query.latest_per,
        "group_by": query.group_by,
        "order_by": query.order_by,
    }


def _in_two_places(query: Query) -> Iterator[tuple[str, str]]:
    """A field has one condition; what is fixed to one value makes no groups."""
    seen: dict[str, str] = {}
    conditions = {
        key: names for key, names in _lists(query).items() if key not in {"latest_per", "group_by", "order_by"}
    }
    for key, names in {"range": (query.range,) if query.range else (), **conditions}.items():
        for name in dict.fromkeys(names):
            if name in seen:
                first = "as range" if seen[name] == "range" else f"in {seen[name]}"
                yield f"has {name} both {first} and in {key}", "leave out one of them"
            seen.setdefault(name, key)
    for name in query.latest_per:
        if seen.get(name) in {"equal", "absent"}:
            yield f"has {name} both in {seen[name]} and in latest_per", "leave out one of them"


def _without_records(query: Query) -> Iterator[tuple[str, str]]:
    if query.limit and query.result != "records":
        yield f"has a limit, and its result is {query.result}", "leave it out"
    if query.latest_per and query.result != "records":
        yield f"has latest_per, and its result is {query.result}", "leave it out"
    if query.latest_per and query.descending:
        yield "has descending, and latest_per gives the last of each", "leave it out"
    if query.result in {"count", "deleted", "groups"}:
        for key in ("order_by", "descending"):
            if getattr(query, key):
                yield f"has {key}, and its result is {query.result}", "leave it out"


def absences(subject: Subject) -> Iterator[Refusal]:
    """Only what can be absent is asked to be."""
    for table, query in _queries(subject):
        for name in query.absent:
            column = table.column(name)
            if column is not None and not column.nullable:
                what = f"query {query.name} of {table.name} asks for records without {name}, which always has a value"
                yield Refusal(table.location, what, "leave it out of absent")


def lists(subject: Subject) -> Iterator[Refusal]:
    """Values that are looked up in a list are equal to themselves."""
    for table, query in _queries(subject):
        for name in query.among:
            column = table.column(name)
            if column is not None and column.kind in {"float", "double"}:
                what = f"query {query.name} of {table.name} looks up {name} in a list"
                problem = f"{what}, a {column.kind}, and NaN is equal to nothing"
                yield Refusal(table.location, problem, "name fields with whole numbers, text or bytes")


def indexed(subject: Subject) -> Iterator[Refusal]:
    """A query's fields are what the primary key or an index begins with."""
    for table, query in _queries(subject):
        if all(table.column(name) for name in _named(query)):
            for needed in _needed(query):
                if not any(_serves(key, *way, table) for key in _keys(table) for way in needed):
                    what = f"no index of {table.name} serves query {query.name}"
                    leading, sequence = needed[0]
                    wanted = quoted(dict.fromkeys((*leading, *sequence)))
                    yield Refusal(table.location, what, f"add indexes: {{fields: {wanted}}}")


_Way = tuple[list[str], list[str]]
"""The fields that an index must begin with, in any order, and those that must come next, in this one."""


def _needed(query: Query) -> Iterator[list[_Way]]:
    """The ways of finding the records, of which an index must allow one: with no optional argument, and with each."""
    fixed = list(dict.fromkeys((*query.equal, *query.among, *query.absent)))
    ranged = [query.range] if query.range else []
    if query.result == "groups":
        yield [(fixed, ranged), ([*fixed, *(name for name in query.group_by if name not in fixed)], ranged)]
    elif query.among:
        yield [([*fixed, *query.latest_per], ranged)]
    else:
        leading = list(dict.fromkeys((*fixed, *query.latest_per)))
        wanted = dict.fromkeys((*ranged, *query.order_by))
        yield [(leading, [name for name in wanted if name not in leading])]
    for name in query.optional_equal:
        yield [([*fixed, name], [])]


def _keys(table: Table) -> list[Sequence[str]]:
    return [table.primary_key, *(index.fields for index in table.indexes)]


def _serves(key: Sequence[str], leading: Sequence[str], sequence: Sequence[str], table: Table) -> bool:
    """Whether the rows that a query asks for lie side by side in an index, in the order of the answer."""
    first, further = key[: len(leading)], key[len(leading) :]
    tail = [name for name in table.primary_key if name not in key]
    return set(first) == set(leading) and [*further, *tail][: len(sequence)] == list(sequence)


def _queries(subject: Subject) -> Iterator[tuple[Table, Query]]:
    for table in subject.tables.values():
        for query in table.entity.queries:
            yield table, query


def _named(query: Query) -> list[str]:
    """Every field that a query names, once."""
    listed = [name for names in _lists(query).values() for name in names]
    computed = [aggregate.field for aggregate in query.aggregates]
    return [name for name in dict.fromkeys((*query.equal, query.range, *listed, *computed)) if name]


CHECKS = (fields, parts, absences, lists, indexed)
"""Every check of the topic."""
