"""What is not refused, and how all refusals are told."""

from __future__ import annotations

import pytest

from fieldstone.codegen.storage.application import Application
from fieldstone.codegen.storage.refusals import RefusedError, refuse
from fieldstone.errors import FieldstoneError
from tests.codegen.storage.refusals.examples import PATH, annotated, entity, refused, schema_of

VALID = (
    'import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto"; '
    + entity(
        'table: "orders" primary_key: ["shop", "number"] '
        'indexes: {fields: ["customer"]} indexes: {fields: ["email"] unique: true} '
        'queries: {name: "orders_of" equal: "customer"} '
        'queries: {name: "order_by_email" equal: "email" result: QUERY_RESULT_FIRST} '
        'outbox: {aggregate_key: "customer"}',
        "string shop",
        "uint32 number",
        "string customer",
        "optional string email",
        "google.protobuf.Timestamp timestamp",
        annotated("repeated Line lines", "codec: CODEC_CHILD_TABLE"),
        annotated("map<string, Money> totals", 'name: "total" codec: CODEC_CHILD_TABLE'),
        annotated("bytes action", 'codec: CODEC_JSON default: "{}"'),
        annotated("Kind kind", "codec: CODEC_ENUM_NAME"),
        annotated("Node tree", "codec: CODEC_PROTO"),
        "google.protobuf.StringValue note",
        annotated("string from", 'attribute: "from_" name: "from_"'),
        "string match",
        "string key",
        name="OrderV1",
    )
    + """
message Line { string sku = 1; Money price = 2; repeated string notes = 3; }
message Money { string currency = 1; int64 units = 2; }
message Node { repeated Node children = 1; }
enum Kind { KIND_UNSPECIFIED = 0; KIND_NONE = 1; }
"""
)


def test_what_is_not_refused() -> None:
    assert not refused(VALID)
    assert not refused("message M { string class = 1; string select = 2; }")


def test_annotations_of_other_modules_do_not_count() -> None:
    files = {
        PATH: 'import "other/v1/a.proto";\n' + entity('primary_key: "id"', "string id", "other.v1.Note note"),
        "other/v1/a.proto": "package other.v1;\n" + entity("", "string id", name="Note"),
    }
    assert not refused(files, own=[PATH])
    assert refused(files, own=["other/v1/a.proto"]) == [
        "other/v1/a.proto:3:10: Note has no primary key; name its fields in primary_key, or set not_stored"
    ]


def test_all_are_told_at_once_below_the_root_of_the_module() -> None:
    source = entity('primary_key: "idd"', annotated("string id", 'default: "\\0"'))
    with pytest.raises(FieldstoneError) as caught:
        refuse(schema_of(source), "acme", own=[PATH], application=Application(()), root="schemas/acme")
    assert isinstance(caught.value, RefusedError)
    assert str(caught.value).splitlines() == [
        "nothing is generated from acme: 2 annotations cannot be met",
        f"schemas/acme/{PATH}:2:10: primary_key of StepV1 names idd, which is no field of it; did you mean id?",
        f'schemas/acme/{PATH}:3:3: the default of StepV1.id is "\0", and it must be text without NUL',
    ]
    refuse(schema_of(VALID), "acme", own=[PATH], application=Application(()))
