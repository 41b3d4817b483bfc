"""Which surfaces a change breaks, and for whom, as the protobuf encodings have it."""

from __future__ import annotations

import pytest

from fieldstone.compatibility.engine import judge
from fieldstone.compatibility.finding import Direction, Finding
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.rules import Context, all_rules
from tests.compatibility.examples import TODAY, schema_of

RULES = [rule for rule in all_rules().values() if not rule.is_style]
LETTERS = {Direction.READING_OLD: "o", Direction.READ_BY_OLD: "n"}


IMPORTED = ("empty", "timestamp", "duration", "wrappers")


def judged(before: str, after: str) -> list[Finding]:
    return judge(Context(schema_of(before), schema_of(after), Ledger(), TODAY), RULES)


def told(before: str, after: str) -> str:
    """The wire and json surfaces that break, each with `o` for old data and `n` for old code reading new data."""
    found = {
        (surface, LETTERS[direction])
        for finding in judged(before, after)
        for surface, directions in finding.breaks_for.items()
        for direction in directions
        if direction in LETTERS
    }
    surfaces = ("wire", "json")
    return " ".join(
        f"{on}:{''.join(letter for letter in 'on' if (on, letter) in found)}"
        for on in surfaces
        if any(surface == on for surface, _ in found)
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("int32", "int64", "wire:n json:n"),
        ("int64", "int32", "wire:o json:o"),
        ("uint32", "uint64", "wire:n json:n"),
        ("uint32", "int64", "wire:n json:n"),
        ("int32", "uint32", "wire:on json:on"),
        ("int32", "uint64", "wire:on json:on"),
        ("int64", "uint64", "wire:on json:on"),
        ("int32", "bool", "wire:o json:on"),
        ("sint32", "sint64", "wire:n json:n"),
        ("int32", "sint32", "wire:on"),
        ("int64", "sfixed64", "wire:on"),
        ("fixed32", "sfixed32", "wire:on json:on"),
        ("fixed32", "uint32", "wire:on"),
        ("fixed64", "double", "wire:on json:on"),
        ("int32", "double", "wire:on json:n"),
        ("int64", "double", "wire:on json:on"),
        ("float", "double", "wire:on json:on"),
        ("string", "bytes", "wire:n json:on"),
        ("bytes", "string", "wire:o json:on"),
        ("string", "int64", "wire:on json:on"),
        ("End", "int32", "json:o"),
        ("int64", "End", "wire:o json:on"),
        ("End", "bool", "wire:o json:on"),
        ("End", "Finish", ""),
        ("A", "optional bytes", "wire:n json:on"),
        ("bytes", "A", "wire:o json:on"),
        ("A", "string", "wire:on json:on"),
        ("A", "B", ""),
        ("A", "C", "json:on"),
        ("A", "D", "wire:on json:on"),
        ("A", "E", ""),
        ("E", "A", "wire:on json:on"),
        ("Loop", "Ring", ""),
        ("Loop", "Spiral", "wire:on"),
        ("repeated string", "repeated bytes", "wire:n json:on"),
        ("map<string, int32>", "map<string, int64>", "wire:n json:n"),
        ("map<int32, A>", "map<int32, B>", ""),
        ("map<string, int32>", "repeated Entry", "wire:n json:on"),
        ("repeated Entry", "map<string, int32>", "wire:o json:on"),
        ("map<string, int32>", "repeated string", "wire:on json:on"),
        ("string", "repeated string", "wire:n json:on"),
        ("repeated int32", "int32", "wire:o json:on"),
        ("optional int32", "int32", "wire:on json:on"),
        ("int32", "optional int32", "wire:o json:o"),
        ("Tree", "Vine", "wire:o json:on"),
        ("Vine", "Tree", "wire:n json:on"),
        ("Tree", "Bush", ""),
        ("repeated Tree", "repeated Bush", ""),
        ("map<string, Tree>", "map<string, Bush>", ""),
        ("google.protobuf.Empty", "Nothing", ""),
        ("Nothing", "google.protobuf.Empty", ""),
        ("google.protobuf.Empty", "A", ""),
        ("google.protobuf.Timestamp", "Moment", "json:on"),
        ("Moment", "google.protobuf.Timestamp", "json:on"),
        ("google.protobuf.Timestamp", "google.protobuf.Duration", "json:on"),
        ("google.protobuf.Int32Value", "google.protobuf.Int64Value", "wire:n json:n"),
        ("google.protobuf.Int32Value", "Boxed", "json:on"),
        ("repeated google.protobuf.Empty", "repeated Nothing", ""),
        ("A", "Snake", "json:o"),
        ("Snake", "A", "json:n"),
        ("A", "Short", "json:on"),
    ],
)
def test_what_the_type_of_a_field_does(old: str, new: str, expected: str) -> None:
    types = (
        "enum End { END_NONE = 0; END_GOAL = 1; } message Box { enum Finish { END_NONE = 0; END_GOAL = 1; } } "
        "message A { string run_id = 1; } message B { string run_id = 1; } message C { string id = 1; } "
        "message D { int32 run_id = 1; } message E { string run_id = 1; string more = 2; } "
        "message Entry { string key = 1; int32 value = 2; } "
        "message Loop { Loop next = 1; int32 n = 2; } message Ring { Ring next = 1; int32 n = 2; } "
        "message Spiral { Spiral next = 1; sint32 n = 2; } "
        "message Tree { repeated Tree x = 1; int32 n = 2; } message Vine { Vine x = 1; int32 n = 2; } "
        "message Bush { repeated Bush x = 1; int32 n = 2; } message Nothing {} "
        "message Moment { int64 seconds = 1; int32 nanos = 2; } message Boxed { int32 value = 1; } "
        'message Snake { string run_id = 1 [json_name = "run_id"]; } '
        'message Short { string run_id = 1 [json_name = "run"]; } '
    )
    imports = "".join(f'import "google/protobuf/{name}.proto"; ' for name in IMPORTED)
    before, after = (
        f"{imports} {types} message Step {{ {name} x = 1; }}".replace("Finish x", "Box.Finish x") for name in (old, new)
    )
    assert told(before, after) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "message A { A a = 1; B b = 2; } message B { int32 n = 1; }",
            "message C { C a = 1; D b = 2; } message D { int32 n = 1; }",
            "",
        ),
        ("message A { oneof o { int32 a = 1; } }", "message A { oneof p { int32 a = 1; } }", ""),
        ("message A { oneof o { int32 a = 1; } }", "message A { optional int32 a = 1; }", ""),
        (
            "message A { oneof o { int32 a = 1; int32 b = 2; } }",
            "message A { optional int32 a = 1; optional int32 b = 2; }",
            "wire:n json:n",
        ),
        ("message A { optional int32 a = 1; }", "message A { oneof o { int32 a = 1; } }", ""),
        ("message A { int32 a = 1; }", "message A { oneof o { int32 a = 1; } }", "wire:o json:o"),
        (
            "message A { optional int32 a = 1; oneof o { int32 b = 2; } }",
            "message A { oneof o { int32 a = 1; int32 b = 2; } }",
            "wire:o json:o",
        ),
        ("message A { string a = 1; }", 'message A { string b = 1 [json_name = "a"]; }', ""),
        (
            "message A { string a = 1; } message B { string a = 1; } service S { rpc Get(A) returns (A); }",
            "message A { string a = 1; } message B { string a = 1; } service S { rpc Get(B) returns (B); }",
            "",
        ),
        (
            "message A { string a = 1; } message B { bytes a = 1; } service S { rpc Get(A) returns (A); }",
            "message A { string a = 1; } message B { bytes a = 1; } service S { rpc Get(B) returns (A); }",
            "wire:n json:on",
        ),
        (
            'syntax = "proto3"; message A { int32 a = 1; optional int32 b = 2; repeated int32 c = 3; }',
            (
                'edition = "2023"; option features.field_presence = IMPLICIT; message A { int32 a = 1; '
                "int32 b = 2 [features.field_presence = EXPLICIT]; repeated int32 c = 3; }"
            ),
            "",
        ),
        (
            'syntax = "proto2"; message A { repeated int32 a = 1; }',
            'syntax = "proto2"; message A { repeated int32 a = 1 [packed = true]; }',
            "",
        ),
        (
            'syntax = "proto2"; message A { optional int32 a = 1; }',
            'syntax = "proto2"; message A { required int32 a = 1; }',
            "wire:o json:o",
        ),
        (
            'syntax = "proto2"; message A { required int32 a = 1; }',
            'syntax = "proto2"; message A { optional int32 a = 1; }',
            "wire:n json:n",
        ),
        ("message A {}", 'option go_package = "acme/v1"; message A {}', ""),
    ],
)
def test_what_a_change_does(before: str, after: str, expected: str) -> None:
    assert told(before, after) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("rpc Get(A) returns (A); rpc Put(A) returns (B);", "rpc Get(A) returns (A);", "wire:n json:n"),
        ("rpc Get(A) returns (A);", "rpc Fetch(A) returns (A);", "wire:n json:n"),
        ("rpc Get(A) returns (A);", "rpc Get(A) returns (A); rpc Put(A) returns (B);", ""),
    ],
)
def test_a_call_that_is_gone_breaks_old_callers_alone(before: str, after: str, expected: str) -> None:
    types = "message A { string a = 1; } message B { int32 b = 1; } service Other { rpc Get(B) returns (B); }"
    assert told(f"{types} service S {{ {before} }}", f"{types} service S {{ {after} }}") == expected
    gone = types.replace("service Other", "service Elsewhere")
    assert told(f"{types} service S {{ {before} }}", f"{gone} service S {{ {before} }}") == "wire:n json:n"
    assert told(types, types.partition("service")[0]) == "wire:n json:n"
