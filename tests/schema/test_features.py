"""Features of editions as buf compiles them: defaults, what is inherited, and who may use a type."""

from __future__ import annotations

import pytest

from fieldstone.checking.examples import compile_example
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.model import Schema

IMPORTS = " ".join(f'import "google/protobuf/{name}_features.proto";' for name in ("cpp", "go", "java"))
KEEP, STRIP = "STRIP_ENUM_PREFIX_KEEP", "STRIP_ENUM_PREFIX_STRIP"


def schema(text: str, head: str = 'edition = "2024"', options: str = "") -> Schema:
    """The schema of one file in acme.v1."""
    imports = IMPORTS if "(pb." in text + options else ""
    return load_schema(compile_example(f"{head}; package acme.v1; {imports} {options} {text}"), where="the test")


def visibilities(found: Schema) -> dict[str, str]:
    """Who may use each type, by its name in acme.v1."""
    seen = {name: message.visibility for name, message in found.messages.items()}
    seen |= {name: enum.visibility for name, enum in found.enums.items()}
    return {name.removeprefix("acme.v1."): visibility for name, visibility in seen.items()}


@pytest.mark.parametrize(
    ("options", "visible"),
    [
        ("", "A A.E"),
        ("option features.default_symbol_visibility = EXPORT_ALL;", "A A.B A.C A.E"),
        ("option features.default_symbol_visibility = LOCAL_ALL;", "A.E"),
    ],
)
def test_a_type_is_visible_by_its_own_keyword_else_by_that_of_its_file(options: str, visible: str) -> None:
    inside = "message B {} enum C { C_NONE = 0; } local message D {} export message E {}"
    seen = visibilities(schema(f"message A {{ {inside} }} local enum F {{ F_NONE = 0; }}", options=options))
    assert sorted(name for name, visibility in seen.items() if visibility == "export") == visible.split()


def test_strict_exports_what_stands_at_the_top_only_if_it_says_so() -> None:
    strict = "option features.default_symbol_visibility = STRICT;"
    found = schema("message A {} export message B {} enum C { C_NONE = 0; }", options=strict)
    assert visibilities(found) == {"A": "local", "B": "export", "C": "local"}


@pytest.mark.parametrize("head", ['syntax = "proto2"', 'syntax = "proto3"', 'edition = "2023"'])
def test_before_edition_2024_everything_is_visible(head: str) -> None:
    found = schema("message A { message B { enum C { C_NONE = 0; } } }", head)
    assert set(visibilities(found).values()) == {"export"}


@pytest.mark.parametrize(
    ("head", "message", "enum"),
    [
        ('syntax = "proto2"', ("API_LEVEL_UNSPECIFIED", "LEGACY"), ("true", "false")),
        ('syntax = "proto3"', ("API_LEVEL_UNSPECIFIED", "LEGACY"), ("false", "false")),
        ('edition = "2023"', ("API_LEVEL_UNSPECIFIED", "LEGACY"), ("false", "false")),
        ('edition = "2024"', ("API_OPAQUE", "NO"), ("false", "true")),
    ],
)
def test_the_defaults_of_a_language_are_those_of_the_edition(
    head: str, message: tuple[str, str], enum: tuple[str, str]
) -> None:
    found = schema("message A {} enum C { C_NONE = 0; }", head)
    features = found.messages["acme.v1.A"].features
    assert (features["Go api_level"], features["Java nest_in_file_class"]) == message
    features = found.enums["acme.v1.C"].features
    assert (features["Go legacy_unmarshal_json_enum"], features["C++ enum_name_uses_string_view"]) == enum


def test_a_feature_holds_for_all_that_is_inside_until_it_is_set_again() -> None:
    found = schema(
        "message A { option features.(pb.go).api_level = API_HYBRID; message B {} "
        f"enum C {{ option features.(pb.go).strip_enum_prefix = {STRIP}; "
        f"C_NONE = 0; C_ONE = 1 [features.(pb.go).strip_enum_prefix = {KEEP}]; }} C c = 1; }} message D {{}}",
        options="option features.(pb.go).api_level = API_OPEN; option features.(pb.java).large_enum = true;",
    )
    levels = {name.removeprefix("acme.v1."): m.features["Go api_level"] for name, m in found.messages.items()}
    assert levels == {"A": "API_HYBRID", "A.B": "API_HYBRID", "D": "API_OPEN"}
    features = found.enums["acme.v1.A.C"].features
    assert (features["Go strip_enum_prefix"], features["Go strip_enum_prefix of C_ONE"]) == (STRIP, KEEP)
    assert features["Java large_enum"] == "true"
    assert "Java nest_in_file_class" not in features


def test_a_field_has_the_features_that_mean_something_for_its_type() -> None:
    found = schema(
        "enum C { C_NONE = 0; } message A { C one = 1; "
        "repeated C many = 2 [features.(pb.cpp).legacy_closed_enum = false]; map<int32, C> of = 3; int32 n = 4; }",
        'edition = "2023"',
        "option features.(pb.cpp).legacy_closed_enum = true;",
    )
    fields = {field.name: field.options for field in found.messages["acme.v1.A"].fields.values()}
    closed = {name: options.get("C++ legacy_closed_enum") for name, options in fields.items()}
    assert closed == {"one": "true", "many": "false", "of": "true", "n": None}
    assert fields["many"]["C++ repeated_type"] == "LEGACY"


def test_a_feature_that_is_not_listed_is_read_by_its_number() -> None:
    other = {
        "acme/v1/features.proto": (
            'syntax = "proto2"; package acme.v1; import "google/protobuf/descriptor.proto"; '
            "extend google.protobuf.FeatureSet { optional Mine mine = 9996; } "
            "message Mine { optional bool loud = 7 [feature_support = { edition_introduced: EDITION_2023 }, "
            'targets = TARGET_TYPE_MESSAGE, edition_defaults = { edition: EDITION_LEGACY value: "false" }]; }'
        ),
        "acme/v1/a.proto": (
            'edition = "2023"; package acme.v1; import "acme/v1/features.proto"; '
            "message A { option features.(acme.v1.mine).loud = true; message B {} }"
        ),
    }
    found = load_schema(compile_example(other), where="the test")
    assert found.messages["acme.v1.A.B"].features["feature 9996.7"] == "1"
