"""Transactions of generated repositories in all stores: SQL of one's own, and asyncio tasks that share a thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from fieldstone_runtime.errors import StorageError, UniqueConflictError
from fieldstone_runtime.postgres import PostgresDatabase
from telemetry_storage.contract import example_episode, example_step
from telemetry_storage.memory import InMemoryTelemetryRepository
from telemetry_storage.postgres import PostgresTelemetryRepository
from telemetry_storage.sqlite import SQLiteTelemetryRepository

from tests.codegen.server import PostgresServer

if TYPE_CHECKING:
    from telemetry_storage.repository import TelemetryRepository


class UndoneError(Exception):
    """The exception that ends a transaction in these tests."""


@pytest.fixture(params=["sqlite", "postgres", "memory"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    with closing(made(request, tmp_path)) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A repository that has SQL."""
    with closing(made(request, tmp_path)) as opened:
        yield opened


def made(request: pytest.FixtureRequest, folder: Path) -> Any:
    """A repository that is migrated and empty."""
    repository: TelemetryRepository
    if request.param == "sqlite":
        repository = SQLiteTelemetryRepository(folder / "telemetry.db")
    elif request.param == "memory":
        repository = InMemoryTelemetryRepository()
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        repository = PostgresTelemetryRepository(server.new_database())
    repository.migrate()
    return repository


def step(number: int) -> Any:
    made = example_step(number)
    made.run_id, made.episode_id, made.step_index = "run", "episode", number
    return made


def stored(repository: TelemetryRepository) -> list[int]:
    return [found.step_index for found in repository.steps_by_run("run")]


# --- SQL of one's own ----------------------------------------------------------------------------


def test_own_sql_is_kept_or_undone_with_what_the_repository_writes(database: Any) -> None:
    with database.transaction() as connection:
        database.add_step(step(1))
        connection.execute("CREATE TABLE notes (text TEXT UNIQUE)")
        connection.execute("INSERT INTO notes VALUES ('kept')")
    with pytest.raises(UndoneError), database.transaction() as connection:  # noqa: PT012 - the end of the block raises
        connection.execute("INSERT INTO notes VALUES ('undone')")
        connection.execute("UPDATE telemetry_steps SET step_index = 7")
        database.add_step(step(2))
        assert stored(database) == [2, 7]
        raise UndoneError
    with database.transaction() as connection:
        assert connection.execute("SELECT text FROM notes").fetchall() == [("kept",)]
    assert stored(database) == [1]


def test_rows_of_own_sql_are_not_disturbed_by_the_repository(database: Any) -> None:
    database.add_steps(step(number) for number in range(5))
    with database.transaction() as connection:
        for (number,) in connection.execute("SELECT step_index FROM telemetry_steps ORDER BY step_index"):
            assert database.get_step("run", "episode", number) is not None
            database.add_step(step(number + 10))
    assert stored(database) == [*range(5), *range(10, 15)]


def test_own_rows_may_have_another_form(tmp_path: Path) -> None:
    with closing(SQLiteTelemetryRepository(tmp_path / "telemetry.db")) as repository:
        repository.migrate()
        with repository.transaction() as connection:
            connection.row_factory = lambda _cursor, row: {"reward": row[0]}
            repository.add_step(step(1))
            assert connection.execute("SELECT reward FROM telemetry_steps").fetchone() == {"reward": step(1).reward}
            assert stored(repository) == [1]
        assert stored(repository) == [1]


def test_own_sql_raises_the_errors_of_the_repository(database: Any) -> None:
    database.add_step(step(1))
    for statement, kind in (
        ("INSERT INTO telemetry_steps SELECT * FROM telemetry_steps", UniqueConflictError),
        ("no SQL", StorageError),
    ):
        with pytest.raises(kind), database.transaction() as connection:  # noqa: PT012
            database.add_step(step(2))
            connection.execute(statement)
    assert stored(database) == [1]


ENDINGS: dict[str, Callable[[Any], object]] = {
    "commit": lambda connection: connection.commit(),
    "rollback": lambda connection: connection.rollback(),
    "COMMIT": lambda connection: connection.execute("COMMIT"),
    "ROLLBACK": lambda connection: connection.execute("ROLLBACK"),
}


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize("ending", ENDINGS)
def test_own_sql_that_ends_the_transaction_is_an_error(database: Any, ending: str, *, goes_on: bool) -> None:
    with pytest.raises(StorageError), database.transaction() as connection:  # noqa: PT012
        database.add_step(step(1))
        ENDINGS[ending](connection)
        if goes_on:
            database.add_step(step(2))
    assert 2 not in stored(database)
    assert database.add_step(step(2))


def test_a_script_ends_the_transaction_before_it_begins(tmp_path: Path) -> None:
    with closing(SQLiteTelemetryRepository(tmp_path / "telemetry.db")) as repository:
        repository.migrate()
        ended = pytest.raises(StorageError, match="SQL of your own has ended it")
        with ended, repository.transaction() as connection:  # https://docs.python.org/3/library/sqlite3.html
            repository.add_step(step(1))
            connection.executescript("SELECT 1")


def test_memory_has_no_sql() -> None:
    with InMemoryTelemetryRepository().transaction() as connection:
        assert connection is None


def test_the_connection_is_that_of_the_driver(database: Any) -> None:
    with database.transaction() as connection:
        assert isinstance(connection, sqlite3.Connection | psycopg.Connection)


# --- asyncio tasks -------------------------------------------------------------------------------

USES: dict[str, Callable[[Any], object]] = {
    "add": lambda repository: repository.add_step(step(2)),
    "add many": lambda repository: repository.add_steps([step(2), step(3)]),
    "save": lambda repository: repository.save_episode(example_episode(1)),
    "delete": lambda repository: repository.delete_run("run"),
    "get": lambda repository: repository.get_step("run", "episode", 1),
    "query": stored,
    "count": lambda repository: repository.count_steps("run"),
    "transaction": lambda repository: repository.transaction().__enter__(),
}
"""Ways to use a repository."""


async def in_a_transaction(repository: TelemetryRepository, meanwhile: Callable[[], Awaitable[None]]) -> None:
    with repository.transaction():
        repository.add_step(step(1))
        await meanwhile()
        repository.add_step(step(4))


@pytest.mark.parametrize("use", USES)
def test_another_task_is_refused_during_a_transaction(repository: TelemetryRepository, use: str) -> None:
    async def other() -> None:
        with pytest.raises(StorageError, match=r"another asyncio task has a transaction open.*asyncio\.to_thread"):
            USES[use](repository)

    async def meanwhile() -> None:
        await asyncio.create_task(other())

    asyncio.run(in_a_transaction(repository, meanwhile))
    assert stored(repository) == [1, 4]
    if use != "transaction":
        USES[use](repository)  # the transaction has ended


def test_a_task_loses_nothing_when_that_of_another_is_undone(repository: TelemetryRepository) -> None:
    async def main() -> tuple[object, object]:
        entered, leave = asyncio.Event(), asyncio.Event()

        async def meanwhile() -> None:
            entered.set()
            await leave.wait()
            raise UndoneError

        async def other() -> bool:
            await entered.wait()
            try:
                return repository.add_step(step(2))
            finally:
                leave.set()

        return await asyncio.gather(in_a_transaction(repository, meanwhile), other(), return_exceptions=True)

    first, second = asyncio.run(main())
    assert isinstance(first, UndoneError)
    assert isinstance(second, StorageError)
    assert stored(repository) == []
    assert repository.add_step(step(2))


def test_a_task_may_nest_transactions_and_wait(repository: TelemetryRepository) -> None:
    async def main() -> None:
        with repository.transaction():
            await in_a_transaction(repository, lambda: asyncio.sleep(0))
            assert stored(repository) == [1, 4]
            assert repository.count_steps("run") == 2

    asyncio.run(main())
    assert stored(repository) == [1, 4]


def test_threads_of_tasks_have_transactions_of_their_own(repository: TelemetryRepository) -> None:
    def work(number: int) -> None:
        with repository.transaction():
            repository.add_step(step(number))
            assert repository.get_step("run", "episode", number) is not None

    async def main() -> None:
        await asyncio.gather(*(asyncio.to_thread(work, number) for number in range(8)))

    asyncio.run(main())
    assert stored(repository) == list(range(8))


def test_a_transaction_around_an_event_loop_is_that_of_all_its_tasks(repository: TelemetryRepository) -> None:
    async def main() -> None:
        await asyncio.create_task(in_a_transaction(repository, lambda: asyncio.sleep(0)))

    with pytest.raises(UndoneError), repository.transaction():  # noqa: PT012
        asyncio.run(main())
        assert stored(repository) == [1, 4]
        raise UndoneError
    assert stored(repository) == []


# --- The hook ------------------------------------------------------------------------------------


def test_postgres_shows_its_statements_to_a_hook(postgres: PostgresServer, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    def hook(statement: str, seconds: float) -> None:
        assert seconds > 0
        seen.append(" ".join(statement.split())[:30])
        if statement == "COMMIT":
            raise UndoneError

    database = PostgresDatabase(postgres.new_database(), on_statement=hook)
    with closing(PostgresTelemetryRepository(database)) as repository:
        repository.migrate()
        seen.clear()
        with repository.transaction() as connection:
            repository.add_steps(step(number) for number in range(20))
            connection.execute("SELECT 1")
        assert (seen[0], seen[-1]) == ("BEGIN", "COMMIT")
        assert [word for word in ("SAVEPOINT", "RELEASE", "SELECT 1") if word not in seen] == []
        assert any(statement.startswith("COPY telemetry_steps") for statement in seen)
        assert len(stored(repository)) == 20
        seen.clear()
        with pytest.raises(UndoneError), repository.transaction():
            raise UndoneError
        assert seen == ["BEGIN", "ROLLBACK"]
    assert "on_statement failed after COMMIT" in caplog.messages
