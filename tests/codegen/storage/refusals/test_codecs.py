"""Codecs, and defaults for older rows."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.codegen.storage.refusals.examples import COLUMN, annotated, entity, refused, step

CODECS: Mapping[str, tuple[str, list[str]]] = {
    "json": (
        entity(
            "not_stored: true",
            annotated("int32 x", "codec: CODEC_JSON"),
            annotated("repeated bytes y", "codec: CODEC_JSON"),
        ),
        [
            "3:3: StepV1.x has CODEC_JSON, which is for bytes and strings, and is int32; leave it out",
            (
                "4:3: StepV1.y has CODEC_JSON, which is for bytes and strings, and is repeated bytes; "
                "leave it out: lists, maps and messages are kept as JSON without it"
            ),
        ],
    ),
    "enum_name": (
        entity("not_stored: true", annotated("int32 x", "codec: CODEC_ENUM_NAME")),
        ["3:3: StepV1.x has CODEC_ENUM_NAME, which is for a single enum, and is int32; leave it out"],
    ),
    "proto": (
        entity("not_stored: true", annotated("map<string, bytes> x", "codec: CODEC_PROTO")),
        ["3:3: StepV1.x has CODEC_PROTO, which is for messages, and is map<string, bytes>; leave it out"],
    ),
    "child_table": (
        step("", annotated("string x", "codec: CODEC_CHILD_TABLE")),
        ["8:3: StepV1.x has CODEC_CHILD_TABLE, which is for lists and maps, and is string; leave it out"],
    ),
    "child_table of no table": (
        f"message M {{\n  repeated string x = 1 [{COLUMN}.codec = CODEC_CHILD_TABLE];\n}}",
        [
            (
                "2:3: M.x has CODEC_CHILD_TABLE, and M has no table; "
                "leave it out: it is kept as JSON with the message that it is in"
            )
        ],
    ),
}


@pytest.mark.parametrize("case", CODECS.values(), ids=CODECS)
def test_codecs(case: tuple[str, list[str]]) -> None:
    source, lines = case
    assert refused(source) == lines


WELL_KNOWN = "".join(
    f'import "google/protobuf/{name}.proto"; ' for name in ("timestamp", "duration", "struct", "wrappers")
)

DEFAULTS = [
    ("int32", "7", ""),
    ("int32", "7.0", "a whole number from -2147483648 to 2147483647"),
    ("sint32", "2147483648", "a whole number from -2147483648 to 2147483647"),
    ("fixed32", "-1", "a whole number from 0 to 4294967295"),
    ("int64", "-9223372036854775808", ""),
    ("uint64", "9223372036854775808", "a whole number from 0 to 9223372036854775807"),
    ("bool", "true", ""),
    ("bool", "1", "true or false"),
    ("float", "1e39", "a number that a float holds, inf, -inf or nan"),
    ("float", "-inf", ""),
    ("double", "1e39", ""),
    ("double", "0x1p3", "a number, inf, -inf or nan"),
    ("string", "text", ""),
    ("Kind", "KIND_ONE", ""),
    ("Kind", "KIND_ON", "the name of a value of acme.v1.Kind; did you mean KIND_ONE?"),
    ("google.protobuf.Timestamp", "2026-01-31T00:00:00Z", ""),
    ("google.protobuf.Timestamp", "2026-02-31T00:00:00Z", 'a time as of RFC 3339: "2026-01-31T00:00:00Z"'),
    ("google.protobuf.Timestamp", "2026-01-31", 'a time as of RFC 3339: "2026-01-31T00:00:00Z"'),
    ("google.protobuf.Duration", "-1.5s", ""),
    ("google.protobuf.Duration", "1.5", 'seconds: "1.5s"'),
    ("google.protobuf.Duration", "315576000001s", 'seconds: "1.5s"'),
    ("google.protobuf.Int32Value", "x", "a whole number from -2147483648 to 2147483647"),
    ("google.protobuf.Struct", "[]", "a JSON object"),
    ("google.protobuf.Value", "[1, NaN]", ""),
    ("google.protobuf.ListValue", "{}", "a JSON array"),
    ("repeated int32", "[1]", ""),
    ("repeated int32", "1", "a JSON array"),
    ("map<string, int32>", "{", "JSON"),
]


def test_defaults() -> None:
    fields = [annotated(f"{kind} f{i}", f'default: "{given}"') for i, (kind, given, _) in enumerate(DEFAULTS)]
    source = WELL_KNOWN + entity("not_stored: true", *fields) + "enum Kind { KIND_UNSPECIFIED = 0; KIND_ONE = 1; }"
    expected = [
        f'{i + 3}:3: the default of StepV1.f{i} is "{given}", and it must be {wanted}'
        for i, (_, given, wanted) in enumerate(DEFAULTS)
        if wanted
    ]
    assert refused(source) == expected


def test_defaults_of_codecs() -> None:
    fields = [
        annotated("bytes a", 'codec: CODEC_JSON default: "{\\"x\\": 1}"'),
        annotated("string b", 'codec: CODEC_JSON default: "x"'),
        annotated("StepV1 c", 'codec: CODEC_PROTO default: "x"'),
    ]
    assert refused(entity("not_stored: true", *fields)) == [
        '4:3: the default of StepV1.b is "x", and it must be JSON',
        '5:3: the default of StepV1.c is "x", and it must be left out: this codec has none',
    ]
