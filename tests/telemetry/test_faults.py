"""What goes wrong under the writer: what is answered for is stored, and the rest waits until it can be."""

from __future__ import annotations

import asyncio
import resource
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from fieldstone_runtime.sqlite import SQLiteDatabase
from telemetry_storage.postgres import PostgresTelemetryRepository
from telemetry_storage.sqlite import SQLiteTelemetryRepository

from tests.codegen.server import DURABLE, running_postgres
from tests.telemetry.inside import hub, published, run
from tests.telemetry.records import requests
from tests.telemetry.running import IMPATIENT, LONGEST, opened, running_hub, worker

pytestmark = pytest.mark.slow


def test_a_locked_database_is_waited_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        repository = SQLiteTelemetryRepository(SQLiteDatabase(tmp_path / "t.db", timeout=0.1))
        async with hub(repository) as running:
            with closing(sqlite3.connect(tmp_path / "t.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                publishing = asyncio.create_task(published(running.stub, requests(1000)))
                await asyncio.sleep(0.5)
                assert not publishing.done()
                assert running.repository.count_steps("r") == 0
                other.execute("ROLLBACK")
            assert await publishing == (1000, None)
            assert running.repository.count_steps("r") == 1000

    run(scenario)


def test_a_full_disk_holds_the_worker_back_until_there_is_room(tmp_path: Path) -> None:
    database = tmp_path / "t.db"
    with running_hub(database) as running:
        playing = worker(running.address, "--episodes", "200", "--progress")
        assert playing.stdout is not None
        playing.stdout.readline()
        most = max(path.stat().st_size for path in tmp_path.iterdir()) + 100_000
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
        time.sleep(2)
        assert playing.poll() is None
        held = _stored(database)
        time.sleep(0.5)
        assert _stored(database) == held
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        printed, _ = playing.communicate(timeout=LONGEST)
        assert playing.returncode == 0
        running.stop()
    assert f"stored: {_stored(database)} steps, 200 episodes" in printed
    with opened(database) as repository:
        assert len(list(repository.episodes_by_run("run"))) == 200


def test_a_hub_that_cannot_write_ends_and_says_so(tmp_path: Path) -> None:
    database = tmp_path / "t.db"
    with running_hub(database, program=IMPATIENT) as running:
        playing = worker(running.address, "--episodes", "100000", "--progress")
        assert playing.stdout is not None
        playing.stdout.readline()
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            running.process.send_signal(signal.SIGTERM)
            running.process.communicate(timeout=LONGEST)
            playing.kill()
            printed, _ = playing.communicate()
        assert running.process.returncode == 2
    answered = int(printed.splitlines()[-1].split()[1]) if printed else 0
    assert _stored(database) >= answered


def _stored(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM telemetry_steps").fetchone()
    return int(count)


def test_the_writer_knows_the_protocol_alone_and_outlives_a_restart_of_postgres() -> None:
    with running_postgres(DURABLE) as server:

        async def scenario() -> None:
            async with hub(PostgresTelemetryRepository(server.new_database())) as running:
                assert await published(running.stub, requests(100)) == (100, None)
                await asyncio.to_thread(server.stop)
                publishing = asyncio.create_task(published(running.stub, requests(1000, episode_id="later")))
                await asyncio.sleep(0.5)
                assert not publishing.done()
                await asyncio.to_thread(server.start)
                assert await publishing == (1000, None)
                assert running.repository.count_steps("r") == 1100

        run(scenario)
