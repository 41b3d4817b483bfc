"""`fieldstone migrate` on real databases."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from unittest.mock import Mock

import psycopg
import pytest
from click.testing import CliRunner

from fieldstone.cli.migrate import command
from fieldstone.errors import FieldstoneError
from fieldstone.project.project import Project
from fieldstone.workflows.migrate import Migrated, migrate
from tests.codegen.cases import build_case
from tests.codegen.server import PostgresServer

VERSIONS = ("1.0.0", "1.1.0", "1.2.0")
SOURCE = "schemas/orders/acme/orders/v1/orders.proto"


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return build_case("orders", tmp_path_factory.mktemp("orders"))


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_it_applies_what_is_missing(orders: Project, tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    assert migrate(orders, f"sqlite:///{path}") == [Migrated("orders", VERSIONS, "1.2.0")]
    assert {"orders", "orders_lines", "orders_outbox", "fieldstone_migrations"} <= tables(path)
    assert migrate(orders, f"sqlite:{path}", ["orders"]) == [Migrated("orders", (), "1.2.0")]


def test_the_command(orders: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(orders.settings.root)
    url = f"sqlite:///{tmp_path / 'orders.db'}"
    first, second = (CliRunner().invoke(command, [url, "--module", "orders"]) for _ in range(2))
    assert first.stdout == "orders: applied 1.0.0, 1.1.0, 1.2.0\n"
    assert (second.stdout, second.stderr) == ("", "orders: nothing to apply, it has 1.2.0.\n")


def test_postgres(orders: Project, postgres: PostgresServer) -> None:
    url = postgres.new_database()
    assert migrate(orders, url) == [Migrated("orders", VERSIONS, "1.2.0")]
    assert migrate(orders, url) == [Migrated("orders", (), "1.2.0")]
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)
    with pytest.raises(FieldstoneError) as raised:
        migrate(orders, url.replace("postgres@", "postgres:s3cret@").replace(str(postgres.port), "1"))
    assert "s3cret" not in str(raised.value)


def test_the_working_tree(tmp_path: Path) -> None:
    project = build_case("orders", tmp_path)
    source = tmp_path / SOURCE
    text = source.read_text()
    source.write_text(text.replace("int64 id = 1;", "int64 id = 1;\n  // Where from.\n  optional string city = 7;"))
    grown, path = Project.at(tmp_path), tmp_path / "orders.db"
    assert migrate(grown, f"sqlite:///{path}") == [Migrated("orders", VERSIONS, "1.2.0")]
    assert migrate(grown, f"sqlite:///{path}", unreleased=True) == [Migrated("orders", ("1.3.0",), "1.3.0")]
    source.write_text(text)
    assert migrate(project, f"sqlite:///{path}") == [Migrated("orders", (), "1.2.0")]  # it only added a column
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE fieldstone_migrations SET effect = 'DROP INDEX some_idx' WHERE version = '1.3.0'")
    with pytest.raises(FieldstoneError, match=r"has orders 1\.3\.0, .* up to 1\.2\.0; .* does: DROP INDEX some_idx"):
        migrate(project, f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("sqlite:", "names no file"),
        ("sqlite://host/orders.db", "names no file"),
        ("orders.db", "begins with no scheme"),
        ("password=s3cret host=a:b", "begins with no scheme"),
        ("mysql://root:s3cret@host/orders", "begins with mysql"),
        ("postgresql:s3cret", "begins with postgresql"),
        ("sqlite:///no/such/folder/orders.db", "no/such/folder/orders.db cannot be opened"),
        ("postgresql://u:s3cret@127.0.0.1:1/orders?connect_timeout=2", "PostgreSQL 127.0.0.1:1/orders"),
        ("postgresql://u:s3cret@[::1/orders", ""),
    ],
)
def test_databases_that_cannot_be_reached(orders: Project, url: str, problem: str) -> None:
    with pytest.raises(FieldstoneError) as raised:
        migrate(orders, url)
    assert problem in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_a_module_that_stores_nothing(orders: Project) -> None:
    with pytest.raises(FieldstoneError, match=r"google store nothing in their releases.*--unreleased"):
        migrate(orders, "sqlite:unused.db", ["google"])
    with pytest.raises(FieldstoneError, match="no module nobody"):
        migrate(orders, "sqlite:unused.db", ["nobody"])


def test_without_the_runtime(orders: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldstone.workflows.migrate.find_spec", Mock(return_value=None))
    with pytest.raises(FieldstoneError, match=r"pip install .*fieldstone-runtime`, with "):
        migrate(orders, "sqlite:unused.db")
