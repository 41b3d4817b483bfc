"""Required fields of requests, and versions."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.codegen.storage.refusals.examples import COLUMN, annotated, entity, refused

REQUIRED, VERSION = "required: true", "version: true"
KEY = 'primary_key: "id"'
TIME = annotated("google.protobuf.Timestamp at", REQUIRED)
KEY_OF_BOTH = 'primary_key: ["id", "at"]'


def one(field: str, options: str) -> str:
    """An entity with one field beside its key, on line 4."""
    return entity(KEY, "string id", annotated(field, options))


COLUMNS: Mapping[str, tuple[str, list[str]]] = {
    "of a request": (
        'import "google/protobuf/timestamp.proto";\n'
        + entity('primary_key: ["at", "id"] queries: {name: "all" range: "at"}', "string id", TIME)
        + f"message Ask {{\n  google.protobuf.Timestamp from_at = 1 [{COLUMN} = {{{REQUIRED}}}];\n}}\n"
        + "message Told { repeated StepV1 steps = 1; }\nservice Steps { rpc Get(Ask) returns (Told) { "
        + 'option (fieldstone.v1.serves).query = "acme.v1.StepV1.all"; } }\n',
        ["8:3: Ask.from_at is required, and no record is made of Ask; leave required out"],
    ),
    "a version of text": (
        one("string n", VERSION),
        ["4:3: StepV1.n is the version, and it is no integer; name another field with version"],
    ),
    "a version that can be absent": (
        one("optional int64 n", VERSION),
        ["4:3: StepV1.n is the version, and it can be absent; make it int64 n, outside of a oneof"],
    ),
    "a version that is not stored": (
        one("int64 n", f"{VERSION} not_stored: true"),
        ["4:3: StepV1.n is the version, and it is not stored; leave out its not_stored"],
    ),
    "a version in the key": (
        entity('primary_key: "n"', annotated("int64 n", VERSION)),
        [
            (
                "3:3: StepV1.n is the version, and it is in the primary key, which never changes; "
                "name another field with version"
            )
        ],
    ),
    "two versions": (
        entity(KEY, "string id", annotated("int64 n", VERSION), annotated("int64 m", VERSION)),
        ["5:3: StepV1.m is the version, and so is n; leave one of them out"],
    ),
    "a version without a table": (
        entity("not_stored: true", annotated("int64 n", VERSION)),
        ["3:3: StepV1.n is the version, and StepV1 has no table; leave version out"],
    ),
}


@pytest.mark.parametrize("case", COLUMNS.values(), ids=COLUMNS)
def test_columns(case: tuple[str, list[str]]) -> None:
    source, lines = case
    assert refused(source) == lines


def test_a_time_that_is_required_is_a_key() -> None:
    fields = ("string id", TIME, annotated("int64 n", VERSION))
    assert not refused(f'import "google/protobuf/timestamp.proto";\n{entity(KEY_OF_BOTH, *fields)}')
