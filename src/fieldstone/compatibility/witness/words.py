"""Values, bytes and readings in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from google.protobuf.unknown_fields import UnknownFieldSet

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.witness.reading import Difference, Kind, Reading
from fieldstone.compatibility.witness.values import get, has, is_map, is_message, names_of

if TYPE_CHECKING:
    from google.protobuf.descriptor import FieldDescriptor
    from google.protobuf.message import Message

_WIDEST = 40
"""So many characters of one value are shown."""

_DEEPEST = 3
"""So many messages inside one another are shown."""

_VARINT, _FIXED64, _LENGTH, _GROUP, _FIXED32 = 0, 1, 2, 3, 5
_CONTINUES, _BITS = 0x80, 7


def shown(message: Message, path: Sequence[FieldDescriptor]) -> str:
    """What a field holds: `reward=0.1`, or `reward unset`.

    Args:
        message: what holds it.
        path: the field, and the fields that lead to it before it.
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
    except UnicodeDecodeError:  # a map with keys or values that are no text
        return f"{name} with text that is not UTF-8"


def _is_unset(message: Message, field: FieldDescriptor) -> bool:
    return bool(field.has_presence and not has(message, field))


def _entered(message: Message, field: FieldDescriptor) -> Message | None:
    """The message in a field, the last of a list or of a map; None where there is none."""
    if not is_message(field) or (is_map(field) and not is_message(field.message_type.fields_by_number[2])):
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
        key, inner = (field.message_type.fields_by_number[number] for number in (1, 2))
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


def _shortened(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}..."


def reads(reading: Reading, difference: Difference, read: Message | None, path: Sequence[FieldDescriptor]) -> str:
    """What the reader makes of a message, beginning with a verb.

    Args:
        reading: who writes, who reads and how.
        difference: what is not as it was written.
        read: what the reader holds; None if it refuses the message.
        path: the writer's fields that were tried.
    """
    if difference.kind is Kind.MISSING:
        name = difference.reader.name if difference.reader else ""
        return f"refuses it: the required `{name}` is missing"
    if read is None:
        return f"refuses it{difference.reason and ': '}{difference.reason}"
    reason = (
        f"refuses it{difference.reason and ': '}{difference.reason}; if told to ignore that, "
        if difference.reason
        else ""
    )
    return reason + ", ".join(part for part in (_holds(reading, difference, read, path), _unknown(read)) if part)


def _holds(reading: Reading, difference: Difference, read: Message, path: Sequence[FieldDescriptor]) -> str:
    theirs: list[FieldDescriptor] = []
    holder: Any = read.DESCRIPTOR
    for field in path:
        other = reading.field_of(holder, field)
        if other is None:
            break
        theirs.append(other)
        holder = other.message_type
        if holder is not None and holder.GetOptions().map_entry:
            holder = holder.fields_by_number[2].message_type
        if holder is None:
            break
    if len(theirs) < len(path) and difference.kind is Kind.LOST:
        lost = path[len(theirs)]
        return f"knows no field {f'`{lost.json_name}`' if reading.surface is Surface.JSON else lost.number}"
    told = shown(read, theirs) if theirs else "nothing"
    unnamed = ", a number without a name" if difference.kind is Kind.UNNAMED else ""
    return f"reads {told}{unnamed}"


def _unknown(message: Message) -> str:
    count = unknown_bytes(message)
    return f"{count} byte{'' if count == 1 else 's'} unknown" if count else ""


def unknown_bytes(message: Message) -> int:
    """How many bytes of contents a reader keeps as unknown, without their tags and lengths."""
    inside = sum(unknown_bytes(m) for field, value in message.ListFields() for m in _messages(field, value))
    return inside + _size(UnknownFieldSet(message))


def _messages(field: FieldDescriptor, value: Any) -> list[Message]:
    if not is_message(field):
        return []
    if is_map(field):
        return list(value.values()) if is_message(field.message_type.fields_by_number[2]) else []
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
    """Bytes in hex, with a space after each tag and each field at the top of the message.

    As https://protobuf.dev/programming-guides/encoding/ lays them out; no bytes are `no bytes`.
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
