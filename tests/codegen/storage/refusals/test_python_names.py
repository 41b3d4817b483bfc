"""Names of methods, arguments, attributes and classes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.codegen.storage.refusals.examples import PATH, annotated, entity, query, refused, step

NAMES: Mapping[str, tuple[str, list[str]]] = {
    "a name that is a keyword": (
        entity('primary_key: "id" name: "class"', "string id"),
        ['2:10: StepV1 is called "class", a keyword of Python; give it another with name'],
    ),
    "a name that is no name": (
        entity('primary_key: "id" name: "Big Step" plural: "payloads" table: "t"', "string id"),
        [
            '2:10: StepV1 is called "Big Step", and names of functions have a-z, 0-9 and _; give it another with name',
            '2:10: StepV1 is called "payloads", an argument of generated methods; give it another with plural',
        ],
    ),
    "two entities of one name": (
        entity('primary_key: "id"', "string id")
        + entity('primary_key: "id" name: "step" plural: "many" table: "t"', "string id", name="B"),
        ["6:10: B is called step, and so is StepV1; give it another with name"],
    ),
    "two entities of one plural": (
        entity('primary_key: "id"', "string id")
        + entity('primary_key: "id" plural: "steps" table: "t"', "string id", name="B"),
        ["6:10: several of B are called steps, and so is StepV1; give them another with plural"],
    ),
    "one is called as many": (
        entity('primary_key: "id" name: "sheep" plural: "sheep"', "string id"),
        ["2:10: several of StepV1 are called sheep, and so is one of them; give them another with plural"],
    ),
    "a query that is another method": (
        query("").replace('"q"', '"get_step"'),
        ["2:10: query get_step of StepV1 is called as a method of StepV1; give it another name"],
    ),
    "a query that is a method of every repository": (
        query("").replace('"q"', '"migrate"'),
        ["2:10: query migrate of StepV1 is called as a method of every repository; give it another name"],
    ),
    "two queries of one name": (
        step('queries: {name: "all"} queries: {name: "all"}'),
        ["2:10: query all of StepV1 is called as a method of StepV1; give it another name"],
    ),
    "queries without names": (
        step('queries: {} queries: {name: "import"}'),
        [
            '2:10: a query of StepV1 is called "", and names of functions have a-z, 0-9 and _; give it another name',
            '2:10: a query of StepV1 is called "import", a keyword of Python; give it another name',
        ],
    ),
    "two arguments of one name": (
        entity(
            'primary_key: ["limit_", "self"] queries: {name: "q" equal: "limit_"}',
            annotated("string limit_", 'attribute: "limit"'),
            "string self",
        ),
        [
            (
                "2:10: get_step of StepV1 has two arguments called self; "
                "give the field another attribute, or the range a range_name"
            ),
            (
                "2:10: q of StepV1 has two arguments called limit; "
                "give the field another attribute, or the range a range_name"
            ),
        ],
    ),
    "an attribute that is a keyword": (
        entity("not_stored: true", "string class", "string None"),
        [
            '3:3: the attribute of StepV1.class is "class", a keyword of Python; give it another: attribute: "class_"',
            '4:3: the attribute of StepV1.None is "None", a keyword of Python; give it another: attribute: "None_"',
        ],
    ),
    "attributes that are no names": (
        entity("not_stored: true", annotated("string a", 'attribute: "a b"'), "string __x"),
        [
            '3:3: the attribute of StepV1.a is "a b", which is no name in Python; give it another: attribute: "a b_"',
            (
                '4:3: the attribute of StepV1.__x is "__x", and Python changes names that begin with two underscores; '
                'give it another: attribute: "x_"'
            ),
        ],
    ),
    "two fields of one attribute": (
        entity("not_stored: true", "string a", annotated("string b", 'attribute: "a"')),
        ["4:3: b has the attribute a, and so has a; give it another with attribute"],
    ),
}


@pytest.mark.parametrize("case", NAMES.values(), ids=NAMES)
def test_names(case: tuple[str, list[str]]) -> None:
    source, lines = case
    assert refused(source) == lines


def test_classes_of_one_name() -> None:
    files = {
        PATH: 'import "other/v1/a.proto";\n'
        + entity("not_stored: true", "Money price", "other.v1.Money cost", "other.v1.Any any")
        + "message Money {\n  int64 units = 1;\n}",
        "other/v1/a.proto": "package other.v1;\nmessage Money { int64 units = 1; }\nmessage Any { int32 x = 1; }",
    }
    as_bytes = "keep the field that holds it as bytes: codec: CODEC_PROTO"
    assert refused(files, own=[PATH]) == [
        f"6:3: the class of other.v1.Any is Any, which is Python's own; {as_bytes}",
        (
            "8:1: the class of acme.v1.Money is Money, and so is that of other.v1.Money; "
            "name it: option (fieldstone.v1.entity) = {not_stored: true name: ...}"
        ),
    ]


def test_entities_of_one_class() -> None:
    source = entity('primary_key: "id" name: "a_b" table: "t"', "string id") + entity(
        'primary_key: "id" name: "a__b" table: "u"', "string id", name="B"
    )
    assert refused(source) == [
        "5:1: the class of acme.v1.B is ABRecord, and so is that of acme.v1.StepV1; give it another with name"
    ]


def test_nested_messages_have_the_names_of_both() -> None:
    source = entity("not_stored: true", "Outer.Inner a", "Other.Inner b") + (
        "message Outer { message Inner { int32 x = 1; } }\nmessage Other { message Inner { int32 x = 1; } }"
    )
    assert not refused(source)


def test_functions_of_one_name() -> None:
    source = entity('not_stored: true name: "money"', "Money price") + "message Money {\n  int64 units = 1;\n}"
    assert refused(source) == [
        "5:1: the mapper's functions of acme.v1.Money are called as those of StepV1; give StepV1 another with name"
    ]


def test_names_in_messages_of_another_module() -> None:
    files = {
        PATH: 'import "other/v1/a.proto";\n' + entity("not_stored: true", "other.v1.Outer outer"),
        "other/v1/a.proto": (
            "package other.v1;\nmessage Outer { Span span = 1; Kind kind = 2; }\n"
            "message Span { int32 from = 1; }\nenum Kind { None = 0; }"
        ),
    }
    as_bytes = "keep the field that holds it as bytes: codec: CODEC_PROTO"
    assert refused(files, own=[PATH]) == [
        f'4:3: the attribute of Span.from is "from", a keyword of Python; {as_bytes}',
    ]
