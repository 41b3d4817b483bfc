"""Features of protobuf editions, resolved.

As https://protobuf.dev/editions/features/ says: the defaults of the edition (or of proto2 and
proto3), then what the file, the message, the oneof and the field set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

Features = Mapping[str, str]
"""The name of each feature, to the name of its value."""

LANGUAGE_FEATURES: Mapping[tuple[int, int], tuple[str, Mapping[int, str]]] = {
    (1000, 2): ("cpp_string_type", {1: "VIEW", 2: "CORD", 3: "STRING"}),
    (1001, 2): ("java_utf8_validation", {1: "DEFAULT", 2: "VERIFY"}),
}
"""Number of the extension of FeatureSet and of the feature in it -> what it is called here, and its
values (google/protobuf/cpp_features.proto, google/protobuf/java_features.proto)."""

_MODERN = {
    "field_presence": "EXPLICIT",
    "enum_type": "OPEN",
    "repeated_field_encoding": "PACKED",
    "utf8_validation": "VERIFY",
    "message_encoding": "LENGTH_PREFIXED",
    "json_format": "ALLOW",
    "cpp_string_type": "STRING",
    "java_utf8_validation": "DEFAULT",
}
_SYNTAX_DEFAULTS: dict[str, dict[str, str]] = {
    "proto3": _MODERN | {"field_presence": "IMPLICIT"},
    "proto2": _MODERN
    | {
        "enum_type": "CLOSED",
        "repeated_field_encoding": "EXPANDED",
        "utf8_validation": "NONE",
        "json_format": "LEGACY_BEST_EFFORT",
    },
    "edition 2024": _MODERN | {"cpp_string_type": "VIEW"},
}


def defaults_of(syntax: str) -> Features:
    """The features of `proto2`, `proto3` or `edition YEAR` where nothing is set."""
    return _SYNTAX_DEFAULTS.get(syntax, _MODERN)


def resolve(inherited: Features, options: Any) -> dict[str, str]:
    """The features of an element: those around it, and what its own options set."""
    features = dict(inherited)
    if not options.HasField("features"):
        return features
    for descriptor, value in options.features.ListFields():
        if descriptor.enum_type is not None and not descriptor.is_extension:
            features[descriptor.name] = descriptor.enum_type.values_by_number[value].name
    for (extension, number), (name, values) in LANGUAGE_FEATURES.items():
        for part in extension_parts(options.features, extension):
            if part.field_number == number:
                features[name] = values.get(part.data, features[name])
    return features


def extension_parts(message: Any, extension: int) -> Iterator[Any]:
    """The unknown fields of an extension whose type is a message, which Python keeps undecoded.

    Bytes that are no message, of somebody else's extension with this number, have none.
    """
    for unknown in _all(UnknownFieldSet(message)) if message.ByteSize() else ():
        if unknown.field_number == extension and isinstance(unknown.data, bytes):
            with suppress(DecodeError):
                yield from _all(UnknownFieldSet(Empty.FromString(unknown.data)))


def _all(fields: UnknownFieldSet) -> Iterator[Any]:
    return (fields[i] for i in range(len(fields)))
