"""The query that answers an rpc, and the parts of its messages that hold the question and the answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from fieldstone.codegen.storage.queries.build import query_order, query_present
from fieldstone.schema.entity import Query
from fieldstone.schema.model import Field, Message, Rpc, Schema, Service
from fieldstone.schema.storage import Table

PAGE_SIZE, PAGE_TOKEN, NEXT_PAGE_TOKEN = "page_size", "page_token", "next_page_token"
"""The fields that page through an answer: https://google.aip.dev/158."""


class ServedQuery(Struct, frozen=True):
    """A method of a repository that an rpc may name.

    Attributes:
        table: whose records it gives.
        name: the method: "steps_by_run", or "get_step" for the record of a key.
        equal: the fields whose values must be given.
        among: the fields of which a list of values must be given.
        optional: the fields whose values may be given.
        range: the fields of a request that may be given, with the entity's field: `from_step`, `before_step`.
        order: the fields that a position in the answer has.
        present: those of them that can be absent, and are not in the answer then.
        result: record, records, count, deleted or groups.
    """

    table: Table
    name: str
    equal: tuple[str, ...]
    among: tuple[str, ...]
    optional: tuple[str, ...]
    range: Mapping[str, str]
    order: tuple[str, ...]
    present: tuple[str, ...]
    result: str

    @property
    def full_name(self) -> str:
        """The content of `(fieldstone.v1.serves)`."""
        return f"{self.table.full_name}.{self.name}"

    def entity_field(self, name: str) -> Field | None:
        """The entity's field that a field of a request is compared with; None for one that it asks nothing with."""
        wanted = self.range.get(name, name if name in {*self.equal, *self.among, *self.optional} else "")
        return next((field for field in self.table.message.fields.values() if field.name == wanted), None)


def served_queries(tables: Iterable[Table]) -> dict[str, ServedQuery]:
    """All that rpcs may name, by full name."""
    return {query.full_name: query for table in tables for query in _of(table)}


def _of(table: Table) -> Iterator[ServedQuery]:
    yield ServedQuery(table, f"get_{table.name_of_record}", table.primary_key, (), (), {}, (), (), "record")
    for query in table.entity.queries:
        yield ServedQuery(
            table,
            query.name,
            query.equal,
            query.among,
            query.optional_equal,
            _range(query),
            tuple(query_order(query, table)),
            tuple(query_present(query, table)),
            "record" if query.result == "first" else query.result,
        )


def _range(query: Query) -> dict[str, str]:
    name = query.range_name or query.range
    return {f"from_{name}": query.range, f"before_{name}": query.range} if name else {}


def served_rpcs(schema: Schema, own: Iterable[str]) -> Iterator[tuple[Service, Rpc]]:
    """The rpcs of these files that name a query."""
    files = set(own)
    for service in schema.services.values():
        for rpc in service.rpcs.values() if service.file in files else ():
            if rpc.serves:
                yield service, rpc


def field_named(message: Message, name: str) -> Field | None:
    """The field of this name; None if there is none."""
    return next((field for field in message.fields.values() if field.name == name), None)


def versions(message: Message | None, stored: Message, schema: Schema) -> list[Message]:
    """From the stored message to the one that is asked for, each superseding the one before; empty for no such way."""
    found: list[Message] = []
    while message is not None and message not in found:
        found.append(message)
        if message.full_name == stored.full_name:
            return found[::-1]
        message = schema.messages.get(message.entity.supersedes) if message.entity else None
    return []


def answer_field(rpc: Rpc, query: ServedQuery, schema: Schema) -> Field | None:
    """The field of an rpc's response that holds the answer.

    None where the response itself is the DTO, or where no field can hold it.
    """
    response = schema.messages[rpc.response]
    if query.result == "count":
        whole = [f for f in response.fields.values() if f.cardinality == "singular" and f.type in COUNTS]
        return whole[0] if len(whole) == 1 else None
    held = [f for f in response.fields.values() if versions(schema.messages.get(f.type), query.table.message, schema)]
    return held[0] if len(held) == 1 else None


COUNTS = frozenset({"int64", "uint64", "sint64", "fixed64", "sfixed64"})
"""The types that hold how many records there are."""
