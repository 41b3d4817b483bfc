"""The registry in SQLite and PostgreSQL keeps the contract; contents lie in the database or in an object store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from fieldstone.cache import Cache
from fieldstone.errors import Conflict, Damaged, Invalid, Outdated, Unavailable
from fieldstone.registry import manifest, open_registry
from fieldstone.registry.buffered import BufferedStore
from fieldstone.registry.sql import audit, lock_module, open_store, packages
from fieldstone.registry.sql.database import Database
from fieldstone.registry.sql.packages import PackageFile
from fieldstone.schema.digest import file_digest
from tests.codegen.server import PostgresServer, running_postgres
from tests.registry.contract import FILES, FIRST, Open, RegistryContract


class TestSqlite(RegistryContract):
    """In a file of SQLite."""

    @pytest.fixture
    def anew(self, tmp_path: Path) -> Open:
        return lambda: open_registry(f"sqlite:///{tmp_path}/registry.db", Cache(tmp_path))


class TestObjects(RegistryContract):
    """In SQLite, with the contents in an object store."""

    @pytest.fixture
    def anew(self, tmp_path: Path) -> Open:
        (tmp_path / "objects").mkdir()
        address = f"sqlite:///{tmp_path}/registry.db?objects=file://{tmp_path}/objects"
        return lambda: open_registry(address, Cache(tmp_path))


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


def database_of(server: PostgresServer) -> str:
    name = f"registry_{uuid4().hex}"
    server.execute(f"CREATE DATABASE {name}")
    return f"postgresql://postgres@127.0.0.1:{server.port}/{name}"


class TestPostgres(RegistryContract):
    """In PostgreSQL."""

    @pytest.fixture
    def anew(self, postgres: PostgresServer, tmp_path: Path) -> Open:
        address = database_of(postgres)
        return lambda: open_registry(address, Cache(tmp_path))


def test_contents_of_an_object_store_are_not_in_the_database(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    address = f"sqlite:///{tmp_path}/registry.db?objects=file://{tmp_path}/objects"
    open_registry(address).add(FIRST, FILES)
    rows = sqlite3.connect(tmp_path / "registry.db").execute("SELECT size, bytes FROM contents").fetchall()
    assert sorted(rows) == [(2, None), (5, None), (6, None)]
    assert len([path for path in (tmp_path / "objects").rglob("*") if path.is_file()]) == 3


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_file_of_a_package_is_never_replaced(database: str, postgres: PostgresServer, tmp_path: Path) -> None:
    store = open_store(database_of(postgres) if database == "postgresql" else f"sqlite:///{tmp_path}/registry.db")
    open_registry(store.address).add(FIRST, FILES)
    older, newer = (
        PackageFile("files/shop.whl", "python", "shop-contracts", "shop", FIRST.version, file_digest(content))
        for content in (b"older", b"newer")
    )
    with store.database.transaction() as connection:
        store.keep(connection, "shop", {"older": b"older", "newer": b"newer"})
        assert packages.add(connection, [older])
        assert not packages.add(connection, [newer])
        with pytest.raises(Conflict, match="is already the package of shop"):
            packages.add(connection, [replace(newer, version="9.9.9")])
    assert packages.files_of(store.database, "python", "shop-contracts") == [older]
    assert packages.file_at(store.database, older.path) == older
    assert packages.file_at(store.database, "files/other.whl") is None
    assert packages.released(store.database) == [("shop", FIRST.version)]


def test_a_release_in_a_failed_transaction_is_not_there(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/registry.db")

    def add_and_fail() -> None:
        with store.database.transaction():
            store.add(FIRST, b"", FILES)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        add_and_fail()
    assert (store.modules(), store.versions("shop"), store.by_digest("shop", FIRST.files["image.binpb"])) == (
        [],
        [],
        None,
    )


def test_a_content_belongs_to_the_modules_that_have_it(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/registry.db")
    store.add(FIRST, b"", FILES)
    digest = FIRST.files["image.binpb"]
    assert (store.by_digest("shop", digest), store.by_digest("other", digest)) == (b"image", None)


def test_a_changed_content_is_told(tmp_path: Path) -> None:
    registry = open_registry(f"sqlite:///{tmp_path}/registry.db")
    registry.add(FIRST, FILES)
    with sqlite3.connect(tmp_path / "registry.db") as connection:
        connection.execute("UPDATE contents SET bytes = x'00' WHERE size = 5")
        connection.execute(
            "UPDATE releases SET manifest = CAST(replace(CAST(manifest AS TEXT), 'first release', 'other') AS BLOB)"
        )
    registry = open_registry(f"sqlite:///{tmp_path}/registry.db")
    with pytest.raises(Damaged, match=r"image\.binpb is not what was released.*restore it from a backup"):
        registry.read(registry.release("shop", "1.0.0"), "image.binpb")
    assert [defect.path.rpartition("/")[2] for defect in registry.defects("shop")] == ["release.toml", "image.binpb"]


def test_an_older_fieldstone_leaves_a_newer_database_alone(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/registry.db"
    database = Database(address)
    with database.transaction() as connection:
        connection.execute(text("INSERT INTO fieldstone_migrations VALUES (9999)"))
    for attempt in (database.require_known_version, open_registry(address).modules):
        with pytest.raises(Outdated, match=r"has migration 9999, and this Fieldstone knows \d+; use a"):
            attempt()


@pytest.mark.parametrize("address", ["postgresql://nobody:secret@127.0.0.1:1/none", "sqlite:////proc/none/registry.db"])
def test_a_database_out_of_reach_is_told_without_its_password(address: str) -> None:
    with pytest.raises(Unavailable) as caught:
        open_registry(address).modules()
    assert "secret" not in str(caught.value)


def test_what_is_no_address_of_a_database() -> None:
    for address in ("sqlite:x", "postgresql:x"):
        with pytest.raises(Invalid, match="write it as sqlite:///PATH or postgresql://USER@HOST/NAME"):
            open_registry(address)


def test_a_release_that_is_there_already(tmp_path: Path) -> None:
    registry = open_registry(f"sqlite:///{tmp_path}/registry.db")
    registry.add(FIRST, FILES)
    with pytest.raises(Conflict):
        registry.add(FIRST, FILES)
    assert [*map(str, registry.versions("shop"))] == ["1.0.0"]


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_every_release_has_its_row_in_the_chain_whoever_writes_beside(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Writers of two modules each, in opposite orders of the audit and the modules."""
    server = request.getfixturevalue("postgres") if engine == "postgres" else None
    address = database_of(server) if server else f"sqlite:///{tmp_path}/registry.db"
    open_store(address).modules()  # the tables exist

    def write(number: int) -> None:
        store = open_store(address)
        store.actor = audit.Actor(f"writer-{number}")
        with store.database.transaction():
            for part in ("a", "b"):
                release = replace(FIRST, name=f"{part}{number}")
                store.add(release, manifest.to_toml(release).encode(), FILES)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    database = open_store(address).database
    rows = [*audit.rows(database)]
    assert [*audit.breaks(rows)] == []
    told = sorted((row.entry.who, row.entry.module, row.entry.details["version"]) for row in rows)
    assert told == sorted((f"writer-{n}", f"{part}{n}", "1.0.0") for n in range(8) for part in "ab")
    assert audit.page(database, 15) == rows[15:]


def test_of_writers_that_wait_for_each_other_one_is_overtaken(postgres: PostgresServer) -> None:
    store = open_store(database_of(postgres))
    for name in ("a", "b"):
        store.add(release := replace(FIRST, name=name), manifest.to_toml(release).encode(), FILES)
    both = Barrier(2)

    def write(first: str, second: str) -> str:
        try:
            with store.database.transaction() as connection:
                lock_module(connection, first)
                both.wait(60)
                lock_module(connection, second)
        except Conflict as error:
            return str(error)
        return "written"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(write, "ab", "ba"))
    assert said == ["another write was faster, and this one was rolled back; do it again", "written"]


def test_a_judgement_sees_one_state_of_a_registry(tmp_path: Path) -> None:
    """Others release while it lasts; only then it is too late."""
    store = open_store(f"sqlite:///{tmp_path}/registry.db")
    buffer = BufferedStore(store)
    assert buffer.versions("shop") == []
    store.add(FIRST, manifest.to_toml(FIRST).encode(), FILES)
    assert buffer.versions("shop") == []
    buffer.add(FIRST, manifest.to_toml(FIRST).encode(), FILES)
    with pytest.raises(Conflict, match="based on None"):
        buffer.write()


def test_a_row_of_a_failed_transaction_is_not_there(tmp_path: Path) -> None:
    database = open_store(f"sqlite:///{tmp_path}/registry.db").database

    def fail() -> None:
        with database.transaction() as connection:
            audit.append(connection, audit.Entry("release", "somebody"), is_sqlite=True)
            raise Conflict("somebody was faster")

    with pytest.raises(Conflict):
        fail()
    assert [*audit.rows(database)] == []
