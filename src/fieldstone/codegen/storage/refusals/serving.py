"""Rpcs that name a query: that it is there, and that the rpc's messages hold what it asks for and what it answers."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.codegen.storage.refusals.subject import Refusal, Subject
from fieldstone.codegen.storage.served import (
    NEXT_PAGE_TOKEN,
    PAGE_SIZE,
    PAGE_TOKEN,
    ServedQuery,
    answer_field,
    field_named,
    served_queries,
    served_rpcs,
    versions,
)
from fieldstone.schema.location import Location
from fieldstone.schema.model import Field, Rpc, Service
from fieldstone.schema.storage import SCALAR_KINDS
from fieldstone.suggestions import did_you_mean

Served = tuple[Service, Rpc, ServedQuery]
_PAGING = {PAGE_SIZE: "int32", PAGE_TOKEN: "string"}


def known(subject: Subject) -> Iterator[Refusal]:
    """An rpc names a query that is there."""
    queries = served_queries(subject.tables.values())
    for _, rpc in served_rpcs(subject.schema, subject.own):
        if rpc.serves not in queries:
            message = rpc.serves.rpartition(".")[0]
            what = "no query of it" if message in subject.tables else "no query of a stored message"
            yield Refusal(
                rpc.location, f"{rpc.name} serves {rpc.serves}, which is {what}", did_you_mean(rpc.serves, queries)
            )


def shape(subject: Subject) -> Iterator[Refusal]:
    """An rpc streams the records of its query one after the other."""
    for _, rpc, query in _served(subject):
        if rpc.client_streaming:
            problem = f"{rpc.name} takes a stream, and {query.name} is asked once"
            yield Refusal(rpc.location, problem, f"take {rpc.request} without stream")
        if query.result == "deleted":
            problem = f"{rpc.name} serves {query.name}, which deletes, and an rpc that serves a query only reads"
            yield Refusal(rpc.location, problem, "leave serves out, and write its servicer")
        elif query.result == "groups":
            problem = f"{rpc.name} serves {query.name}, which computes, and a response has no place for groups"
            yield Refusal(rpc.location, problem, "leave serves out, and write its servicer")
        elif rpc.server_streaming and query.result != "records":
            problem = f"{rpc.name} gives a stream, and {query.name} gives one answer"
            yield Refusal(rpc.location, problem, f"give {rpc.response} without stream")


def request(subject: Subject) -> Iterator[Refusal]:
    """A request has what the query must be given, and nothing that would be passed over."""
    for _, rpc, query in _served(subject):
        message = subject.schema.messages[rpc.request]
        for name in (*query.equal, *query.among):
            wanted = query.entity_field(name)
            if wanted is not None and field_named(message, name) is None:
                problem = f"{rpc.request} has no field {name}, which {query.name} asks for"
                yield Refusal(rpc.location, problem, f"add {_label(name, query)}{wanted.type} {name}")
        for field in message.fields.values():
            for problem, fix in _unfit(field, rpc, query):
                yield Refusal(_location(subject, field, rpc), problem, fix)


def _unfit(field: Field, rpc: Rpc, query: ServedQuery) -> Iterator[tuple[str, str]]:
    wanted = query.entity_field(field.name)
    if wanted is None:
        if field.name not in _paging(rpc, query):
            yield f"{query.name} asks nothing with {field.full_name}", "remove it, or serve a query that has it"
        elif field.type != _PAGING[field.name] or field.cardinality != "singular":
            yield f"{field.full_name} is no {_PAGING[field.name]}", f"make it {_PAGING[field.name]} {field.name}"
    elif _kind(field) != _kind(wanted) or (field.cardinality == "repeated") != (field.name in query.among):
        wish = f"{_label(field.name, query)}{wanted.type}"
        what = f"as {query.name} asks for" if field.name in query.among else f"as {wanted.full_name} is"
        yield f"{field.full_name} is no {wish}, {what}", f"make it {wish} {field.name}"
    elif (field.name in query.range or field.name in query.optional) and field.presence != "explicit":
        problem = f"{field.full_name} cannot be absent, and then nobody can ask for all"
        yield problem, f"make it optional {field.type} {field.name}"


def _label(name: str, query: ServedQuery) -> str:
    return "repeated " if name in query.among else ""


def _paging(rpc: Rpc, query: ServedQuery) -> set[str]:
    if query.result != "records" or not query.order:
        return set()
    return {PAGE_TOKEN} if rpc.server_streaming else {PAGE_SIZE, PAGE_TOKEN}


def _kind(field: Field) -> str:
    return field.type if field.composite else SCALAR_KINDS.get(field.type, field.type)


def paging(subject: Subject) -> Iterator[Refusal]:
    """Pages have a token in the request and one in the response."""
    for _, rpc, query in _served(subject):
        message, response = (subject.schema.messages[name] for name in (rpc.request, rpc.response))
        asked, told = field_named(message, PAGE_TOKEN), field_named(response, NEXT_PAGE_TOKEN)
        if asked and not told:
            fix = f"add string {NEXT_PAGE_TOKEN} to {rpc.response}"
            yield Refusal(rpc.location, f"{rpc.name} takes a {PAGE_TOKEN} and gives none", fix)
        if field_named(message, PAGE_SIZE) and not asked and _paging(rpc, query):
            fix = f"add string {PAGE_TOKEN}"
            yield Refusal(rpc.location, f"{rpc.request} has a {PAGE_SIZE} and no {PAGE_TOKEN}", fix)
        if told and (told.type != "string" or told.cardinality != "singular"):
            yield Refusal(
                _location(subject, told, rpc), f"{told.full_name} is no string", f"make it string {NEXT_PAGE_TOKEN}"
            )


def response(subject: Subject) -> Iterator[Refusal]:
    """A response has one place for the answer, of a version of the stored message, and nothing that stays empty."""
    for _, rpc, query in _served(subject):
        if query.result in {"deleted", "groups"}:
            continue
        field = answer_field(rpc, query, subject.schema)
        whole = versions(subject.schema.messages[rpc.response], query.table.message, subject.schema)
        is_list = query.result == "records" and not rpc.server_streaming
        if field is None and (not whole or is_list or query.result == "count"):
            yield Refusal(rpc.location, *_no_answer(rpc, query, is_list=is_list))
        if field is not None:
            yield from _around(subject, rpc, query, field)


def _no_answer(rpc: Rpc, query: ServedQuery, *, is_list: bool) -> tuple[str, str]:
    if query.result == "count":
        return f"{rpc.response} has no one field for the count that {query.name} gives", "add int64 count"
    what = f"{'repeated ' if is_list else ''}{query.table.full_name}"
    name = query.table.plural if is_list else query.table.name_of_record
    problem = f"{rpc.response} has no one field of {query.table.full_name}, or of what supersedes it"
    return f"{problem}, which {query.name} gives", f"add {what} {name}"


def _around(subject: Subject, rpc: Rpc, query: ServedQuery, field: Field) -> Iterator[Refusal]:
    is_list = query.result == "records" and not rpc.server_streaming
    if is_list != (field.cardinality == "repeated"):
        problem = f"{field.full_name} holds {'one record' if is_list else 'several'}, and {rpc.name} gives"
        fix = f"make it {'repeated ' if is_list else ''}{field.type} {field.name}"
        yield Refusal(_location(subject, field, rpc), f"{problem} {'several' if is_list else 'one'}", fix)
    asked = field_named(subject.schema.messages[rpc.request], PAGE_TOKEN)
    for other in subject.schema.messages[rpc.response].fields.values():
        if other is not field and not (other.name == NEXT_PAGE_TOKEN and asked):
            problem = f"{other.full_name} stays empty: {query.name} gives nothing for it"
            yield Refusal(_location(subject, other, rpc), problem, "remove it, or leave serves out")


def one_module(subject: Subject) -> Iterator[Refusal]:
    """No two services give one module."""
    from fieldstone.codegen.storage.servicers import module_name

    seen: dict[str, Service] = {}
    for service, rpc, _ in _served(subject):
        other = seen.setdefault(module_name(service), service)
        if other is not service:
            problem = (
                f"the module of {service.full_name} is {module_name(service)}, and so is that of {other.full_name}"
            )
            yield Refusal(rpc.location, problem, "name one of the services otherwise")


def _served(subject: Subject) -> Iterator[Served]:
    queries = served_queries(subject.tables.values())
    for service, rpc in served_rpcs(subject.schema, subject.own):
        if rpc.serves in queries:
            yield service, rpc, queries[rpc.serves]


def _location(subject: Subject, field: Field, rpc: Rpc) -> Location:
    return field.location if field.location.path in subject.own else rpc.location


CHECKS = (known, shape, request, paging, response, one_module)
"""Every check of the topic."""
