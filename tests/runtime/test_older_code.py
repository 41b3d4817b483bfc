"""Migrations that older code may work beside, by the form of their statements."""

from __future__ import annotations

import pytest
from fieldstone_runtime.older_code import ADDITIVE, effect

ADD = "ALTER TABLE points ADD COLUMN "


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE lines (\n    id INTEGER PRIMARY KEY,\n    at TEXT NOT NULL\n)",
        "CREATE INDEX points_name_idx ON points (name)",
        f"{ADD}name TEXT",
        f'{ADD}name TEXT COLLATE "C"',
        f"{ADD}name TEXT COLLATE \"C\" NOT NULL DEFAULT ''",
        f"{ADD}name TEXT NOT NULL DEFAULT 'it''s NOT NULL\nUNIQUE'",
        f"{ADD}weight DOUBLE PRECISION NOT NULL DEFAULT -1.5e-300",
        f"{ADD}weight DOUBLE PRECISION NOT NULL DEFAULT 'NaN'",
        f"{ADD}content BLOB NOT NULL DEFAULT X'00ff'",
        f"{ADD}content BYTEA NOT NULL DEFAULT '\\x00ff'",
        f"{ADD}gift BOOLEAN NOT NULL DEFAULT FALSE",
        "ALTER TABLE points ALTER COLUMN content SET STORAGE EXTERNAL",
    ],
)
def test_older_code_goes_on_beside(statement: str) -> None:
    assert effect([statement]) == ADDITIVE


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE UNIQUE INDEX points_name_idx ON points (name)",
        "DROP INDEX points_name_idx",
        "DROP TABLE points",
        "DELETE FROM points",
        f"{ADD}name TEXT NOT NULL",
        f"{ADD}name TEXT NOT NULL UNIQUE DEFAULT ''",
        f"{ADD}name TEXT DEFAULT '' UNIQUE",
        f"{ADD}name TEXT DEFAULT '' NOT NULL CHECK (name <> '')",
        f"{ADD}name TEXT UNIQUE",
        f"{ADD}other INTEGER REFERENCES lines (id)",
        f"{ADD}other INTEGER PRIMARY KEY",
        "ALTER TABLE points ALTER COLUMN name SET NOT NULL",
        "ALTER TABLE points RENAME TO places",
        "CREATE TRIGGER points_insert BEFORE INSERT ON points BEGIN SELECT RAISE(ABORT, 'no') END",
        "create table something in a form of the future",
        "",
    ],
)
def test_older_code_stops_at(statement: str) -> None:
    assert effect(["CREATE TABLE lines (id INTEGER)", statement]) == statement


def test_a_table_that_comes_with_the_migration_is_unknown_to_older_code() -> None:
    created = "CREATE TABLE lines (id INTEGER)"
    assert effect([created, "CREATE UNIQUE INDEX lines_idx ON lines (id)", f"{ADD}name TEXT"]) == ADDITIVE
    unique = "CREATE UNIQUE INDEX points_idx ON points (id)"
    assert effect([created, unique]) == unique
