"""What a message without a table cannot have, and what takes the place of what."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.codegen.storage.refusals.examples import COLUMN, PATH, annotated, entity, refused

ENTITIES: Mapping[str, tuple[str, list[str]]] = {
    "not stored": (
        entity('not_stored: true table: "t" primary_key: "id" indexes: {} queries: {} outbox: {}', "string id"),
        [
            (
                "2:10: StepV1 is not_stored and has table, primary_key, indexes, queries, outbox; "
                "leave out the one or the other"
            )
        ],
    ),
    "supersedes nothing": (
        entity('not_stored: true supersedes: "acme.v1.Stap"', "string id")
        + entity("not_stored: true", "string id", name="Stamp"),
        ["2:10: StepV1 supersedes acme.v1.Stap, which is no message; did you mean acme.v1.Stamp?"],
    ),
    "supersedes what has no record": (
        entity('not_stored: true supersedes: "acme.v1.Step"', "string id") + "message Step {}",
        [
            (
                "2:10: StepV1 supersedes acme.v1.Step, which has no record; "
                "give it the option (fieldstone.v1.entity), with not_stored where it has no table"
            )
        ],
    ),
    "supersedes itself": (
        entity('not_stored: true supersedes: "acme.v1.StepV1"', "string id"),
        ["2:10: StepV1 supersedes itself; name the version before it"],
    ),
    "supersedes in a circle": (
        entity('not_stored: true name: "a" supersedes: "acme.v1.B"', "string id", name="A")
        + entity('not_stored: true name: "b" supersedes: "acme.v1.A"', "string id", name="B"),
        ["2:10: A supersedes itself: acme.v1.A -> acme.v1.B -> acme.v1.A; name the version before it"],
    ),
    "from, without a version before": (
        entity("not_stored: true", annotated("string id", 'from: "key"')),
        [
            (
                "3:3: id comes from key, but StepV1 supersedes nothing; "
                "name the message that it takes the place of in supersedes"
            )
        ],
    ),
    "from an unknown field": (
        entity("not_stored: true", "string key", name="OldV1")
        + entity('not_stored: true supersedes: "acme.v1.OldV1"', annotated("string id", 'from: "keys"')),
        ["7:3: id comes from keys, which is no field of acme.v1.OldV1; did you mean key?"],
    ),
    "an extension": (
        (
            'syntax = "proto2"; message M { extensions 100; }\n'
            f'extend M {{\n  optional string x = 100 [{COLUMN}.name = "y"];\n}}'
        ),
        [
            (
                "3:3: x is an extension, and records have no extensions; "
                "leave out its (fieldstone.v1.column), or make it a field"
            )
        ],
    ),
}


@pytest.mark.parametrize("case", ENTITIES.values(), ids=ENTITIES)
def test_entities(case: tuple[str, list[str]]) -> None:
    source, lines = case
    assert refused(source) == lines


def test_what_another_module_has_cannot_be_superseded() -> None:
    files = {
        PATH: 'import "other/v1/a.proto";\n'
        + entity('not_stored: true supersedes: "other.v1.Old"', "other.v1.Old old"),
        "other/v1/a.proto": "package other.v1;\nmessage Old {}",
    }
    assert refused(files, own=[PATH]) == [
        (
            "3:10: StepV1 supersedes other.v1.Old, which is of another module (other/v1/a.proto); "
            "name a message of this module"
        )
    ]
