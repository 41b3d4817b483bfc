"""The storage annotations of `fieldstone/v1/annotations.proto`, as the schema's author wrote them.

Python keeps options without generated code undecoded. They are decoded here by the released numbers of the annotations,
so an image built with any version of them can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet
from msgspec import Struct

STORAGE_OPTION = 51202
"""The number of the extensions `entity`, `column` and `serves`."""

_TAG = b"\x92\x80\x19"
"""The tag of that option in an encoded message: its number with the wire type of a message (51202 << 3 | 2)."""


def may_have_annotations(image: bytes) -> bool:
    """Whether an encoded image may contain a storage annotation; False is certain."""
    return _TAG in image


QUERY_RESULTS = ("records", "first", "count", "deleted", "groups")
"""The results of a query, by number of `QueryResult`."""

AGGREGATE_FUNCTIONS = ("", "count", "sum", "min", "max")
"""The functions over a group of records, by number of `AggregateFunction`."""

CODECS = ("", "json", "enum_name", "child_table", "proto", "nanoseconds")
"""The stored forms of a value, by number of `Codec`."""


class Index(Struct, frozen=True):
    """An index besides the primary key; `fields` are names of the message's fields."""

    fields: tuple[str, ...] = ()
    unique: bool = False


class Aggregate(Struct, frozen=True):
    """A value computed of a group of records; `function` is one of `AGGREGATE_FUNCTIONS`."""

    function: str = ""
    field: str = ""
    name: str = ""


class Query(Struct, frozen=True):
    """A query of a repository; `result` is one of `QUERY_RESULTS`, `among` is `in` in the schema."""

    name: str = ""
    equal: tuple[str, ...] = ()
    range: str = ""
    range_name: str = ""
    order_by: tuple[str, ...] = ()
    descending: bool = False
    limit: int = 0
    result: str = QUERY_RESULTS[0]
    optional_equal: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    latest_per: tuple[str, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    group_by: tuple[str, ...] = ()


class Outbox(Struct, frozen=True):
    """The outbox of an entity; `aggregate_key` is a field, empty for the first of the primary key."""

    aggregate_key: str = ""


class Entity(Struct, frozen=True):
    """`(fieldstone.v1.entity)` of a message; empty attributes mean the defaults that the annotation documents."""

    record: str = ""
    name: str = ""
    plural: str = ""
    table: str = ""
    primary_key: tuple[str, ...] = ()
    indexes: tuple[Index, ...] = ()
    queries: tuple[Query, ...] = ()
    outbox: Outbox | None = None
    supersedes: str = ""
    not_stored: bool = False


class ColumnOptions(Struct, frozen=True):
    """`(fieldstone.v1.column)` of a field; `codec` is one of `CODECS`, `sources` is `from` in the schema."""

    attribute: str = ""
    name: str = ""
    codec: str = ""
    not_stored: bool = False
    default: str = ""
    sources: tuple[str, ...] = ()
    required: bool = False
    converter: str = ""
    version: bool = False


def decode_entity(options: Any) -> Entity | None:
    """The entity annotation of a message's options, if there is one."""
    data = _option(options)
    return None if data is None or _parts(data) is None else _decode(Entity, data)


def decode_column(options: Any) -> ColumnOptions:
    """The column annotation of a field's options; the defaults if there is none."""
    return _decode(ColumnOptions, _option(options) or b"")


def decode_serves(options: Any) -> str:
    """The query that an rpc's options name: "telemetry.v1.TelemetryStepV1.steps_by_run"; empty for none."""
    parts = _parts(_option(options) or b"") or []
    found = [_text(data) for number, data in parts if number == 1 and isinstance(data, bytes)]
    return found[-1] if found else ""


def keep_public(file: FileDescriptorProto) -> None:
    """Reduce a compiled file to its public contract, for comparing alone.

    Record classes, attributes and converters belong to the application and are removed; the options of messages and
    fields are kept undecoded.
    """
    for element in _annotatable(file.message_type):
        if element.HasField("options"):
            is_message = isinstance(element, DescriptorProto)
            parts = _public(element.options, _OF_ENTITY if is_message else _OF_COLUMN, always=is_message)
            element.ClearField("options")
            if parts:
                element.options.uninterpreted_option.add(identifier_value=repr(parts))


def _annotatable(messages: Iterable[DescriptorProto]) -> Iterator[DescriptorProto | FieldDescriptorProto]:
    for message in messages:
        yield message
        yield from message.field
        yield from _annotatable(message.nested_type)


def _public(options: Any, internal: frozenset[int], *, always: bool) -> list[tuple[int, Any]]:
    """Number and value of every option, the storage annotation without `internal`; an empty one only with `always`."""
    parts: list[tuple[int, Any]] = []
    for number, data in _parts(options.SerializeToString(deterministic=True)) or []:
        inside = _parts(data) if number == STORAGE_OPTION and isinstance(data, bytes) else None
        kept = data if inside is None else [part for part in inside if part[0] not in internal]
        if kept or always or number != STORAGE_OPTION:
            parts.append((number, kept))
    return parts


def _option(options: Any) -> bytes | None:
    """The bytes of the storage annotation; several statements of one message are concatenated, which merges them."""
    found = [data for number, data in _unknown(options) if number == STORAGE_OPTION and isinstance(data, bytes)]
    return b"".join(found) if found else None


T = TypeVar("T")
_FieldDecoder = tuple[str, Callable[[Any], Any]]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _one_of(names: tuple[str, ...]) -> Callable[[int], str]:
    """The name of an enum number; the first name for a number of a later version of the annotations."""
    return lambda number: names[number] if number < len(names) else names[0]


_OF_ENTITY = frozenset({1})
"""The fields of an entity that belong to the application: `record`."""

_OF_COLUMN = frozenset({1, 8})
"""The fields of a column that belong to the application: `attribute` and `converter`."""

_NUMBERS = frozenset("unique descending limit result codec not_stored function required version".split())
_REPEATED = frozenset(
    "primary_key indexes queries fields equal order_by sources optional_equal among absent latest_per aggregates "
    "group_by".split()
)
_FIELDS: Mapping[type, Mapping[int, _FieldDecoder]] = {
    Index: {1: ("fields", _text), 2: ("unique", bool)},
    Query: {
        1: ("name", _text),
        2: ("equal", _text),
        3: ("range", _text),
        4: ("range_name", _text),
        5: ("order_by", _text),
        6: ("descending", bool),
        7: ("limit", int),
        8: ("result", _one_of(QUERY_RESULTS)),
        9: ("optional_equal", _text),
        10: ("among", _text),
        11: ("absent", _text),
        12: ("latest_per", _text),
        13: ("aggregates", lambda data: _decode(Aggregate, data)),
        14: ("group_by", _text),
    },
    Aggregate: {
        1: ("function", _one_of(AGGREGATE_FUNCTIONS)),
        2: ("field", _text),
        3: ("name", _text),
    },
    Outbox: {1: ("aggregate_key", _text)},
    Entity: {
        1: ("record", _text),
        2: ("name", _text),
        3: ("plural", _text),
        4: ("table", _text),
        5: ("primary_key", _text),
        6: ("indexes", lambda data: _decode(Index, data)),
        7: ("queries", lambda data: _decode(Query, data)),
        8: ("outbox", lambda data: _decode(Outbox, data)),
        9: ("supersedes", _text),
        10: ("not_stored", bool),
    },
    ColumnOptions: {
        1: ("attribute", _text),
        2: ("name", _text),
        3: ("codec", _one_of(CODECS)),
        4: ("not_stored", bool),
        5: ("default", _text),
        6: ("sources", _text),
        7: ("required", bool),
        8: ("converter", _text),
        9: ("version", bool),
    },
}


def _decode(kind: type[T], data: bytes) -> T:
    values: dict[str, Any] = {}
    for number, raw in _parts(data) or []:
        name, decode = _FIELDS[kind].get(number, ("", None))
        if decode is None or isinstance(raw, int) != (name in _NUMBERS):
            continue
        value = decode(raw)
        values[name] = (*values.get(name, ()), value) if name in _REPEATED else value
    return kind(**values)


def _parts(data: bytes) -> list[tuple[int, Any]] | None:
    """The fields of an encoded message; None if the bytes are none, as when another option has the number."""
    try:
        return _unknown(Empty.FromString(data))
    except DecodeError:
        return None


def _unknown(message: Any) -> list[tuple[int, Any]]:
    """Number and value (an int, bytes or the fields of a group) of every field without generated code."""
    return _values(UnknownFieldSet(message)) if message.ByteSize() else []


def _values(fields: Any) -> list[tuple[int, Any]]:
    found = [fields[i] for i in range(len(fields))]
    return [(f.field_number, f.data if isinstance(f.data, int | bytes) else _values(f.data)) for f in found]
