"""Random schemas with stored entities: every type in every place that a field can have."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

_HALF = 0.5
_INTEGERS = "int32 sint32 sfixed32 uint32 fixed32 int64 sint64 sfixed64 uint64 fixed64".split()
_SCALARS = [*_INTEGERS, "bool", "string", "bytes", "float", "double"]
_COMPARED = [*_INTEGERS, "bool", "string", "bytes", "Kind"]
_MAP_KEYS = [*_INTEGERS, "bool", "string"]
_WRAPPERS = [f"google.protobuf.{name}Value" for name in ("Double", "Float", "Int64", "UInt64", "Int32", "UInt32")]
_WRAPPERS += [f"google.protobuf.{name}Value" for name in ("Bool", "String", "Bytes")]
_TIMES = ["google.protobuf.Timestamp", "google.protobuf.Duration"]
_JSON = [f"google.protobuf.{name}" for name in ("Struct", "Value", "ListValue")]
_MESSAGES = [*_WRAPPERS, *_TIMES, *_JSON, "Part", "Part.Empty"]

_IMPORTS = (
    "fieldstone/v1/annotations",
    *(f"google/protobuf/{n}" for n in ("duration", "struct", "timestamp", "wrappers")),
)
_FIXED = (
    "enum Kind { KIND_UNSPECIFIED = 0; KIND_ONE = 1; KIND_TWO = 2; KIND_LOW = -5; KIND_from = 3; KIND_mro = 4;"
    " KIND_real = 5; KIND_name = 6; KIND__x = 7; KIND___y__ = 8; }\n"
    "message Inner { string text = 1; optional double number = 2; repeated uint64 counts = 3; }\n"
)


def random_schema(rng: Random, package: str) -> str:
    """The source of a proto file with two entities and the messages that they hold."""
    imports = "".join(f'import "{name}.proto";\n' for name in _IMPORTS)
    entities = "".join(_entity(rng, name) for name in ("First", "Second"))
    return f'syntax = "proto3";\npackage {package}.v1;\n{imports}{_FIXED}{_part(rng)}{entities}'


def _part(rng: Random) -> str:
    fields = [_field(rng, number, stored=False) for number in range(1, rng.randint(3, 8))]
    return _message("Part", ["message Empty {}", *fields, *_oneof(rng, len(fields) + 1)])


def _entity(rng: Random, name: str) -> str:
    keys = [f"{rng.choice(_COMPARED)} key{number} = {number};" for number in range(1, rng.randint(2, 4))]
    first = len(keys) + 1
    named = [f"key{number}" for number in range(1, first)]
    compared = f"{rng.choice([*_COMPARED, 'double', 'float'])} mark = {first};"
    fields = [_field(rng, number, stored=True) for number in range(first + 1, first + rng.randint(5, 10))]
    fields += _oneof(rng, first + 1 + len(fields))
    options = f"primary_key: {named} indexes: {{fields: 'mark'}} " + " ".join(_queries(rng, name.lower(), named))
    return _message(f"{name}V1", [f"option (fieldstone.v1.entity) = {{{options}}};", *keys, compared, *fields])


def _queries(rng: Random, name: str, keys: list[str]) -> Iterator[str]:
    yield f"queries: {{name: '{name}_in_order' range: '{keys[0]}' descending: {rng.choice(['true', 'false'])}}}"
    yield f"queries: {{name: '{name}_by_mark' equal: 'mark'}}"
    yield f"queries: {{name: '{name}_since' range: 'mark'}}"
    yield f"queries: {{name: '{name}_count' equal: '{keys[0]}' result: QUERY_RESULT_COUNT}}"


def _message(name: str, lines: list[str]) -> str:
    return f"message {name} {{\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def _oneof(rng: Random, first: int) -> list[str]:
    types = [rng.choice(["string", "double", "google.protobuf.Value", *_WRAPPERS]) for _ in range(2)]
    members = " ".join(f"{kind} choice{n} = {n};" for n, kind in enumerate(types, first))
    return [f"oneof choice {{ {members} }}"]


def _field(rng: Random, number: int, *, stored: bool) -> str:
    """A field; one of an entity may have a table of its own, and one of `Part` does not hold itself."""
    kind, name = rng.choice([*_SCALARS, "Kind"]), f"f{number}"
    messages = _MESSAGES if stored else [*_WRAPPERS, *_TIMES, *_JSON, "Inner"]
    message, member = rng.choice(messages), rng.choice([*_SCALARS, "Kind", *messages])
    child = _codec("CHILD_TABLE") if stored and rng.random() < _HALF else ""
    nanoseconds = _codec("NANOSECONDS") if message in _TIMES and rng.random() < _HALF else ""
    text = rng.choice(["string", "bytes", "optional string", "optional bytes"])
    return rng.choice(
        [
            f"{kind} {name} = {number};",
            f"optional {kind} {name} = {number};",
            f"repeated {member} {name} = {number}{child};",
            f"map<{rng.choice(_MAP_KEYS)}, {member}> {name} = {number}{child};",
            f"{text} {name} = {number}{_codec('JSON')};",
            f"Kind {name} = {number}{_codec('ENUM_NAME')};",
            f"{message} {name} = {number}{nanoseconds};",
        ]
    )


def _codec(name: str) -> str:
    return f" [(fieldstone.v1.column).codec = CODEC_{name}]"
