"""What only a server can show: connections that break, processes that compete, rows that do not fit into memory."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from fieldstone_runtime import errors
from fieldstone_runtime.asynchronous.postgres import AsyncPostgresDatabase
from fieldstone_runtime.migrations import Migration, migrate
from fieldstone_runtime.postgres import CHUNK, PostgresDatabase

from tests.codegen.cases import build_case
from tests.codegen.packages import Generated, generated
from tests.codegen.server import PostgresServer

MIGRATIONS = [Migration(f"1.{n}.0", (f"CREATE TABLE things_{n} (id BIGINT PRIMARY KEY)",)) for n in range(20)]


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generated(build_case("orders", tmp_path_factory.mktemp("orders")), "orders", tmp_path_factory.mktemp("out"))


@pytest.fixture
def conninfo(postgres: PostgresServer) -> str:
    return postgres.new_database()


@pytest.fixture
def repository(orders: Generated, conninfo: str) -> Iterator[Any]:
    with closing(orders.storage("postgres").PostgresOrdersRepository(conninfo)) as made:
        made.migrate()
        yield made


@pytest.fixture
def order(orders: Generated) -> Callable[[int], Any]:
    example: Callable[[int], Any] = orders.storage("contract").example_order
    return example


@pytest.fixture
def customer(orders: Generated) -> Callable[[int], Any]:
    example: Callable[[int], Any] = orders.storage("contract").example_customer
    return example


def run(conninfo: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def end_sessions(conninfo: str) -> None:
    run(conninfo, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND datname = current_database()")  # fmt: skip


# --- Connections ---------------------------------------------------------------------------------


def test_a_connection_lost_in_the_middle_of_a_batch(repository: Any, conninfo: str, customer: Any) -> None:
    def halves() -> None:
        with repository.transaction():
            assert repository.add_customers(customer(n) for n in range(600)) == 600
            end_sessions(conninfo)
            repository.add_customers(customer(n) for n in range(600, 1200))

    with pytest.raises(errors.ConnectionLostError, match="broke the connection"):
        halves()
    assert repository.get_customer(0) is None
    assert repository.add_customers(customer(n) for n in range(1200)) == 1200


def test_connections_that_were_lost_while_idle_fail_one_call_at_most(repository: Any, conninfo: str) -> None:
    readers = [repository.customers_from() for _ in range(3)]
    assert [next(reader, None) for reader in readers] == [None] * 3
    end_sessions(conninfo)
    with pytest.raises(errors.ConnectionLostError):
        repository.get_customer(1)
    assert [repository.get_customer(1) for _ in range(5)] == [None] * 5


@pytest.mark.parametrize(
    ("conninfo", "problem"),
    [
        ("postgresql://somebody:secret@127.0.0.1:1/shop", "127.0.0.1:1/shop"),
        ("postgresql//somebody:secret@127.0.0.1/shop", "neither a URL"),
        ("host=127.0.0.1 port=1 password=secret timeout=3", "neither a URL"),
    ],
)
def test_a_server_that_cannot_be_reached(conninfo: str, problem: str) -> None:
    began = time.monotonic()
    with pytest.raises(errors.DatabaseUnreachableError, match=problem) as raised:
        PostgresDatabase(conninfo, timeout=2)
    assert time.monotonic() - began < 10
    assert "secret" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_an_async_database_is_of_one_loop(conninfo: str) -> None:
    database = AsyncPostgresDatabase(conninfo)

    async def use() -> None:
        async with database.cursor() as cursor:
            await cursor.execute("SELECT 1")

    async def first_loop() -> None:
        await use()
        with pytest.raises(errors.StorageError, match="another event loop"):
            await asyncio.to_thread(asyncio.run, use())
        await database.close()

    asyncio.run(first_loop())


def test_a_database_that_is_not_there(postgres: PostgresServer) -> None:
    with pytest.raises(errors.DatabaseUnreachableError, match='database "nowhere" does not exist'):
        PostgresDatabase(postgres.conninfo("nowhere"))


def test_all_connections_in_use(conninfo: str) -> None:
    with closing(PostgresDatabase(conninfo, max_size=1, timeout=0.2)) as database:
        rows = database.chunks("SELECT generate_series(1, 10000)", ())
        next(rows)
        with pytest.raises(errors.DatabaseLockedError, match="in use"), database.cursor():
            pass
        del rows
        with database.cursor() as cursor:
            assert cursor.execute("SELECT 1").fetchone() == (1,)


def test_what_is_closed(repository: Any) -> None:
    repository.close()
    with pytest.raises(errors.DatabaseUnreachableError, match="was closed"):
        repository.get_customer(1)


# --- What the server refuses ---------------------------------------------------------------------


def test_a_server_that_takes_no_writes(repository: Any, orders: Generated, conninfo: str, order: Any) -> None:
    repository.add_order(order(1))
    name = conninfo.rpartition("/")[2]
    run(conninfo, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with closing(orders.storage("postgres").PostgresOrdersRepository(conninfo)) as read_only:
        for write in (read_only.add_order, read_only.save_order, lambda record: read_only.add_orders([record] * 600)):
            with pytest.raises(errors.DatabaseReadOnlyError):
                write(order(2))
        assert read_only.count_of_shop(order(1).shop) == 1


def test_a_record_that_another_connection_holds(
    repository: Any, orders: Generated, conninfo: str, customer: Any
) -> None:
    repository.add_customer(customer(1))
    patience = f"{conninfo}?options=-clock_timeout%3D50ms"
    with (
        psycopg.connect(conninfo) as other,
        closing(orders.storage("postgres").PostgresOrdersRepository(patience)) as impatient,
    ):
        other.execute("SELECT * FROM shop_customers FOR UPDATE")
        with pytest.raises(errors.DatabaseLockedError, match="try again"):
            impatient.save_customer(customer(1))


def test_a_database_that_was_not_migrated(orders: Generated, conninfo: str, order: Any) -> None:
    with closing(orders.storage("postgres").PostgresOrdersRepository(conninfo)) as empty:
        for call in (
            lambda: empty.add_order(order(1)),
            lambda: list(empty.all_orders()),
            lambda: empty.delete_shop(""),
        ):
            with pytest.raises(errors.NotMigratedError, match=r"run `migrate\(\)`"):
                call()


def test_text_with_nul(repository: Any, order: Any) -> None:
    bad = order(600)
    bad.origin = "a\0b"
    for write in (repository.add_order, repository.save_order, lambda r: repository.add_orders([order(0), r])):
        with pytest.raises(errors.ValueRefusedError, match=r"OrderRecord.origin must be a str without NUL"):
            write(bad)
    with pytest.raises(errors.ValueRefusedError):
        repository.get_order("a\0", 1)
    with pytest.raises(errors.ValueRefusedError):
        next(repository.urgent_orders("a\0"))
    assert repository.get_order(order(0).shop, 0) is None


def test_a_value_of_another_type_is_not_bent_to_fit(repository: Any, customer: Any) -> None:
    bad = customer(1)
    for bad.id in (1.5, "1"):
        for write in (
            repository.add_customer,
            repository.save_customer,
            lambda record: repository.add_customers([record]),
            lambda record: repository.add_customers([*map(customer, range(600)), record]),
        ):
            with pytest.raises(errors.ValueRefusedError, match=r"CustomerRecord.id must be an int"):
                write(bad)
    assert list(repository.customers_from()) == []


# --- Transactions --------------------------------------------------------------------------------


def test_a_failure_that_is_caught_leaves_the_rest_of_the_transaction(repository: Any, order: Any) -> None:
    twin = order(1)
    twin.reference = order(0).reference
    with repository.transaction():
        repository.add_order(order(0))
        with pytest.raises(errors.UniqueConflictError, match="orders_reference_idx"):
            repository.add_order(twin)
        repository.add_order(order(2))
    assert [record.number for record in repository.all_orders()] == [0, 2]


def test_threads_have_transactions_of_their_own(repository: Any, customer: Any) -> None:
    seen: list[object] = []
    with repository.transaction():
        repository.add_customer(customer(1))
        thread = threading.Thread(target=lambda: seen.append(repository.get_customer(1)))
        thread.start()
        thread.join()
    assert seen == [None]
    assert repository.get_customer(1) is not None


def test_records_that_are_read_in_a_transaction_end_with_it(repository: Any, customer: Any) -> None:
    repository.add_customers(customer(n) for n in range(2 * CHUNK))
    with repository.transaction():
        reading = repository.customers_from()
        next(reading)
    with pytest.raises(errors.StorageError, match="transaction that these records were read in has ended"):
        list(reading)
    assert repository.get_customer(1) is not None


def test_threads_that_add_the_records_add_them_once(repository: Any, customer: Any) -> None:
    counts: list[int] = []

    def add() -> None:
        counts.extend(repository.add_customers([customer(n) for n in range(i, i + 60)]) for i in range(0, 1200, 20))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 1240
    assert len(list(repository.customers_from())) == 1240


# --- Reading -------------------------------------------------------------------------------------


def test_records_are_read_in_constant_memory(repository: Any, customer: Any) -> None:
    names = "x" * 1000
    for start in range(0, 20_000, 1000):
        batch = [customer(n) for n in range(start, start + 1000)]
        for record in batch:
            record.name = names
        repository.add_customers(batch)
    gc.collect()
    tracemalloc.start()
    assert sum(1 for _ in repository.customers_from()) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000  # all of them are 20 MB


def test_text_is_ordered_by_code_points_whatever_the_language_of_the_database(repository: Any, conninfo: str) -> None:
    assert repository.count_of_shop("") == 0
    found = run(
        conninfo,
        "SELECT DISTINCT collation_name FROM information_schema.columns"
        " WHERE table_name IN ('orders', 'orders_lines') AND column_name IN ('shop', 'reference', 'status', 'sku')",
    )
    assert found == [("C",)]


# --- Migrations ----------------------------------------------------------------------------------


def _migrate(conninfo: str, together: Any, applied: Any) -> None:
    with closing(PostgresDatabase(conninfo)) as database:
        together.wait()
        applied.put(migrate(database, "things", MIGRATIONS))


def test_processes_that_migrate_at_once(conninfo: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    together, applied = spawn.Barrier(3), spawn.Queue()
    processes = [spawn.Process(target=_migrate, args=(conninfo, together, applied)) for _ in range(3)]
    for process in processes:
        process.start()
    found = sorted(applied.get(timeout=60) for _ in processes)
    for process in processes:
        process.join()
    assert found == [(), (), tuple(migration.version for migration in MIGRATIONS)]


def test_a_database_that_newer_code_migrated(conninfo: str) -> None:
    with closing(PostgresDatabase(conninfo)) as database:
        unique = Migration("2.0.0", ("CREATE UNIQUE INDEX things_0_idx ON things_0 (id)",))
        migrate(database, "things", MIGRATIONS)
        assert migrate(database, "things", MIGRATIONS[:-1]) == ()
        run(conninfo, "ALTER TABLE fieldstone_migrations DROP COLUMN effect")
        with pytest.raises(errors.DatabaseNewerError, match=r"beside 1\.19\.0, of which nothing is recorded"):
            migrate(database, "things", MIGRATIONS[:-1])
        assert migrate(database, "things", [*MIGRATIONS, unique]) == ("2.0.0",)
        with pytest.raises(errors.DatabaseNewerError, match=r"beside 2\.0\.0, which does: CREATE UNIQUE INDEX"):
            migrate(database, "things", MIGRATIONS)
        assert migrate(database, "other things", []) == ()


def test_a_migration_that_fails_leaves_nothing(conninfo: str) -> None:
    bad = [*MIGRATIONS[:2], Migration("2.0.0", ("CREATE TABLE more (id BIGINT)", "CREATE TABLE things_0 (id BIGINT)"))]
    with closing(PostgresDatabase(conninfo)) as database:
        with pytest.raises(errors.MigrationError, match=r"2\.0\.0 cannot be applied.*already exists"):
            migrate(database, "things", bad)
        assert run(conninfo, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []
        assert len(migrate(database, "things", MIGRATIONS)) == 20
