"""Language features: the parts of generated code that a language loses when a feature's value changes.

The features are documented at https://protobuf.dev/editions/features/ and in google/protobuf/cpp_features.proto,
java_features.proto and go_features.proto. Values are resolved, so it does not matter where a feature is set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from fieldstone.schema.model import Definition, Enum, Field, Schema

_LEGACY_CLOSED = "legacy_closed_enum"
_PREFIX = "Go strip_enum_prefix"
_NEST = "Java nest_in_file_class"
_UNSET = "unset"

# Feature -> value -> the parts of generated code that it gives. A change loses nothing if the new set includes the old.
_OFFERS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "Go api_level": {
        "API_LEVEL_UNSPECIFIED": frozenset({"fields"}),
        "API_OPEN": frozenset({"fields"}),
        "API_HYBRID": frozenset({"fields", "methods"}),
        "API_OPAQUE": frozenset({"methods"}),
    },
    _PREFIX: {
        "STRIP_ENUM_PREFIX_UNSPECIFIED": frozenset({"full names"}),
        "STRIP_ENUM_PREFIX_KEEP": frozenset({"full names"}),
        "STRIP_ENUM_PREFIX_GENERATE_BOTH": frozenset({"full names", "short names"}),
        "STRIP_ENUM_PREFIX_STRIP": frozenset({"short names"}),
    },
    "Go legacy_unmarshal_json_enum": {"false": frozenset(), "true": frozenset({"UnmarshalJSON"})},
}


class Switched(Struct, frozen=True):
    """A feature whose resolved value changed so that generated code lacks something or differs.

    Attributes:
        feature: its title, `Go api_level`.
        old: the released value.
        new: the value now.
        to_closed: for `legacy_closed_enum`, whether the reader now treats the enum as closed; else None.
    """

    feature: str
    old: str
    new: str
    to_closed: bool | None = None


def of_definitions(old: Definition, new: Definition, schemas: tuple[Schema, Schema]) -> Iterator[Switched]:
    """Changed features of a message, enum or service that remove or change generated code.

    Args:
        old: the released element.
        new: the element now.
        schemas: the released module, and the newer one.
    """
    moved = {_NEST} if old.top_level != new.top_level else set()  # a nested type has no file of its own
    for feature in sorted((old.features.keys() | new.features.keys()) - moved):
        was, now = (_value(side.features, feature) for side in (old, new))
        if feature == _NEST and was != now:
            was, now = (_nesting(side, schema) for side, schema in zip((old, new), schemas, strict=True))
        if was != now and not _offered(feature, was) <= _offered(feature, now):
            yield Switched(feature, was, now)


def of_fields(old: Field, new: Field, enums: tuple[Enum | None, Enum | None]) -> Iterator[Switched]:
    """Changed features of a field, except those of strings, which are among a field's options.

    `legacy_closed_enum` makes no difference if the enum itself is closed on both sides.

    Args:
        old: the released field.
        new: the field now.
        enums: the enum type of each field; None if it has none in the module.
    """
    is_closed = all(enum is not None and enum.closed for enum in enums)
    for feature in sorted(old.options.keys() & new.options.keys()):
        was, now = old.options[feature], new.options[feature]
        if was == now or not _is_of_fields(feature):
            continue
        if not feature.endswith(_LEGACY_CLOSED):
            yield Switched(feature, was, now)
        elif not is_closed:
            yield Switched(feature, was, now, to_closed=now == "true")


def _is_of_fields(feature: str) -> bool:
    return feature.endswith((_LEGACY_CLOSED, "repeated_type")) or feature.startswith("feature ")


def _value(features: Mapping[str, str], feature: str) -> str:
    """The value of a feature; an enum value inherits the enum's."""
    return features.get(feature) or features.get(feature.partition(" of ")[0]) or _UNSET


def _offered(feature: str, value: str) -> frozenset[str]:
    """The parts of generated code that a value gives; for an unlisted feature, the value itself."""
    return _OFFERS.get(feature.partition(" of ")[0], {}).get(value, frozenset({value}))


def _nesting(element: Definition, schema: Schema) -> str:
    """Whether Java nests the class in the file's class; before edition 2024 `java_multiple_files` decides."""
    value = _value(element.features, _NEST)
    file = schema.files.get(element.file)
    if value != "LEGACY" or file is None:
        return value
    return "NO" if file.options.get("java_multiple_files") == "true" else "YES"
