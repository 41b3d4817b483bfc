"""Language features: what a changed value takes from the code that is generated in that language.

The features are documented at https://protobuf.dev/editions/features/ and in google/protobuf/cpp_features.proto,
java_features.proto and go_features.proto. Values are resolved: where a feature is set makes no difference.
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

# Feature -> value -> what generated code has with it. A change takes nothing where the new set holds the old one.
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
    """A feature whose resolved value changed so that generated code lacks something, or is another.

    Attributes:
        feature: its title, `Go api_level`.
        old: the value as released.
        new: the value now.
        to_closed: of `legacy_closed_enum`, whether the reader now takes the enum for closed; None for other features.
    """

    feature: str
    old: str
    new: str
    to_closed: bool | None = None


def of_definitions(old: Definition, new: Definition, schemas: tuple[Schema, Schema]) -> Iterator[Switched]:
    """The features of a message, an enum or a service that changed to somebody's loss.

    Args:
        old: the element as released.
        new: the element now.
        schemas: the released module, and the newer one.
    """
    moved = {_NEST} if old.top_level != new.top_level else set()  # what is nested has no file of its own to be in
    for feature in sorted((old.features.keys() | new.features.keys()) - moved):
        was, now = (_value(side.features, feature) for side in (old, new))
        if feature == _NEST and was != now:
            was, now = (_nesting(side, schema) for side, schema in zip((old, new), schemas, strict=True))
        if was != now and not _offered(feature, was) <= _offered(feature, now):
            yield Switched(feature, was, now)


def of_fields(old: Field, new: Field, enums: tuple[Enum | None, Enum | None]) -> Iterator[Switched]:
    """The features of a field that changed, without those of strings, which a field's options have.

    `legacy_closed_enum` makes no difference where the enum is closed by itself on both sides.

    Args:
        old: the field as released.
        new: the field now.
        enums: the enum that each of them holds, if it holds one of the module's.
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
    """The value of a feature; that of an enum's value is the enum's where it has none of its own."""
    return features.get(feature) or features.get(feature.partition(" of ")[0]) or _UNSET


def _offered(feature: str, value: str) -> frozenset[str]:
    """The parts of generated code that a value gives; of features that are not listed, one of its own."""
    return _OFFERS.get(feature.partition(" of ")[0], {}).get(value, frozenset({value}))


def _nesting(element: Definition, schema: Schema) -> str:
    """Whether Java nests a class in that of the file: before edition 2024 the file's `java_multiple_files` says it."""
    value = _value(element.features, _NEST)
    file = schema.files.get(element.file)
    if value != "LEGACY" or file is None:
        return value
    return "NO" if file.options.get("java_multiple_files") == "true" else "YES"
