"""Aggregates of queries: that each function is defined for its field, and that attributes have names of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fieldstone.codegen.storage.queries.groups import COMPARED, SUMMED, measure_name
from fieldstone.codegen.storage.refusals.subject import Refusal, Subject, twice
from fieldstone.codegen.storage.reserved import is_python_word
from fieldstone.schema.entity import Aggregate, Query
from fieldstone.schema.storage import Table

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_FITTING = {
    "sum": (SUMMED, "whole numbers, floats or durations"),
    "min": (COMPARED, "numbers, text, enums or times"),
    "max": (COMPARED, "numbers, text, enums or times"),
}


def results(subject: Subject) -> Iterator[Refusal]:
    """Aggregates and the result that has them go together."""
    for table, query in _queries(subject):
        what = f"query {query.name} of {table.name}"
        if query.result == "groups" and not query.aggregates:
            yield Refusal(table.location, f"{what} gives groups, and computes nothing of them", "add aggregates")
        for key in ("aggregates", "group_by"):
            if getattr(query, key) and query.result != "groups":
                problem = f"{what} has {key}, and its result is {query.result}"
                yield Refusal(table.location, problem, "set result: QUERY_RESULT_GROUPS, or leave it out")


def functions(subject: Subject) -> Iterator[Refusal]:
    """A function is there, and its field has a type that it is defined for."""
    for table, query in _queries(subject):
        for aggregate in query.aggregates:
            problem, fix = _misfit(aggregate, table)
            if problem:
                yield Refusal(table.location, f"query {query.name} of {table.name} {problem}", fix)


def _misfit(aggregate: Aggregate, table: Table) -> tuple[str, str]:
    function, column = aggregate.function, table.column(aggregate.field)
    if not function:
        return "has an aggregate without a function", "set function: AGGREGATE_FUNCTION_SUM, or another"
    if not aggregate.field and function != "count":
        return f"computes a {function} of no field", "name the field of the aggregate"
    if column is None or function not in _FITTING:
        return "", ""
    kinds, fitting = _FITTING[function]
    if column.kind not in kinds:
        return f"computes a {function} of {column.name}, which is {column.kind}", f"name fields with {fitting}"
    return "", ""


def names(subject: Subject) -> Iterator[Refusal]:
    """The attributes of an answer have names, each its own."""
    for table, query in _queries(subject):
        what = f"an aggregate of query {query.name} of {table.name}"
        for aggregate in query.aggregates:
            name = aggregate.name
            if name and (not _NAME.fullmatch(name) or is_python_word(name)):
                yield Refusal(table.location, f'{what} is called "{name}", which is no name', "use a-z, 0-9 and _")
        for name in twice(_attributes(query, table)):
            yield Refusal(table.location, f"{what} is called {name}, and so is another value", "give it another name")


def _attributes(query: Query, table: Table) -> Iterator[str]:
    for name in query.group_by:
        column = table.column(name)
        if column is not None:
            yield column.attribute
    for aggregate in query.aggregates:
        column = table.column(aggregate.field)
        yield measure_name(aggregate, column.attribute if column else "")


def _queries(subject: Subject) -> Iterator[tuple[Table, Query]]:
    for table in subject.tables.values():
        for query in table.entity.queries:
            yield table, query


CHECKS = (results, functions, names)
"""Every check of the topic."""
