"""The table of types against what protobuf itself writes and reads, at the edges of every type."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor_pb2 import Edition, FeatureSet, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from fieldstone.compatibility.losses.encoding import Type, json_keeps, wire_keeps
from fieldstone.schema.location import Location
from fieldstone.schema.model import Enum, EnumValue

INTEGERS = {
    **dict.fromkeys(("int32", "sint32", "sfixed32"), (-(2**31), 2**31 - 1)),
    **dict.fromkeys(("int64", "sint64", "sfixed64"), (-(2**63), 2**63 - 1)),
    **dict.fromkeys(("uint32", "fixed32"), (0, 2**32 - 1)),
    **dict.fromkeys(("uint64", "fixed64"), (0, 2**64 - 1)),
}
ENUMS = {"SmallOpen": (0, 1), "LargeOpen": (0, -1, 2**31 - 1), "SmallClosed": (0, 1), "LargeClosed": (0, 1, 2)}
TYPES = [*INTEGERS, "bool", "float", "double", "string", "bytes", *ENUMS]


def _pool() -> DescriptorPool:
    """A message `M_TYPE` for each type, with a field of it that tells unset from zero."""
    file = FileDescriptorProto(name="types.proto", package="t", syntax="editions", edition=Edition.EDITION_2023)
    for name, numbers in ENUMS.items():
        enum = file.enum_type.add(name=name)
        enum.options.features.enum_type = FeatureSet.CLOSED if "Closed" in name else FeatureSet.OPEN
        for number in numbers:
            enum.value.add(name=_value_name(name, number), number=number)
    for name in TYPES:
        field = file.message_type.add(name=f"M_{name}").field.add(name="x", number=1, label=1)
        if name in ENUMS:
            field.type, field.type_name = FieldDescriptorProto.TYPE_ENUM, f".t.{name}"
        else:
            field.type = FieldDescriptorProto.Type.Value(f"TYPE_{name.upper()}")
    pool = DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return pool


def _value_name(enum: str, number: int) -> str:
    return f"{enum.upper()}_{number}".replace("-", "MINUS")


POOL = _pool()
CLASSES: dict[str, Any] = {name: GetMessageClass(POOL.FindMessageTypeByName(f"t.M_{name}")) for name in TYPES}


def type_of(name: str) -> Type:
    if name not in ENUMS:
        return name
    location = Location("types.proto")
    values = [EnumValue(full_name=f"t.{_value_name(name, n)}", location=location, number=n) for n in ENUMS[name]]
    closed = "Closed" in name
    return Enum(
        full_name=f"t.{name}", location=location, package="t", file="types.proto", values=tuple(values), closed=closed
    )


def values_of(name: str) -> list[Any]:
    if name in INTEGERS:
        edges = {0, 1, -1, 2, 127, 128, 2**24 + 1, 2**31 - 1, 2**31, 2**32 - 1, 2**53 + 1, 2**63 - 1, *INTEGERS[name]}
        first, last = INTEGERS[name]
        return sorted(number for number in edges if first <= number <= last)
    texts: dict[str, list[Any]] = {
        "bool": [False, True],
        "float": [0.0, 0.5, 1e38, -math.inf, 0.1],
        "double": [0.0, 0.5, 1e300, -math.inf, 0.1],
        "string": ["", "a", "é", "5"],
        "bytes": [b"", b"a", b"\xff", b"5"],
    }
    if name in texts:
        return texts[name]
    return [*ENUMS[name], *(() if "Closed" in name else INTEGERS["int32"])]  # an open enum writes any number


def same(written: Any, read: Any) -> bool:
    """Whether both are the same number, or the same text in bytes."""
    if isinstance(written, str | bytes) or isinstance(read, str | bytes):
        as_bytes = [value.encode() if isinstance(value, str) else value for value in (written, read)]
        return bool(as_bytes[0] == as_bytes[1])
    return bool(written == read)


def keeps_on_wire(writer: str, reader: str, value: Any) -> bool:
    written = CLASSES[writer](x=value)
    try:
        read = CLASSES[reader].FromString(written.SerializeToString())
    except DecodeError:
        return False
    return read.HasField("x") and same(written.x, read.x)


def keeps_in_json(writer: str, reader: str, value: Any) -> bool:
    written = CLASSES[writer](x=value)
    try:
        read = json_format.Parse(json_format.MessageToJson(written), CLASSES[reader]())
    except json_format.ParseError:
        return False
    return read.HasField("x") and same(written.x, read.x)


@pytest.mark.parametrize(("writer", "reader"), list(itertools.product(TYPES, repeat=2)))
def test_the_table_says_what_protobuf_does(writer: str, reader: str) -> None:
    both = type_of(writer), type_of(reader)
    assert wire_keeps(*both) == all(keeps_on_wire(writer, reader, value) for value in values_of(writer))
    # Enums have other names here, and Python alone takes `true` for a number.
    if not (writer in ENUMS and reader in ENUMS) and (writer != "bool" or reader == "bool"):
        assert json_keeps(*both) == all(keeps_in_json(writer, reader, value) for value in values_of(writer))
