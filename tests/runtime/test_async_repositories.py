"""Async repositories: transactions of tasks, cancellation, and many tasks at once, in SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from fieldstone_runtime import errors
from fieldstone_runtime.asynchronous.postgres import AsyncPostgresDatabase
from fieldstone_runtime.asynchronous.sqlite import AsyncSQLiteDatabase

from tests.codegen.cases import build_case
from tests.codegen.packages import Generated, generated
from tests.codegen.server import PostgresServer, running_postgres
from tests.conftest import SEED

Make = Callable[..., Any]
Scenario = Callable[[Any, Make], Coroutine[Any, Any, None]]


class UndoneError(Exception):
    """What the tests leave a transaction with."""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generated(build_case("orders", tmp_path_factory.mktemp("orders")), "orders", tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with running_postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def made(request: pytest.FixtureRequest, package: Generated, tmp_path: Path) -> Any:
    """A repository with few connections or threads, not yet opened."""
    if request.param == "sqlite":
        sqlite = AsyncSQLiteDatabase(tmp_path / "orders.db", timeout=2, readers=2)
        return package.storage("async_sqlite").AsyncSQLiteOrdersRepository(sqlite)
    conninfo = request.getfixturevalue("server").new_database()
    postgres = AsyncPostgresDatabase(conninfo, max_size=3, timeout=2)
    return package.storage("async_postgres").AsyncPostgresOrdersRepository(postgres)


@pytest.fixture
def run(made: Any, package: Generated) -> Callable[[Scenario], None]:
    """Plays a scenario with an open, empty repository and a function that makes customers."""

    async def play(scenario: Scenario) -> None:
        async with made as repository, asyncio.timeout(60):
            assert await repository.migrate()
            await scenario(repository, package.storage("contract").example_customer)

    return lambda scenario: asyncio.run(play(scenario))


@asynccontextmanager
async def undone(repository: Any) -> AsyncGenerator[Any, None]:
    """A transaction that is left with an exception; gives its connection."""
    with suppress(UndoneError):
        async with repository.transaction() as connection:
            yield connection
            raise UndoneError


async def stored(repository: Any) -> list[int]:
    return [customer.id async for customer in repository.customers_from()]


# --- Transactions of tasks -----------------------------------------------------------------------


def test_a_task_started_in_a_transaction_is_refused(run: Any) -> None:
    async def scenario(repository: Any, customer: Make) -> None:
        for use in uses(repository, customer):
            async with repository.transaction():
                await repository.add_customer(customer(1))
                with pytest.raises(errors.StorageError, match="started inside a transaction of another task"):
                    await asyncio.create_task(use())
            assert await repository.delete_customer(customer(1).id)

    run(scenario)


def uses(repository: Any, customer: Make) -> list[Callable[[], Coroutine[Any, Any, Any]]]:
    """Every way to use a repository: a write, a batch, a read, a stream, a transaction."""

    async def enter() -> None:
        async with repository.transaction():
            pass

    return [
        lambda: repository.add_customer(customer(2)),
        lambda: repository.add_customers([customer(n) for n in range(100)]),
        lambda: repository.get_customer(1),
        lambda: stored(repository),
        enter,
    ]


def test_a_task_started_in_a_transaction_is_free_after_it(run: Any) -> None:
    async def scenario(repository: Any, customer: Make) -> None:
        ended = asyncio.Event()

        async def later() -> bool:
            await ended.wait()
            return bool(await repository.add_customer(customer(2)))

        async with repository.transaction():
            task = asyncio.create_task(later())
            await asyncio.sleep(0)
        ended.set()
        assert await task
        assert len(await stored(repository)) == 1

    run(scenario)


def test_other_tasks_are_no_part_of_a_transaction(run: Any) -> None:
    async def scenario(repository: Any, customer: Make) -> None:
        inside, done = asyncio.Event(), asyncio.Event()

        async def undone() -> None:
            async with repository.transaction():
                await repository.add_customer(customer(1))
                inside.set()
                await done.wait()
                raise UndoneError

        async def other() -> None:
            await inside.wait()
            assert await stored(repository) == []
            assert await repository.get_customer(customer(1).id) is None
            done.set()
            assert await repository.add_customer(customer(2))

        task, _ = asyncio.create_task(undone()), await asyncio.create_task(other())
        with pytest.raises(UndoneError):
            await task
        assert await stored(repository) == [customer(2).id]

    run(scenario)


def test_transactions_of_two_databases_are_entered_in_any_order(run: Any, package: Generated, tmp_path: Path) -> None:
    async def scenario(repository: Any, customer: Make) -> None:
        second = package.storage("async_sqlite").AsyncSQLiteOrdersRepository(tmp_path / "second.db")
        async with second:
            await second.migrate()
            async with undone(repository), second.transaction():
                await second.add_customer(customer(1))
                async with repository.transaction():
                    await repository.add_customer(customer(1))
            assert (await stored(second), await stored(repository)) == ([customer(1).id], [])

    run(scenario)


@pytest.mark.parametrize("made", ["sqlite"], indirect=True)
def test_a_transaction_that_is_open_for_long(run: Any) -> None:
    async def scenario(repository: Any, customer: Make) -> None:
        inside, late = asyncio.Event(), asyncio.Event()

        async def holder() -> None:
            async with repository.transaction():
                inside.set()
                await late.wait()

        task = asyncio.create_task(holder())
        await inside.wait()
        with pytest.raises(errors.DatabaseLockedError, match="another task, whose transaction is open"):
            await repository.add_customer(customer(1))
        late.set()
        await task
        assert await repository.add_customer(customer(1))

    run(scenario)


# --- Records one by one --------------------------------------------------------------------------


def test_records_of_a_transaction_end_with_it(run: Any) -> None:
    async def scenario(repository: Any, customer: Make) -> None:
        async with repository.transaction():
            await repository.add_customers(customer(n) for n in range(2000))
            records = repository.customers_from()
            await anext(records)
        with pytest.raises(errors.StorageError):
            [record async for record in records]
        assert len(await stored(repository)) == 2000

    run(scenario)


def test_records_that_are_left_hold_nothing(run: Any) -> None:
    async def scenario(repository: Any, customer: Make) -> None:
        await repository.add_customers(customer(n) for n in range(1500))
        for _ in range(10):
            async with aclosing(repository.customers_from()) as records:
                await anext(records)
            await anext(repository.customers_from())
        readers = [asyncio.create_task(first(repository.customers_from())) for _ in range(20)]
        assert set(await asyncio.gather(*readers)) == {min(await stored(repository))}

    run(scenario)


async def first(records: AsyncGenerator[Any, None]) -> int:
    async with aclosing(records):
        return int((await anext(records)).id)


def test_an_iterator_runs_in_the_task_that_gave_it(run: Any) -> None:
    async def scenario(repository: Any, customer: Make) -> None:
        task = asyncio.current_task()

        def customers() -> Iterator[Any]:
            for n in range(100):
                assert asyncio.current_task() is task
                yield customer(n)

        assert await repository.add_customers(customers()) == 100

    run(scenario)


# --- Cancellation --------------------------------------------------------------------------------


def test_a_cancelled_batch_is_there_as_a_whole_or_not_at_all(run: Any) -> None:
    async def scenario(repository: Any, customer: Make) -> None:
        some = random.Random(SEED)
        batch = [customer(n) for n in range(1500)]
        for after in (0, *(some.random() * 0.01 for _ in range(25))):
            await cancelled(repository.add_customers(batch), after=after)
            count = len(await stored(repository))
            assert count == 0 if after == 0 else count in {0, len(batch)}
            async with repository.transaction() as connection:
                await connection.execute("DELETE FROM shop_customers")

    run(scenario)


def test_a_cancelled_transaction_is_rolled_back(run: Any) -> None:
    async def scenario(repository: Any, customer: Make) -> None:
        some = random.Random(SEED)

        async def endless() -> None:
            async with repository.transaction():
                number = 0
                while True:
                    async with repository.transaction():
                        await repository.add_customers(customer(number + n) for n in range(20))
                    await repository.get_customer(number)
                    await anext(repository.customers_from())
                    number += 20

        for _ in range(25):
            await cancelled(endless(), after=some.random() * 0.03, twice=some.random() < 0.5)
            assert await stored(repository) == []
        async with repository.transaction():
            assert await repository.add_customer(customer(1))
        assert len(await stored(repository)) == 1

    run(scenario)


def test_timeouts_of_asyncio(run: Any) -> None:
    async def scenario(repository: Any, customer: Make) -> None:
        async def slow() -> None:
            async with asyncio.timeout(0.05), repository.transaction():
                await repository.add_customer(customer(1))
                await asyncio.sleep(30)

        with pytest.raises(TimeoutError):
            await slow()
        assert await stored(repository) == []
        try:
            await cancelled(asyncio.sleep(30), after=0)
        finally:
            assert await repository.add_customer(customer(2))

    run(scenario)


async def cancelled(work: Awaitable[Any], *, after: float, twice: bool = False) -> None:
    """Cancel a task that does the work after so many seconds; it may have ended."""
    task = asyncio.ensure_future(work)
    await asyncio.sleep(after)
    task.cancel()
    if twice:
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.wait([task], timeout=30)
    assert task.done()
    assert task.cancelled() or task.exception() is None, task.exception()


@pytest.mark.parametrize("made", ["postgres"], indirect=True)
def test_a_connection_lost_in_the_middle(run: Any, server: PostgresServer) -> None:
    async def scenario(repository: Any, customer: Make) -> None:
        async def lost() -> None:
            async with repository.transaction():
                await repository.add_customers(customer(n) for n in range(600))
                server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
                await repository.add_customers(customer(n) for n in range(600, 1200))

        with pytest.raises(errors.ConnectionLostError, match="broke the connection"):
            await lost()
        assert await stored(repository) == []
        assert await repository.add_customers(customer(n) for n in range(1200)) == 1200

    run(scenario)


# --- Many tasks ----------------------------------------------------------------------------------


def test_many_tasks_at_once_lose_nothing(run: Any) -> None:
    async def scenario(repository: Any, customer: Make) -> None:
        some = random.Random(SEED)
        kept: set[int] = set()

        async def work(number: int) -> None:
            await asyncio.sleep(some.random() * 0.05)
            records = [customer(number * 10 + n) for n in range(10)]
            match number % 4:
                case 0:
                    assert await repository.add_customers(records) == 10
                case 1:
                    for record in records:
                        await repository.save_customer(record)
                case 2:
                    async with repository.transaction():
                        for record in records:
                            await repository.add_customer(record)
                            await asyncio.sleep(0)
                case _:
                    async with undone(repository):
                        await repository.add_customers(records)
                        await stored(repository)
                    return
            kept.update(record.id for record in records)

        await asyncio.gather(*(work(number) for number in range(60)))
        assert set(await stored(repository)) == kept

    run(scenario)


# --- Open and closed -----------------------------------------------------------------------------


def test_a_closed_repository_says_so(made: Any, package: Generated) -> None:
    async def scenario() -> None:
        async with made as repository:
            await repository.migrate()
        for use in uses(repository, package.storage("contract").example_customer):
            with pytest.raises(errors.DatabaseUnreachableError, match="was closed"):
                await use()
        await repository.close()

    asyncio.run(scenario())


def test_the_first_call_opens(made: Any, package: Generated) -> None:
    async def scenario() -> None:
        await asyncio.gather(*(made.migrate() for _ in range(4)))
        assert await made.add_customer(package.storage("contract").example_customer(1))
        await made.close()

    asyncio.run(scenario())


def test_own_sql_is_part_of_the_transaction(run: Any) -> None:
    async def scenario(repository: Any, customer: Make) -> None:
        async with undone(repository) as connection:
            await repository.add_customers([customer(1), customer(2)])
            await connection.execute("DELETE FROM shop_customers")
            assert await stored(repository) == []
            await repository.add_customer(customer(1))
        assert await stored(repository) == []
        with pytest.raises(errors.StorageError):
            async with repository.transaction() as connection:
                await connection.execute("NO SQL")

    run(scenario)


@pytest.mark.parametrize("place", ["sqlite", "postgres"])
def test_a_hook_sees_the_statements(place: str, package: Generated, tmp_path: Path, server: PostgresServer) -> None:
    seen: list[str] = []

    def watch(statement: str, seconds: float) -> None:
        assert seconds >= 0
        seen.append(statement)

    async def scenario() -> None:
        database: Any = (
            AsyncSQLiteDatabase(tmp_path / "orders.db", on_statement=watch)
            if place == "sqlite"
            else AsyncPostgresDatabase(server.new_database(), on_statement=watch)
        )
        async with database:
            prefix = "AsyncSQLite" if place == "sqlite" else "AsyncPostgres"
            repository = getattr(package.storage(f"async_{place}"), f"{prefix}OrdersRepository")(database)
            await repository.migrate()
            seen.clear()
            async with repository.transaction():
                await repository.add_customers([package.storage("contract").example_customer(n) for n in range(20)])
        assert seen[0].startswith("BEGIN")
        assert any("shop_customers" in statement for statement in seen)
        assert seen[-1] == "COMMIT"

    asyncio.run(scenario())


@pytest.mark.parametrize("place", ["sqlite", "postgres"])
def test_a_database_that_cannot_be_opened(place: str, package: Generated, tmp_path: Path) -> None:
    module = package.storage(f"async_{place}")
    made = (
        module.AsyncSQLiteOrdersRepository(tmp_path / "no/such/folder.db")
        if place == "sqlite"
        else module.AsyncPostgresOrdersRepository("postgresql://somebody:secret@127.0.0.1:1/shop")
    )

    async def scenario() -> None:
        with pytest.raises(errors.DatabaseUnreachableError) as raised:
            async with made:
                pass
        assert "secret" not in str(raised.value)

    asyncio.run(scenario())
