"""Names of tables and columns."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.codegen.storage.refusals.examples import annotated, entity, refused, step

NAME_IT = "give it another with name in (fieldstone.v1.column)"

NAMES: Mapping[str, tuple[str, list[str]]] = {
    "a reserved table": (
        entity('primary_key: "id" table: "order"', "string id"),
        ['2:10: StepV1 is called "order", a reserved word of SQL; give it another with table'],
    ),
    "a table of the database": (
        entity('primary_key: "id" table: "sqlite_steps"', "string id"),
        [
            (
                "2:10: StepV1 is called sqlite_steps, and names with sqlite_ are the database's own; "
                "give it another with table"
            )
        ],
    ),
    "a table of fieldstone": (
        entity('primary_key: "id" table: "fieldstone_migrations"', "string id"),
        [
            (
                "2:10: StepV1 is called fieldstone_migrations, and names with fieldstone_ are the database's own; "
                "give it another with table"
            )
        ],
    ),
    "a table that inserts need": (
        entity('primary_key: "id" table: "excluded"', "string id"),
        ["2:10: StepV1 is called excluded, which PostgreSQL uses itself; give it another with table"],
    ),
    "a catalogue": (
        entity('primary_key: "id" table: "pg_class"', "string id"),
        [("2:10: StepV1 is called pg_class, and names with pg_ are the database's own; give it another with table")],
    ),
    "the standard's catalogue": (
        entity('primary_key: "id" table: "information_schema"', "string id"),
        ["2:10: StepV1 is called information_schema, which PostgreSQL uses itself; give it another with table"],
    ),
    "a function that is a table": (
        entity('primary_key: "id" table: "json_each"', "string id"),
        ["2:10: StepV1 is called json_each, which SQLite uses itself; give it another with table"],
    ),
    "a long table": (
        entity(f'primary_key: "id" table: "{"t" * 64}"', "string id"),
        [
            (
                f"2:10: StepV1 is called {'t' * 64}, which is longer than the 63 bytes of PostgreSQL; "
                "give it another with table"
            )
        ],
    ),
    "a column that is a word of SQL": (
        step("", "string group"),
        [f'8:3: StepV1.group is called "group", a reserved word of SQL; {NAME_IT}'],
    ),
    "a column that every table has": (
        step("", "double xmin"),
        [f"8:3: StepV1.xmin is called xmin, which every table of PostgreSQL has; {NAME_IT}"],
    ),
    "a column with capitals": (
        step("", "string frameRef"),
        [f'8:3: StepV1.frameRef is called "frameRef", and names in SQL have a-z, 0-9 and _; {NAME_IT}'],
    ),
    "two columns of one name": (
        step("", annotated("string other", 'name: "reward"')),
        [f"8:3: StepV1.other has the column reward, and so has StepV1.reward; {NAME_IT}"],
    ),
    "two entities in one table": (
        entity('primary_key: "id" table: "t"', "string id", name="One")
        + entity('primary_key: "id" table: "t"', "string id", name="B"),
        ["6:10: B has the table t, and so has One; give it another with table"],
    ),
    "the outbox": (
        entity('primary_key: "id" table: "acme_outbox" outbox: {}', "string id"),
        ["2:10: StepV1 has the table acme_outbox, and so has the outbox; give it another with table"],
    ),
    "the deliveries of the outbox": (
        entity('primary_key: "id" table: "acme_outbox_deliveries" outbox: {}', "string id"),
        ["2:10: StepV1 has the table acme_outbox_deliveries, and so has the outbox; give it another with table"],
    ),
    "a child table": (
        entity(
            'primary_key: "id" table: "t"', "string id", annotated("repeated string tags", "codec: CODEC_CHILD_TABLE")
        )
        + entity('primary_key: "id" table: "t_tags"', "string id", name="B"),
        ["7:10: B has the table t_tags, and so has the child table of StepV1.tags; give it another with table"],
    ),
    "the columns of a child table": (
        entity('primary_key: "id"', "string id", annotated("repeated Line lines", "codec: CODEC_CHILD_TABLE"))
        + "message Line {\n  string id = 1;\n  int32 position = 2;\n  string order = 3;\n  string key = 4;\n}",
        [
            f"7:3: Line.id has the column id, and so has the primary key of StepV1; {NAME_IT}",
            f"8:3: Line.position has the column position, and so has the position in the list; {NAME_IT}",
            f'9:3: Line.order is called "order", a reserved word of SQL; {NAME_IT}',
        ],
    ),
}


@pytest.mark.parametrize("case", NAMES.values(), ids=NAMES)
def test_names(case: tuple[str, list[str]]) -> None:
    source, lines = case
    assert refused(source) == lines
