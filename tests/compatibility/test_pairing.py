"""Two schemas -> matched pairs: what is one thing under another name or number, and what came or went."""

from __future__ import annotations

import pytest

from fieldstone.checking.examples import compile_example
from fieldstone.compatibility.pairing import Added, Change, Kept, Removed, Renamed, Renumbered, changed_types, pair
from fieldstone.compatibility.rules import Sources
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.model import File, Package, Schema
from fieldstone.schema.storage import Column, StoredQuery, Table


def schema_of(sources: Sources) -> Schema:
    image = compile_example(sources)
    return load_schema(image, where="example") if image else Schema()


def words(change: Change) -> str:
    match change:
        case Added(new=new):
            return f"added {new.full_name}"
        case Removed(old=old):
            return f"removed {old.full_name}"
        case Renamed(old=old, new=new):
            return f"renamed {old.full_name} {new.full_name}"
        case Renumbered(old=old, new=new):
            return f"renumbered {old.full_name}"
        case Kept(old=old):
            return f"changed {old.full_name}"


def told_of(change: Change) -> str:
    verb, _, about = words(change).partition(" ")
    stored = {Table: "table ", Column: "column ", StoredQuery: "query "}
    return f"{verb} {stored.get(type(change.subject), '')}{about}"


def changes(old: Sources, new: Sources) -> set[str]:
    found = [c for c in pair(schema_of(old), schema_of(new)) if not isinstance(c.subject, File | Package)]
    told = [told_of(change).replace("acme.v1.", "") for change in found]
    assert len(told) == len(set(told)), "every change is given once"
    return set(told)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("message A { string x = 1; }", "message A { string x = 1; } // more", set()),
        ("message A { string x = 1; }", "message A { string y = 1; }", {"changed A", "changed A.x"}),
        ("message A { string x = 1; }", "message A { string x = 2; }", {"changed A", "renumbered A.x"}),
        (
            "message A { string x = 1; string y = 2; }",
            "message A { string y = 1; string x = 2; }",
            {"changed A", "changed A.x", "changed A.y"},
        ),
        ("message A { string x = 1; }", "message B { string x = 1; }", {"renamed A B"}),
        ("message A {}", "message B {}", {"removed A", "added B"}),
        (
            "message A { string x = 1; } message B { string x = 1; }",
            "message C { string x = 1; }",
            {"removed A", "removed B", "added C"},
        ),
        (
            "message A { message In { string x = 1; } In in = 1; }",
            "",
            {"removed A"},
        ),
        ("enum E { E_A = 0; E_B = 1; }", "enum F { E_A = 0; E_B = 1; }", {"renamed E F"}),
        ("enum E { E_A = 0; E_B = 1; }", "enum E { E_A = 0; E_B = 2; }", {"changed E", "renumbered E.E_B"}),
        ("enum E { E_A = 0; E_B = 1; }", "enum E { E_A = 0; E_C = 1; }", {"changed E", "changed E.E_B"}),
        (
            "enum E { option allow_alias = true; E_A = 0; E_B = 1; E_C = 1; }",
            "enum E { option allow_alias = true; E_A = 0; E_C = 1; E_B = 1; E_D = 1; }",
            {"changed E", "added E.E_D"},
        ),
        (
            "message A { oneof o { string x = 1; } }",
            "message A { oneof p { string x = 1; } }",
            {"changed A", "changed A.x", "renamed A.o A.p"},
        ),
        (
            "message A {} service S { rpc Get(A) returns (A); }",
            "message A {} service S { rpc Fetch(A) returns (A); }",
            {"changed S", "renamed S.Get S.Fetch"},
        ),
        (
            "message A {} service S { rpc Get(A) returns (A); }",
            "message A {} service T { rpc Get(A) returns (A); }",
            {"renamed S T"},
        ),
    ],
)
def test_changes(old: str, new: str, expected: set[str]) -> None:
    assert changes(old, new or "message Other { bytes z = 9; }") - {"added Other"} == expected


TABLE = 'option (fieldstone.v1.entity) = {primary_key: "x"};'


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("message A { string x = 1; }", f"message A {{ {TABLE} string x = 1; }}", {"added table A"}),
        (f"message A {{ {TABLE} string x = 1; }}", "message A { string x = 1; }", {"removed table A"}),
        (f"message A {{ {TABLE} string x = 1; }}", "", {"removed A"}),
        ("", f"message A {{ {TABLE} string x = 1; }}", {"added A"}),
        (f"message A {{ {TABLE} string x = 1; }}", f"message B {{ {TABLE} string x = 1; }}", {"renamed A B"}),
        (
            f"message A {{ {TABLE} string x = 1; }}",
            f"message A {{ {TABLE} string x = 1; string y = 2; }}",
            {"changed A", "added A.y", "changed table A"},
        ),
        (
            f"message A {{ {TABLE} string x = 1; string y = 2; }}",
            f"message A {{ {TABLE} string x = 1; string z = 2; }}",
            {"changed A", "changed A.y", "changed table A"},
        ),
        (
            f"message A {{ {TABLE} string x = 1; string y = 2; }}",
            f"message A {{ {TABLE} string x = 1; string y = 2 [(fieldstone.v1.column).not_stored = true]; }}",
            {"changed table A", "removed column A.y"},
        ),
        (
            f"message A {{ {TABLE} string x = 1; bytes y = 2; }}",
            f"message A {{ {TABLE} string x = 1; bytes y = 2 [(fieldstone.v1.column).codec = CODEC_JSON]; }}",
            {"changed table A", "changed column A.y"},
        ),
    ],
)
def test_changes_of_tables(old: str, new: str, expected: set[str]) -> None:
    other = "message Other { bytes z = 9; }"
    assert changes(f"{other} {old}", f"{other} {new}") == expected


def test_a_type_that_moved_to_another_file_is_the_same_type() -> None:
    one, two = "message A { string x = 1; }", "message B { string y = 1; }"
    old = {"acme/v1/a.proto": one + two}
    new = {"acme/v1/a.proto": one, "acme/v1/b.proto": two}
    assert changes(old, new) == {"changed B"}


def test_a_schema_against_itself_is_silent() -> None:
    schema = schema_of("message A { string x = 1; } enum E { E_A = 0; }")
    assert list(pair(schema, schema)) == []


def test_types_that_changed() -> None:
    old = schema_of("message A { string x = 1; } message B {} enum E { E_A = 0; }")
    new = schema_of("message A { int32 x = 1; } message C {} enum E { E_A = 0; E_B = 1; }")
    assert changed_types(pair(old, new)) == {"acme.v1.A", "acme.v1.B", "acme.v1.C", "acme.v1.E"}
