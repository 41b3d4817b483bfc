"""Features of protobuf editions, resolved.

As in https://protobuf.dev/editions/features/: the defaults of the edition (or of proto2 and proto3), then the settings
of the file, the message, the oneof and the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

Features = Mapping[str, str]
"""The name of each feature, to the name of its value."""

_BOOLS = {0: "false", 1: "true"}
LANGUAGE_FEATURES: Mapping[tuple[int, int], tuple[str, Mapping[int, str]]] = {
    (1000, 1): ("cpp_legacy_closed_enum", _BOOLS),
    (1000, 2): ("cpp_string_type", {1: "VIEW", 2: "CORD", 3: "STRING"}),
    (1000, 3): ("cpp_enum_name_uses_string_view", _BOOLS),
    (1000, 4): ("cpp_repeated_type", {1: "LEGACY", 2: "PROXY"}),
    (1001, 1): ("java_legacy_closed_enum", _BOOLS),
    (1001, 2): ("java_utf8_validation", {1: "DEFAULT", 2: "VERIFY"}),
    (1001, 3): ("java_large_enum", _BOOLS),
    (1001, 5): ("java_nest_in_file_class", {1: "NO", 2: "YES", 3: "LEGACY"}),
    (1002, 1): ("go_legacy_unmarshal_json_enum", _BOOLS),
    (1002, 2): ("go_api_level", {0: "API_LEVEL_UNSPECIFIED", 1: "API_OPEN", 2: "API_HYBRID", 3: "API_OPAQUE"}),
    (1002, 3): (
        "go_strip_enum_prefix",
        {
            0: "STRIP_ENUM_PREFIX_UNSPECIFIED",
            1: "STRIP_ENUM_PREFIX_KEEP",
            2: "STRIP_ENUM_PREFIX_GENERATE_BOTH",
            3: "STRIP_ENUM_PREFIX_STRIP",
        },
    ),
    (1002, 4): ("go_optimize_mode", {0: "OPTIMIZE_MODE_UNSPECIFIED", 1: "SPEED", 2: "CODE_SIZE"}),
}
"""Extension number and feature number -> the name here, and its values.

The files: google/protobuf/cpp_features.proto, java_features.proto and go_features.proto.
"""

UNKNOWN = "feature "
"""The prefix of an unlisted language feature's name: `feature 1004.1`."""

_TITLES = {"cpp": "C++", "java": "Java", "go": "Go"}
_EDITION_2023 = {
    "field_presence": "EXPLICIT",
    "enum_type": "OPEN",
    "repeated_field_encoding": "PACKED",
    "utf8_validation": "VERIFY",
    "message_encoding": "LENGTH_PREFIXED",
    "json_format": "ALLOW",
    "default_symbol_visibility": "EXPORT_ALL",
    "cpp_legacy_closed_enum": "false",
    "cpp_string_type": "STRING",
    "cpp_enum_name_uses_string_view": "false",
    "cpp_repeated_type": "LEGACY",
    "java_legacy_closed_enum": "false",
    "java_utf8_validation": "DEFAULT",
    "java_large_enum": "false",
    "java_nest_in_file_class": "LEGACY",
    "go_legacy_unmarshal_json_enum": "false",
    "go_api_level": "API_LEVEL_UNSPECIFIED",
    "go_strip_enum_prefix": "STRIP_ENUM_PREFIX_KEEP",
    "go_optimize_mode": "OPTIMIZE_MODE_UNSPECIFIED",
}
_EDITION_2024 = _EDITION_2023 | {
    "default_symbol_visibility": "EXPORT_TOP_LEVEL",
    "cpp_string_type": "VIEW",
    "cpp_enum_name_uses_string_view": "true",
    "java_nest_in_file_class": "NO",
    "go_api_level": "API_OPAQUE",
}
_SYNTAX_DEFAULTS: dict[str, dict[str, str]] = {
    "proto3": _EDITION_2023 | {"field_presence": "IMPLICIT"},
    "proto2": _EDITION_2023
    | {
        "enum_type": "CLOSED",
        "repeated_field_encoding": "EXPANDED",
        "utf8_validation": "NONE",
        "json_format": "LEGACY_BEST_EFFORT",
        "cpp_legacy_closed_enum": "true",
        "java_legacy_closed_enum": "true",
        "go_legacy_unmarshal_json_enum": "true",
    },
    "edition 2023": _EDITION_2023,
    "edition 2024": _EDITION_2024,
}
_LATER = _EDITION_2024 | {"default_symbol_visibility": "STRICT"}


def defaults_of(syntax: str) -> Features:
    """The default features of `proto2`, `proto3` or `edition YEAR`."""
    return _SYNTAX_DEFAULTS.get(syntax, _LATER)


def resolve(inherited: Features, options: Any) -> dict[str, str]:
    """The features of an element: the inherited ones, and those that its own options set."""
    features = dict(inherited)
    if not options.HasField("features"):
        return features
    for descriptor, value in options.features.ListFields():
        if descriptor.enum_type is not None and not descriptor.is_extension:
            features[descriptor.name] = descriptor.enum_type.values_by_number[value].name
    for extension, number, value in _language_features(options.features):
        name, values = LANGUAGE_FEATURES.get((extension, number), (f"{UNKNOWN}{extension}.{number}", {}))
        features[name] = values.get(value, str(value))
    return features


def title(name: str) -> str:
    """The name of a language feature for people: `Go api_level`."""
    language, _, feature = name.partition("_")
    return f"{_TITLES[language]} {feature}" if language in _TITLES else name


def generated_by(features: Features, names: Iterable[str]) -> dict[str, str]:
    """The features that affect generated code, by title.

    Args:
        features: the resolved features of an element.
        names: the language features that apply to it; unknown ones always do.
    """
    unknown = (name for name in features if name.startswith(UNKNOWN))
    return {title(name): features[name] for name in (*names, *unknown)}


def _language_features(features: Any) -> Iterator[tuple[int, int, Any]]:
    """Every language feature that is set: number of the extension, of the feature, and its value."""
    for unknown in _all(UnknownFieldSet(features)) if features.ByteSize() else ():
        for part in extension_parts(features, unknown.field_number):
            if isinstance(part.data, int | bytes):
                yield unknown.field_number, part.field_number, part.data


def extension_parts(message: Any, extension: int) -> Iterator[Any]:
    """The unknown fields of an extension whose type is a message, which Python keeps undecoded.

    None if the bytes are no message, as when somebody else's extension has the number.
    """
    for unknown in _all(UnknownFieldSet(message)) if message.ByteSize() else ():
        if unknown.field_number == extension and isinstance(unknown.data, bytes):
            with suppress(DecodeError):
                yield from _all(UnknownFieldSet(Empty.FromString(unknown.data)))


def _all(fields: UnknownFieldSet) -> Iterator[Any]:
    return (fields[i] for i in range(len(fields)))
