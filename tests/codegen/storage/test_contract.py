"""The generated contract suite, as a team runs it: a test file of its own beside the generated packages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from string import Template

import pytest

from fieldstone.project.project import Project
from tests.codegen.cases import ROOT, build_case
from tests.codegen.packages import Generated, generated
from tests.codegen.server import PostgresServer
from tests.codegen.storage.meters import FEWER, generated_meters

pytestmark = pytest.mark.slow

PYTEST = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider", "-W", "error"]

SUITE = """
import os
import sqlite3
import psycopg
import pytest
from fieldstone_runtime.sqlite import SQLiteDatabase
from ${module}_storage.async_postgres import AsyncPostgres${prefix}Repository
from ${module}_storage.async_sqlite import AsyncSQLite${prefix}Repository
from ${module}_storage.contract import ${prefix}RepositoryContract
from ${module}_storage.memory import InMemory${prefix}Repository
from ${module}_storage.postgres import Postgres${prefix}Repository
from ${module}_storage.sqlite import SQLite${prefix}Repository
from tests.codegen.storage.driven import Driven

EVENTS = "SELECT idempotency_key, aggregate_key, payload_kind, payload_dto, change FROM ${module}_outbox ORDER BY id"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'fieldstone_migrations'"


class TestMemory(${prefix}RepositoryContract):
    @pytest.fixture
    def repository(self):
        made = InMemory${prefix}Repository()
        made.migrate()
        return made

    @pytest.fixture
    def events(self, repository):
        return lambda: repository.outbox


class TestSQLite(${prefix}RepositoryContract):
    @pytest.fixture
    def repository(self, tmp_path):
        made = SQLite${prefix}Repository(SQLiteDatabase(tmp_path / "test.db"))
        made.migrate()
        yield made
        made.close()

    @pytest.fixture
    def events(self, tmp_path):
        with sqlite3.connect(tmp_path / "test.db") as connection:
            yield lambda: connection.execute(EVENTS).fetchall()
        connection.close()


@pytest.fixture(scope="session")
def database():
    with psycopg.connect(os.environ["DATABASE"], autocommit=True) as connection:
        repository = Postgres${prefix}Repository(connection.info.dsn)
        repository.migrate()
        repository.close()
        connection.execute("SET session_replication_role = replica")  # rows go in any order, whatever refers to them
        yield connection


@pytest.fixture
def empty(database):  # which takes a hundredth of making one
    for (table,) in database.execute(TABLES).fetchall():
        database.execute(f"DELETE FROM {table}")
    return database


class TestPostgres(${prefix}RepositoryContract):
    @pytest.fixture
    def repository(self, empty):
        made = Postgres${prefix}Repository(empty.info.dsn)
        yield made
        made.close()

    @pytest.fixture
    def events(self, empty):
        return lambda: empty.execute(EVENTS).fetchall()


class TestAsyncSQLite(TestSQLite):
    @pytest.fixture
    def repository(self, tmp_path):
        made = Driven(AsyncSQLite${prefix}Repository(tmp_path / "test.db"))
        made.migrate()
        yield made
        made.close()


class TestAsyncPostgres(TestPostgres):
    @pytest.fixture
    def repository(self, empty):
        made = Driven(AsyncPostgres${prefix}Repository(empty.info.dsn))
        yield made
        made.close()
"""


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generated(build_case("orders", tmp_path_factory.mktemp("orders")), "orders", tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generated(build_case("lab", tmp_path_factory.mktemp("lab")), "lab", tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generated(build_case("kinds", tmp_path_factory.mktemp("kinds")), "kinds", tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def telemetry(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generated(Project.at(ROOT), "telemetry", tmp_path_factory.mktemp("telemetry"))


@pytest.fixture(scope="module")
def gauges(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generated_meters(tmp_path_factory.mktemp("gauges"), "gauges", FEWER)


OTHERS = "Test" if os.environ.get("FIELDSTONE_FUZZ") else "not TestAsync"
STORES = {"kinds": "Test"} | dict.fromkeys(["orders", "lab", "gauges", "telemetry"], OTHERS)
"""The tests of each case, by `-k`: those of the async twins in one case, and in all of them with FIELDSTONE_FUZZ."""


@pytest.mark.timeout(600)  # some hundred tests each
@pytest.mark.parametrize(("name", "stores"), STORES.items(), ids=STORES)
def test_every_implementation_keeps_the_contract(
    name: str, stores: str, request: pytest.FixtureRequest, postgres: PostgresServer, tmp_path: Path
) -> None:
    package: Generated = request.getfixturevalue(name)
    path = tmp_path / "test_repository.py"
    path.write_text(Template(SUITE).substitute(module=name, prefix=name.capitalize()))
    runtime = ROOT / "packages/fieldstone-runtime/src"
    places = [ROOT, runtime, *package.out.glob("python/*"), *package.project.settings.record_paths]
    environment = {
        "DATABASE": postgres.new_database(),
        "PYTHONPATH": os.pathsep.join(map(str, places)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    done = subprocess.run(
        [*PYTEST, str(path), "--rootdir", str(tmp_path), "-k", stores],
        env=os.environ | environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " skipped" not in done.stdout
