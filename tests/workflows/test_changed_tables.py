"""Random changes to the tables of a database: where a takeover accepts them, generated code works with them."""

from __future__ import annotations

import os
import random
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fieldstone.codegen.storage.build import outbox_table
from fieldstone.codegen.storage.sql import migration_views
from fieldstone.project.project import Project
from fieldstone.workflows.generating.generated_modules import released_schemas
from fieldstone.workflows.migrate import take_over
from tests.codegen.cases import build_case
from tests.codegen.packages import Generated, generated
from tests.conftest import SEED

CHANGED = int(os.environ.get("FIELDSTONE_TABLES", "20"))
"""Databases; `make fuzz` takes more."""

CHANGES = (
    ("INTEGER", ("BIGINT", "TEXT", "REAL", "BLOB", "BOOLEAN", "DATETIME", "")),
    ("TEXT", ("VARCHAR(9)", "CLOB", "BLOB", "INTEGER", "TEXT COLLATE NOCASE", "JSON")),
    ("REAL", ("FLOAT", "DOUBLE", "NUMERIC", "TEXT")),
    ("BLOB", ("BINARY", "", "TEXT")),
    (" NOT NULL", ("",)),
    (r" DEFAULT \S+?(?=,|$)", ("",)),
    ("UNIQUE ", ("",)),
    ("CREATE INDEX", ("CREATE UNIQUE INDEX",)),
    (" ON DELETE CASCADE", ("", " ON DELETE SET NULL")),
    (r"PRIMARY KEY \(([^)]*)\)", (r"UNIQUE (\1)",)),
    (r"\bcard\b", ("cards",)),
    (" WITHOUT ROWID", ("",)),
)
"""Patterns in the SQL of migrations, and what can stand in their place."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return build_case("orders", tmp_path_factory.mktemp("orders"))


@pytest.fixture(scope="module")
def package(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generated(project, "orders", tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def migrations(project: Project) -> list[Sequence[str]]:
    history = released_schemas(project, project.workspace.module("orders"))
    return [view.statements["sqlite"] for view in migration_views(history, outbox=outbox_table("orders"))]


def changed(statements: list[str], rng: random.Random) -> str:
    """Change one statement; gives its new text."""
    while True:
        number = rng.randrange(len(statements))
        pattern, texts = rng.choice(CHANGES)
        if found := list(re.finditer(pattern, statements[number], re.MULTILINE)):
            match, text = rng.choice(found), rng.choice(texts)
            old = statements[number]
            statements[number] = old[: match.start()] + match.expand(text) + old[match.end() :]
            return statements[number]


def works(repository: Any, contract: Any) -> None:
    """Write and read what generated code can write."""
    orders = [contract.example_order(number) for number in range(contract.EXAMPLES)]
    assert repository.add_orders(orders) == len(orders)
    for order in orders:
        assert contract.plain(repository.get_order(order.shop, order.number)) == contract.plain(order)
        assert repository.delete_order(order.shop, order.number)
        assert repository.add_order(order)
    customers = [contract.example_customer(number) for number in range(contract.EXAMPLES)]
    assert repository.add_customers(customers) == len(customers)


def test_generated_code_works_with_what_is_taken_over(
    project: Project, package: Generated, migrations: list[Sequence[str]], tmp_path: Path
) -> None:
    rng, outcomes = random.Random(SEED), []
    for number in range(CHANGED):
        path = tmp_path / f"{number}.db"
        statements = [text for release in migrations[: rng.randint(1, len(migrations))] for text in release]
        text = changed(statements, rng)
        try:
            with closing(sqlite3.connect(path, isolation_level=None)) as connection:
                for statement in statements:
                    connection.execute(statement)
        except sqlite3.Error:
            continue  # SQLite itself refuses it
        outcomes.append(bool(take_over(project, f"sqlite:///{path}").differences))
        if not outcomes[-1]:
            with closing(package.storage("sqlite").SQLiteOrdersRepository(path)) as repository:
                assert repository.migrate() == (), text
                works(repository, package.storage("contract"))
    assert {True, False} <= set(outcomes)
