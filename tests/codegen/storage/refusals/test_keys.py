"""Primary keys, indexes and the key of the outbox."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.codegen.storage.refusals.examples import ENTITY, annotated, entity, refused, step

KEYS: Mapping[str, tuple[str, list[str]]] = {
    "no key": (
        entity("", "string id"),
        ["2:10: StepV1 has no primary key; name its fields in primary_key, or set not_stored"],
    ),
    "unknown": (
        entity('primary_key: "run"', "string run_id"),
        ["2:10: primary_key of StepV1 names run, which is no field of it; did you mean run_id?"],
    ),
    "unknown, and nothing is near": (
        entity('primary_key: "zzz"', "string run_id", "int32 n"),
        ["2:10: primary_key of StepV1 names zzz, which is no field of it; name one of run_id, n"],
    ),
    "not stored": (
        entity('primary_key: "id"', annotated("string id", "not_stored: true")),
        ["2:10: primary_key of StepV1 names id, which is not stored; leave out its not_stored, or name another field"],
    ),
    "optional": (
        entity('primary_key: "id"', "optional string id"),
        [
            (
                "2:10: primary_key of StepV1 names id, which can be absent; "
                "set required in its (fieldstone.v1.column), or name fields that always have a value"
            )
        ],
    ),
    "twice": (
        entity('primary_key: ["id", "id"]', "string id"),
        ["2:10: primary_key of StepV1 names id twice; name it once"],
    ),
    "double": (
        entity('primary_key: "x"', "double x"),
        [
            (
                "2:10: primary_key of StepV1 names x, a double, and NaN is equal to nothing; "
                "name fields with whole numbers, text or bytes"
            )
        ],
    ),
    "list": (
        entity('primary_key: "x"', "repeated string x"),
        [
            (
                "2:10: primary_key of StepV1 names x, which is kept as JSON and cannot be compared; "
                "name fields with numbers, text, bytes, enums or timestamps"
            )
        ],
    ),
    "index": (
        step(
            'indexes: {fields: "reward_"} indexes: {fields: "tags"} indexes: {} indexes: {fields: ["seq_id", "seq_id"]}'
        ),
        [
            "2:10: an index of StepV1 names reward_, which is no field of it; did you mean reward?",
            (
                "2:10: an index of StepV1 names tags, which is kept as JSON and cannot be compared; "
                "name fields with numbers, text, bytes, enums or timestamps"
            ),
            "2:10: an index of StepV1 names no fields; name them in fields",
            "2:10: an index of StepV1 names seq_id twice; name it once",
        ],
    ),
    "index on the key": (
        step('indexes: {fields: ["run_id", "step_index"]}'),
        ["2:10: an index of StepV1 has the fields of the primary key; leave it out"],
    ),
    "index twice": (
        step('indexes: {fields: "seq_id"} indexes: {fields: "seq_id"}'),
        ["2:10: an index of StepV1 has the fields of another; leave it out"],
    ),
    "outbox": (
        step('outbox: {aggregate_key: "seq_id"}'),
        [
            (
                "2:10: aggregate_key of StepV1 names seq_id, which can be absent; "
                "set required in its (fieldstone.v1.column), or name fields that always have a value"
            )
        ],
    ),
    "outbox, unknown": (
        step('outbox: {aggregate_key: "run"}'),
        ["2:10: aggregate_key of StepV1 names run, which is no field of it; did you mean run_id?"],
    ),
    "options in statements of their own": (
        f'message M {{\n  string id = 1;\n  {ENTITY}.primary_key = "ID";\n}}',
        ["1:79: primary_key of M names ID, which is no field of it; name one of id"],
    ),
}


@pytest.mark.parametrize("case", KEYS.values(), ids=KEYS)
def test_keys(case: tuple[str, list[str]]) -> None:
    source, lines = case
    assert refused(source) == lines


def test_a_key_in_a_oneof_or_a_message_can_be_absent() -> None:
    fix, required = "name fields that always have a value", "set required in its (fieldstone.v1.column)"
    source = (
        'import "google/protobuf/timestamp.proto";\nmessage M {\n'
        f'  {ENTITY} = {{primary_key: ["at", "a"]}};\n'
        "  google.protobuf.Timestamp at = 1;\n  oneof which { string a = 2; }\n}\n"
    )
    assert refused(source) == [
        f"3:10: primary_key of M names at, a message, which can be absent; {required}, or {fix}",
        f"3:10: primary_key of M names a, a member of the oneof which, which can be absent; {fix}",
    ]


def test_required_fields_of_proto2_are_keys() -> None:
    assert not refused(f'syntax = "proto2"; message M {{ {ENTITY}.primary_key = "id"; required string id = 1; }}')
    edition = "string id = 1 [features.field_presence = IMPLICIT];"
    assert not refused(f'edition = "2023"; message M {{ {ENTITY}.primary_key = "id"; {edition} }}')
