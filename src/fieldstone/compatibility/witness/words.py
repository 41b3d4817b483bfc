"""Values, bytes and outcomes in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from google.protobuf.unknown_fields import UnknownFieldSet

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.witness.exchange import Difference, Exchange, Kind
from fieldstone.compatibility.witness.values import get, has, is_map, is_message, map_parts, names_of, valued

if TYPE_CHECKING:
    from google.protobuf.descriptor import FieldDescriptor
    from google.protobuf.message import Message

_WIDEST = 40
"""The most characters of one value that are shown."""

REFUSES = "refuses it"
"""The beginning of a refusal."""

_REASON = 100
"""The most characters of a parser's message that are shown."""

_DEEPEST = 3
"""The most nested messages that are shown."""

_VARINT, _FIXED64, _LENGTH, _GROUP, _FIXED32 = 0, 1, 2, 3, 5
_CONTINUES, _BITS = 0x80, 7


Path = Sequence["FieldDescriptor"]
"""Fields, each inside the one before."""


def shown(message: Message, path: Path) -> str:
    """The contents of a field: `reward=0.1`, or `reward unset`.

    Args:
        message: the message with the field.
        path: the fields that lead to the field, and the field.
    """
    names: list[str] = []
    for field in path[:-1]:
        inside = _entered(message, field)
        if inside is None:
            return f"{'.'.join((*names, _name(field)))} unset"
        names.append(_name(field))
        message = inside
    name = ".".join((*names, _name(path[-1])))
    if _is_unset(message, path[-1]):
        return f"{name} unset"
    try:
        return f"{name}={_value(path[-1], get(message, path[-1]))}"
    except UnicodeDecodeError:  # a map with keys or values that are not UTF-8
        return f"{name} with text that is not UTF-8"


def _is_unset(message: Message, field: FieldDescriptor) -> bool:
    return bool(field.has_presence and not has(message, field))


def _entered(message: Message, field: FieldDescriptor) -> Message | None:
    """The message in a field, the last of a list or of a map; None if there is none."""
    if not is_message(valued(field)):
        return None
    if field.is_repeated:
        values = list(get(message, field).values() if is_map(field) else get(message, field))
        return values[-1] if values else None
    inside: Message = get(message, field)
    return inside if has(message, field) else None


def _name(field: FieldDescriptor) -> str:
    return f"[{field.full_name}]" if field.is_extension else field.name


def _value(field: FieldDescriptor, value: Any, depth: int = 0) -> str:
    if is_map(field):
        key, inner = map_parts(field)
        entries = (f"{_single(key, k, depth)}: {_single(inner, v, depth)}" for k, v in value.items())
        return f"{{{', '.join(entries)}}}"
    if field.is_repeated:
        return f"[{', '.join(_single(field, element, depth) for element in value)}]"
    return _single(field, value, depth)


def _single(field: FieldDescriptor, value: Any, depth: int) -> str:
    if is_message(field):
        return _message(value, depth + 1)
    if field.enum_type is not None:
        return next(iter(sorted(names_of(field.enum_type, value))), str(value))
    if isinstance(value, str):
        return _shortened(json.dumps(value))
    if isinstance(value, bytes):
        return _shortened(f"0x{value.hex()}" if value else "no bytes")
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _message(message: Message, depth: int) -> str:
    if depth > _DEEPEST:
        return "{...}"
    inside = (f"{_name(field)}={_value(field, value, depth)}" for field, value in message.ListFields())
    return _shortened(f"{{{', '.join(inside)}}}")


def _shortened(text: str, most: int = _WIDEST) -> str:
    return text if len(text) <= most else f"{text[:most]}..."


def outcome(exchange: Exchange, difference: Difference, received: Message | None, paths: Sequence[Path]) -> str:
    """The reader's view of a message, as words that begin with a verb.

    Args:
        exchange: the writer, the reader and the encoding.
        difference: the difference from the written message.
        received: the message as the reader holds it; None if it refuses the message.
        paths: the writer's fields that were tried.
    """
    if difference.kind is Kind.MISSING:
        name = difference.reader.name if difference.reader else ""
        return f"{REFUSES}: the required `{name}` is missing"
    if received is None:
        return f"{REFUSES}: {_shortened(difference.reason, _REASON)}"
    if difference.kind is Kind.LOST and difference.writer is not None:
        return _without(exchange, difference.writer, received)
    told = ", ".join(_held(exchange, received, path) for path in paths)
    if difference.reason:
        return f"{REFUSES}, or reads {told} where it is lenient: {_shortened(difference.reason, _REASON)}"
    return ", ".join(part for part in (f"reads {told}{_remark(difference)}", _unknown(received)) if part)


def _without(exchange: Exchange, lost: FieldDescriptor, received: Message) -> str:
    """A reader's behaviour for a field that it lacks."""
    if exchange.surface is Surface.JSON:
        name = f"[{lost.full_name}]" if lost.is_extension else lost.json_name
        return f"has no field `{name}`: it refuses it, or leaves it out where it is lenient"
    return f"has no field {lost.number}, {_unknown(received) or 'and keeps nothing'}"


def _held(exchange: Exchange, received: Message, path: Path) -> str:
    """The reader's values for a path of the writer, as far as the reader knows its fields."""
    theirs: list[FieldDescriptor] = []
    holder: Any = received.DESCRIPTOR
    for field in path:
        other = exchange.field_of(holder, field) if holder is not None else None
        if other is None:
            break
        theirs.append(other)
        holder = valued(other).message_type
    return shown(received, theirs) if theirs else "nothing"


def _remark(difference: Difference) -> str:
    mine, theirs = difference.writer, difference.reader
    if difference.kind is Kind.UNNAMED:
        return ", a number without a name"
    if difference.kind is Kind.MEANING and mine is not None and theirs is not None and mine.name == theirs.name:
        return ", which is another of that name" if mine.number != theirs.number else ""
    return ""


def _unknown(message: Message) -> str:
    count = unknown_bytes(message)
    return f"{count} byte{'' if count == 1 else 's'} unknown" if count else ""


def unknown_bytes(message: Message) -> int:
    """The number of content bytes that a reader keeps as unknown, without tags and lengths."""
    inside = sum(unknown_bytes(m) for field, value in message.ListFields() for m in _messages(field, value))
    return inside + _size(UnknownFieldSet(message))


def _messages(field: FieldDescriptor, value: Any) -> list[Message]:
    if not is_message(field):
        return []
    if is_map(field):
        return list(value.values()) if is_message(valued(field)) else []
    return list(value) if field.is_repeated else [value]


def _size(fields: Any) -> int:
    return sum(_size_of(fields[i]) for i in range(len(fields)))


def _size_of(field: Any) -> int:
    if field.wire_type == _VARINT:
        return max(1, -(-int(field.data).bit_length() // _BITS))
    if field.wire_type == _GROUP:
        return _size(field.data)
    return {_FIXED64: 8, _FIXED32: 4}.get(field.wire_type) or len(field.data)


def in_hex(data: bytes) -> str:
    """Bytes in hex, with a space after each tag and each field at the top of the message; `no bytes` if empty.

    The layout is that of https://protobuf.dev/programming-guides/encoding/.
    """
    return " ".join(part.hex() for part in _parts(data) if part) or "no bytes"


def _parts(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        end = _varint_end(data, at)
        yield data[at:end]
        kind = data[at] & 7
        if kind in {_GROUP, 4, 6, 7}:
            yield data[end:]
            return
        at = _contents_end(data, end, kind)
        yield data[end:at]


def _contents_end(data: bytes, at: int, kind: int) -> int:
    if kind == _VARINT:
        return _varint_end(data, at)
    if kind == _LENGTH:
        end = _varint_end(data, at)
        length = sum((byte & ~_CONTINUES) << (_BITS * i) for i, byte in enumerate(data[at:end]))
        return end + length
    return at + (8 if kind == _FIXED64 else 4)


def _varint_end(data: bytes, at: int) -> int:
    while at < len(data) and data[at] & _CONTINUES:
        at += 1
    return at + 1
