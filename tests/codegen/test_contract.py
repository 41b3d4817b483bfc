"""The generated contract suite, as a team runs it: a test file of its own beside the generated packages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.codegen.cases import ROOT, build_case
from tests.codegen.packages import Generated, generated

PYTEST = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider", "-W", "error"]

SUITE = """
import sqlite3
import psycopg
import pytest
from fieldstone_runtime.sqlite import SQLiteDatabase
from orders_storage.contract import OrdersRepositoryContract
from orders_storage.memory import InMemoryOrdersRepository
from orders_storage.postgres import PostgresOrdersRepository
from orders_storage.sqlite import SQLiteOrdersRepository
from tests.codegen.server import running_postgres

EVENTS = "SELECT idempotency_key, aggregate_key, payload_kind, payload_dto FROM orders_outbox ORDER BY id"


class TestMemory(OrdersRepositoryContract):
    @pytest.fixture
    def repository(self):
        made = InMemoryOrdersRepository()
        made.migrate()
        return made

    @pytest.fixture
    def events(self, repository):
        return lambda: repository.outbox


class TestSQLite(OrdersRepositoryContract):
    @pytest.fixture
    def repository(self, tmp_path):
        made = SQLiteOrdersRepository(SQLiteDatabase(tmp_path / "test.db"))
        made.migrate()
        yield made
        made.close()

    @pytest.fixture
    def events(self, tmp_path):
        with sqlite3.connect(tmp_path / "test.db") as connection:
            yield lambda: connection.execute(EVENTS).fetchall()
        connection.close()


@pytest.fixture(scope="session")
def server():
    with running_postgres() as server:
        yield server


class TestPostgres(OrdersRepositoryContract):
    @pytest.fixture
    def conninfo(self, server):
        return server.new_database()

    @pytest.fixture
    def repository(self, conninfo):
        made = PostgresOrdersRepository(conninfo)
        made.migrate()
        yield made
        made.close()

    @pytest.fixture
    def events(self, conninfo):
        with psycopg.connect(conninfo, autocommit=True) as connection:
            yield lambda: connection.execute(EVENTS).fetchall()
"""


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generated(build_case("orders", tmp_path_factory.mktemp("orders")), "orders", tmp_path_factory.mktemp("out"))


@pytest.mark.parametrize("implementation", ["Memory", "SQLite", "Postgres"])
def test_the_contract(implementation: str, orders: Generated, tmp_path: Path) -> None:
    path = tmp_path / "test_repository.py"
    path.write_text(SUITE)
    places = [str(ROOT), *(str(folder) for folder in orders.out.glob("python/*"))]
    done = subprocess.run(
        [*PYTEST, str(path), "--rootdir", str(tmp_path), "-k", f"Test{implementation}"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places), "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " skipped" not in done.stdout
