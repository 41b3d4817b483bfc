"""The rules and the real buf, compared by rule, file and subject: what one leaves out shows, rewording does not."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from fieldstone.checking.examples import compile_example
from fieldstone.compatibility.engine import judge
from fieldstone.compatibility.finding import Finding
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.rules import Context, all_rules
from fieldstone.compatibility.second_opinion import disagreements
from fieldstone.schema.descriptors import load_schema
from fieldstone.toolchain import buf
from fieldstone.toolchain.diagnostic import Diagnostic

Reword = Callable[[str], str]
HEAD = 'syntax = "proto2"; package acme.v1; '
PAIRS = {
    "one name in several messages": (
        "message A { message In { optional string x = 1; } } message B { message In { optional string x = 1; } }",
        "message A { message In { optional bytes x = 1; } } message B { message In { optional bytes x = 1; } }",
    ),
    "a type called as another message with the same number": (
        "message A { optional A Step = 1; } message Step { optional A A = 1; }",
        "message A { optional Step Step = 1; } message Step { optional Step A = 1; }",
    ),
    "nested messages that left with the outer one": (
        "message A { message B { message C {} enum D { Z = 0; } } } message Left { optional int32 x = 1; }",
        "message Left { optional int32 x = 1; }",
    ),
    "maps": (
        "message V {} message A { map<string, V> by_name = 1; map<int32, int32> n = 2; map<string, V> gone = 3; }",
        "message V {} message A { repeated V by_name = 1; map<int64, int64> n = 2; }",
    ),
    "reservations and ranges": (
        (
            'message A { reserved 2 to 9, 20; reserved "x", "y"; extensions 100 to 199; } '
            "enum E { Z = 0; reserved -9 to -2, 30; }"
        ),
        "message A { reserved 2, 4, 9; extensions 100 to 110, 120 to 130; } enum E { Z = 0; reserved -9; }",
    ),
    "aliases": (
        "enum E { option allow_alias = true; Z = 0; A = 1; B = 1; C = 1; }",
        "enum E { option allow_alias = true; Z = 0; X = 1; Y = 1; W = 1; V = 1; }",
    ),
    "extensions": (
        (
            "message A { extensions 100 to 199; extend A { optional int32 in = 101; } } "
            "extend A { optional int32 e = 100; }"
        ),
        "message A { extensions 100 to 199; } extend A { optional string e = 100; }",
    ),
    "services": (
        (
            "message A {} message B { optional int32 x = 1; } "
            "service S { rpc G(A) returns (A); rpc H(A) returns (A); } service T { rpc G(A) returns (A); }"
        ),
        (
            "message A {} message B { optional int32 x = 1; } service S { rpc G(stream B) returns (stream B); } "
            "service T { rpc G(B) returns (A); }"
        ),
    ),
    "oneofs": (
        "message A { oneof o { int32 a = 1; int32 b = 2; } oneof p { int32 c = 3; int32 d = 4; } }",
        "message A { oneof q { int32 a = 1; int32 b = 2; } optional int32 c = 3; optional int32 d = 4; }",
    ),
    "required fields": (
        "message A { required int32 a = 1; } message B { required int32 a = 1; optional int32 b = 2; }",
        "message A { required int32 a = 1; required int32 c = 3; } message B { optional int32 b = 2; }",
    ),
    "options of a file": (
        'option go_package = "a"; option java_package = "b"; message A { optional int32 x = 1; }',
        'option go_package = "c"; option java_package = "d"; message A { optional int32 x = 1; }',
    ),
    "an accessor in each of two messages": (
        "message A {} message B {}",
        (
            "message A { option no_standard_descriptor_accessor = true; } "
            "message B { option no_standard_descriptor_accessor = true; }"
        ),
    ),
}
FILES = {
    "a file that is gone": (
        {"a.proto": HEAD + "message A { message B {} } enum E { Z = 0; }", "b.proto": HEAD + "message C {}"},
        {"b.proto": HEAD + "message C {}"},
    ),
    "a package that is gone": (
        {"a.proto": 'syntax = "proto3"; package a.v1; message A {} service S {}'},
        {"a.proto": 'syntax = "proto3"; package a.v2; message B { int32 x = 1; }'},
    ),
    "a message in another file and syntax": (
        {"a.proto": HEAD + "message A { required int32 x = 1; message B { required int32 y = 1; } } message K {}"},
        {
            "a.proto": HEAD + "message K {}",
            "b.proto": 'edition = "2023"; package acme.v1; message A { message B { int32 y = 1 '
            "[features.field_presence = LEGACY_REQUIRED]; } "
            "int32 x = 1 [features.field_presence = LEGACY_REQUIRED]; }",
        },
    ),
}
CASES = {**{name: tuple({"a.proto": HEAD + text} for text in pair) for name, pair in PAIRS.items()}, **FILES}


@cache
def judged(name: str) -> tuple[Context, list[Finding], list[Diagnostic]]:
    """What both engines find in a pair."""
    images = [compile_example(sources) for sources in CASES[name]]
    old, new = (load_schema(image, where="here") for image in images)
    context = Context(old, new, Ledger(), date(2026, 1, 1))
    findings = judge(context, [rule for rule in all_rules().values() if not rule.is_style])
    with tempfile.TemporaryDirectory() as folder:
        found = buf.breaking(images[0], images[1], scratch=Path(folder)).diagnostics(what="buf breaking")
    return context, findings, found


def compared(name: str, findings: list[Finding], annotations: list[Diagnostic]) -> list[str]:
    context, _, _ = judged(name)
    return [f"{d.finder} {d.rule}" for d in disagreements(findings, annotations, (context.old, context.new))]


@pytest.mark.parametrize("name", CASES)
def test_both_agree(name: str) -> None:
    _, findings, annotations = judged(name)
    assert annotations
    assert compared(name, findings, annotations) == []


@pytest.mark.parametrize("name", CASES)
def test_what_buf_says_once_more_shows(name: str) -> None:
    _, findings, annotations = judged(name)
    for annotation in annotations:
        assert compared(name, findings, [*annotations, annotation]) == [f"buf {annotation.rule}"]


@pytest.mark.parametrize("name", CASES)
def test_what_no_rule_finds_shows(name: str) -> None:
    """Of what several rules tell, one is enough; a subject that none of them tells of is not."""
    _, findings, annotations = judged(name)
    for covered in {finding.covered for finding in findings if finding.buf}:
        left = [f for f in findings if f.covered != covered and not set(f.covered.types) & set(covered.types)]
        told_by_others = any(f.covered.is_of_files for f in left) or covered.is_of_files
        assert compared(name, left, annotations) or told_by_others


@pytest.mark.parametrize("name", CASES)
def test_what_buf_no_longer_says_shows(name: str) -> None:
    _, findings, _ = judged(name)
    told = {finding.rule for finding in findings if finding.buf}
    assert {line.partition(" ")[2] for line in compared(name, findings, [])} == told


def unlabelled(text: str) -> str:
    """Other words around the same names and numbers."""
    return "Look at " + " and ".join(re.findall(r'"(?:[^"\\]|\\.)*"', text))


def full_names(text: str) -> str:
    """The package in front of the names of types."""
    return re.sub(r'\b(message|enum|service) "(?!acme)', r'\1 "acme.v1.', text)


def wordless(text: str) -> str:
    """Nothing that names anything."""
    return "Something is not as it was."


@pytest.mark.parametrize("reword", [unlabelled, full_names, wordless])
@pytest.mark.parametrize("name", CASES)
def test_other_words_change_nothing(name: str, reword: Reword) -> None:
    _, findings, annotations = judged(name)
    reworded = [replace(one, message=reword(one.message)) if one.path else one for one in annotations]
    assert compared(name, findings, reworded) == []
    assert compared(name, [], reworded) != []


@pytest.mark.parametrize("name", PAIRS)
def test_an_annotation_without_a_path_is_found_by_its_words(name: str) -> None:
    _, findings, annotations = judged(name)
    assert compared(name, findings, [replace(one, path="") for one in annotations]) == []


def test_another_subject_shows_also_where_both_name_one_id() -> None:
    name = "one name in several messages"
    _, findings, annotations = judged(name)
    other = [replace(one, message=one.message.replace('"1"', '"2"').replace('"In"', '"A"')) for one in annotations]
    assert compared(name, findings, annotations[:1]) == ["fieldstone field-type-changed"]
    assert compared(name, findings[:1], annotations) == ["buf FIELD_SAME_TYPE"]
    assert compared(name, findings, other) == []  # A has no field 2: to both schemas that is no name

    name = "required fields"
    _, findings, annotations = judged(name)
    swapped = [replace(one, message=one.message.replace('"B"', '"A"')) for one in annotations]
    assert compared(name, findings, swapped) != []
