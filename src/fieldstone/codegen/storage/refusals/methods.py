"""Names of generated functions and of their arguments: that each is a name, and the only one of its kind."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fieldstone.codegen.storage.refusals.subject import Refusal, Subject, key_columns, twice
from fieldstone.codegen.storage.reserved import ARGUMENTS, METHODS, is_python_word
from fieldstone.schema.entity import Query
from fieldstone.schema.model import Message
from fieldstone.schema.storage import Table, annotation_location, plural_name, record_name

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def entity_names(subject: Subject) -> Iterator[Refusal]:
    """The names of a record, singular and plural, can stand in generated functions."""
    for message, entity in subject.entities:
        words = [("name", record_name(message)), *([] if entity.not_stored else [("plural", plural_name(message))])]
        for option, word in words:
            problem = _no_name(word)
            if not problem and word in ARGUMENTS:
                problem = "an argument of generated methods"
            if problem:
                what = f'{message.name} is called "{word}", {problem}'
                yield Refusal(annotation_location(message), what, f"give it another with {option}")


def entities_alike(subject: Subject) -> Iterator[Refusal]:
    """No two entities are called the same."""
    names: dict[str, Message] = {}
    for message, _ in subject.entities:
        other = names.setdefault(record_name(message), message)
        if other is not message:
            what = f"{message.name} is called {record_name(message)}, and so is {other.name}"
            yield Refusal(annotation_location(message), what, "give it another with name")
    taken = {table.name_of_record: table for table in reversed(list(subject.tables.values()))}
    for table in subject.tables.values():
        if table.plural in taken:
            other_table = taken[table.plural]
            whose = "one of them" if other_table is table else other_table.name
            what = f"several of {table.name} are called {table.plural}, and so is {whose}"
            yield Refusal(table.location, what, "give them another with plural")
        taken.setdefault(table.plural, table)


def query_names(subject: Subject) -> Iterator[Refusal]:
    """A query can be a method, and is the only one of its name."""
    seen = dict.fromkeys(METHODS, "every repository")
    for table in subject.tables.values():
        seen.update(dict.fromkeys(_methods(table), table.name))
    for table in subject.tables.values():
        for query in table.entity.queries:
            problem = _no_name(query.name)
            if problem:
                what = f'a query of {table.name} is called "{query.name}", {problem}'
                yield Refusal(table.location, what, "give it another name")
            elif query.name in seen:
                what = f"query {query.name} of {table.name} is called as a method of {seen[query.name]}"
                yield Refusal(table.location, what, "give it another name")
            seen.setdefault(query.name, table.name)


def arguments(subject: Subject) -> Iterator[Refusal]:
    """The arguments of a method have names of their own."""
    for table in subject.tables.values():
        if any(column.attribute == "self" for column in key_columns(table)):
            yield _alike(table, f"get_{table.name_of_record}", "self")
        for query in table.entity.queries:
            if query.range_name and _no_name(f"from_{query.range_name}"):
                what = f'range_name "{query.range_name}" of query {query.name} is no part of a name'
                yield Refusal(table.location, what, "write it with a-z, 0-9 and _")
            for name in twice(_arguments(table, query)):
                yield _alike(table, query.name, name)


def _alike(table: Table, method: str, name: str) -> Refusal:
    fix = "give the field another attribute, or the range a range_name"
    return Refusal(table.location, f"{method} of {table.name} has two arguments called {name}", fix)


def _arguments(table: Table, query: Query) -> list[str]:
    given = dict.fromkeys((*query.equal, *query.among, *query.optional_equal))
    names = ["self", *(column.attribute for name in given if (column := table.column(name)))]
    column = table.column(query.range)
    if column is not None:
        name = query.range_name or column.attribute
        names += [f"from_{name}", f"before_{name}"]
    return [*names, "after", "limit"] if query.result == "records" else names


def _methods(table: Table) -> list[str]:
    verbs = ("add", "save", "get", "delete", "update")
    return [*(f"{verb}_{table.name_of_record}" for verb in verbs), f"add_{table.plural}"]


def _no_name(word: str) -> str:
    """Why a word is no name of a function; empty where it is one."""
    if not _NAME.fullmatch(word):
        return "and names of functions have a-z, 0-9 and _"
    return "a keyword of Python" if is_python_word(word) else ""


CHECKS = (entity_names, entities_alike, query_names, arguments)
"""Every check of the topic."""
