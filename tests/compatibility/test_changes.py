"""What becomes of tables: in words, in pairs and in the version that it asks for."""

from __future__ import annotations

from datetime import date

import pytest

from fieldstone.checking.examples import compile_example
from fieldstone.compatibility.changes import describe
from fieldstone.compatibility.engine import judge
from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.pairing import changed_types
from fieldstone.compatibility.policy import Policy
from fieldstone.compatibility.rules import Context, all_rules
from fieldstone.compatibility.verdict import Bump, required_bump
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.model import Schema

KEY = 'primary_key: "run"'
BY_RUN = 'queries: {name: "by_run" equal: "run"}'
OTHER = "message Other { option (fieldstone.v1.entity) = {not_stored: true}; }"


def schema_of(sources: str) -> Schema:
    return load_schema(compile_example(f"{OTHER} {sources}"), where="example")


def step(
    entity: str | None = KEY, more: str = "", *, run: str = "string run = 1", note: str = "string note = 2"
) -> str:
    option = "" if entity is None else f"option (fieldstone.v1.entity) = {{{entity}}};"
    return f"message Step {{ {option} {run}; {note}; {more} }}"


def column(text: str) -> str:
    return f"string note = 2 [(fieldstone.v1.column) = {{{text}}}]"


def context(old: str, new: str) -> Context:
    return Context(schema_of(old), schema_of(new), Ledger(), date(2026, 1, 1))


def bump(judged: Context, *surfaces: Surface) -> Bump:
    rules = [rule for rule in all_rules().values() if not rule.is_style]
    counted = Policy(surfaces=frozenset(surfaces or Surface)).apply(judge(judged, rules))
    return required_bump(counted, same_contract=judged.old.same_contract(judged.new), same_sources=False)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (step(None), step(), {"added table: table `acme_steps` added to `acme.v1.Step`"}),
        (step(), step(None), {"removed table: table `acme_steps` removed from `acme.v1.Step`"}),
        (
            step(),
            step(f'{KEY} table: "s"'),
            {"changed table: name of table `acme_steps` of `acme.v1.Step` went from `acme_steps` to `s`"},
        ),
        (
            step(),
            step('primary_key: ["run", "note"]'),
            {"changed table: primary key of table `acme_steps` of `acme.v1.Step` went from `run` to `run`, `note`"},
        ),
        (
            step(f'{KEY} indexes: {{fields: "note"}}'),
            step(f'{KEY} indexes: {{fields: ["note", "run"] unique: true}}'),
            {
                "removed index: index (`note`) removed from table `acme_steps` of `acme.v1.Step`",
                "added index: index unique (`note`, `run`) added to table `acme_steps` of `acme.v1.Step`",
            },
        ),
        (
            step(),
            step(f"{KEY} outbox {{}}"),
            {"added outbox: outbox added to table `acme_steps` of `acme.v1.Step`, in order for each `run`"},
        ),
        (
            step(f"{KEY} outbox {{}}"),
            step(f'{KEY} outbox {{aggregate_key: "note"}}'),
            {"changed outbox: order of the outbox of table `acme_steps` of `acme.v1.Step` went from `run` to `note`"},
        ),
        (
            step(f"{KEY} outbox {{}}"),
            step(),
            {"removed outbox: outbox removed from table `acme_steps` of `acme.v1.Step`"},
        ),
        (step(), step(f"{KEY} {BY_RUN}"), {"added query: query `by_run(run) -> records` added to `acme.v1.Step`"}),
        (
            step(f"{KEY} {BY_RUN}"),
            step(f'{KEY} queries: {{name: "of_run" equal: "run"}}'),
            {"changed query: query `by_run` of `acme.v1.Step` renamed to `of_run`"},
        ),
        (
            step(f"{KEY} {BY_RUN}"),
            step(f'{KEY} queries: {{name: "by_run" equal: "run" limit: 3}}'),
            {"changed query: limit of query `by_run` of `acme.v1.Step` went from `0` to `3`"},
        ),
        (
            step(note="optional string note = 2"),
            step(note="optional " + column('name: "remark"')),
            {"changed column: column `note` of `acme.v1.Step` went from `note text` to `remark text`"},
        ),
        (
            step(),
            step(note=column('default: "x"')),
            {"changed column: default of column `note` of `acme.v1.Step` went from nothing to `x`"},
        ),
        (
            step(),
            step(note=column("not_stored: true")),
            {"removed column: column `note text not null` removed from `acme.v1.Step`"},
        ),
    ],
)
def test_a_change_of_storage_in_words(old: str, new: str, expected: set[str]) -> None:
    told = [f"{found.kind} {found.element}: {found.text}" for found in describe(schema_of(old), schema_of(new))]
    assert sorted(told) == sorted(expected)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", step(), ["message `Step` added to `acme.v1`"]),
        (step(), "", ["message `Step` removed from `acme.v1`"]),
        (step(), step(more="string seed = 3;"), ["field `seed` (string, number 3) added to `acme.v1.Step`"]),
        (step(more="string seed = 3;"), step(), ["field `seed` (string, number 3) removed from `acme.v1.Step`"]),
        (
            step(),
            step(note="int32 note = 2"),
            ["field `note` of `acme.v1.Step` went from `string note = 2;` to `int32 note = 2;`"],
        ),
        (step(), step(note="string note = 3"), ["field `note` of `acme.v1.Step` renumbered from 2 to 3"]),
        (step(), step(note="// Of a person.\n string note = 2"), []),
        (step(), step(f'{KEY} record: "acme.records:Step"', note=column('attribute: "remark"')), []),
        (
            step(more="string seed = 3;"),
            step(f'{KEY} record: "acme.records:Step"', "reserved 3;"),
            [
                "field `seed` (string, number 3) removed from `acme.v1.Step`",
                "reserved of message `Step` of `acme.v1` went from nothing to 3",
            ],
        ),
    ],
)
def test_what_follows_from_another_change_is_not_told_again(old: str, new: str, expected: list[str]) -> None:
    assert [found.text for found in describe(schema_of(old), schema_of(new))] == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (step(), step(note="// Of a person.\n string note = 2"), Bump.PATCH),
        (step(), step(f'{KEY} record: "acme.records:Step"', note=column('attribute: "remark"')), Bump.PATCH),
        (step(None), step(), Bump.MINOR),
        (step(), step(more="string seed = 3;"), Bump.MINOR),
        (step(), step(f'{KEY} indexes: {{fields: "note"}}'), Bump.MINOR),
        (step(), step(f"{KEY} {BY_RUN}"), Bump.MINOR),
        (step(), step(f"{KEY} outbox {{}}"), Bump.MINOR),
        (step(note=column("not_stored: true")), step(), Bump.MINOR),
        (step(), step(None), Bump.MAJOR),
        (step(f"{KEY} {BY_RUN}"), step(), Bump.MAJOR),
    ],
)
def test_the_bump_of_a_change_of_storage(old: str, new: str, expected: Bump) -> None:
    judged = context(old, new)
    assert bump(judged) is expected
    assert changed_types(judged.changes) == (set() if expected is Bump.PATCH else {"acme.v1.Step"})


@pytest.mark.parametrize(
    "new",
    [
        step(more="reserved 2;", note="string seed = 3"),
        step(note="int64 note = 2"),
        step(note="optional string note = 2"),
        step(note="repeated string note = 2"),
        step(note="string remark = 2"),
        step(note="string note = 3"),
        step(note="oneof kind { string note = 2; string mark = 3; }"),
        step(note=column("not_stored: true")),
        step(note=column("codec: CODEC_JSON")),
        step(note=column('name: "remark"')),
        step(None),
        "",
    ],
)
def test_what_becomes_of_a_column_breaks_a_module_that_protects_storage_alone(new: str) -> None:
    assert bump(context(step(), new), Surface.STORAGE) is Bump.MAJOR


def test_a_field_that_is_renamed_keeps_its_column_where_the_annotation_says_so() -> None:
    judged = context(step(), step(note='string remark = 2 [(fieldstone.v1.column).name = "note"]'))
    assert bump(judged, Surface.STORAGE) is Bump.MINOR
    assert bump(judged, Surface.SOURCE) is Bump.MAJOR
