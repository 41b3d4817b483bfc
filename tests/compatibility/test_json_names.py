"""Which direction another JSON name breaks: by the names that each version writes and accepts."""

from __future__ import annotations

import pytest

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses.json_names import accepted, losses, written
from tests.compatibility.examples import schema_of
from tests.compatibility.test_surfaces import judged, told


def field(name: str, json_name: str = "", number: int = 1) -> str:
    option = f' [json_name = "{json_name}"]' if json_name else ""
    return f"string {name} = {number}{option};"


def step(*fields: str) -> str:
    return f"message Step {{ {' '.join(fields)} }}"


CHANGES = [
    pytest.param(field("run"), field("run", "r"), "json:n", id="added"),
    pytest.param(field("run", "r"), field("run"), "json:o", id="dropped"),
    pytest.param(field("run_id"), field("run_id", "r"), "json:on", id="added to a name that JSON writes otherwise"),
    pytest.param(field("run_id", "r"), field("run_id"), "json:on", id="dropped from such a name"),
    pytest.param(field("run_id"), field("run_id", "run_id"), "json:o", id="set to the name in the source"),
    pytest.param(field("run_id", "run_id"), field("run_id"), "json:n", id="no longer the name in the source"),
    pytest.param(field("run", "a"), field("run", "b"), "json:on", id="changed"),
    pytest.param(field("run_id", "a"), field("run_id", "run_id"), "json:o", id="changed to the name in the source"),
    pytest.param(field("run_id"), field("run_id", "runId"), "", id="written out"),
]


@pytest.mark.parametrize(("old", "new", "expected"), CHANGES)
def test_one_direction_is_lost_where_the_other_is_accepted(old: str, new: str, expected: str) -> None:
    assert told(step(old), step(new)) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (field("run"), field("score"), "json:on"),
        (field("run"), field("score", "run"), ""),
        (field("run", "score"), field("score", "x"), "json:n"),
        (field("x", "run"), field("run"), ""),
        (field("run", "a"), field("a", "run"), ""),
    ],
)
def test_a_renamed_field_too(old: str, new: str, expected: str) -> None:
    assert told(step(old), step(new)) == expected


def test_names_that_change_hands_are_lost_both_ways() -> None:
    old = step(field("a", "x"), field("b", "y", 2))
    new = step(field("a", "y"), field("b", "x", 2))
    assert told(old, new) == "json:on"
    assert {finding.subject for finding in judged(old, new)} == {"acme.v1.Step.a", "acme.v1.Step.b"}


def test_a_name_in_the_source_is_accepted_behind_every_json_name() -> None:
    """Old JSON of `a` is taken for `b`, which has the name now; old code takes what is written of `a` for its own."""
    old, new = schema_of(step(field("a", "x"), field("b", "y", 2))), schema_of(step(field("a"), field("b", "x", 2)))
    before, after = old.messages["acme.v1.Step"], new.messages["acme.v1.Step"]
    assert (written(before.fields[1]), accepted(before.fields[1])) == ("x", frozenset({"a", "x"}))
    assert losses(before.fields[1], before, after.fields[1], after) == {(Surface.JSON, Direction.READING_OLD)}


def test_the_finding_says_who_does_not_find_what() -> None:
    (added,) = judged(step(field("run")), step(field("run", "r")))
    assert added.message.endswith("from `run` to `r`: old code does not find what is written under `r`")
    (dropped,) = judged(step(field("run", "r")), step(field("run")))
    assert dropped.message.endswith("from `r` to `run`: new code does not find what is written under `r`")
