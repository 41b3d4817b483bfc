"""Transactions that belong to an asyncio task; the stores are tested in tests/codegen/storage/test_transactions.py."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest
from fieldstone_runtime.errors import StorageError
from fieldstone_runtime.tasks import TransactionLock, refuse_others, running_task


def test_the_running_task() -> None:
    async def main() -> None:
        own = asyncio.current_task()
        assert running_task() is own
        assert await asyncio.create_task(other()) is not own
        assert await asyncio.to_thread(running_task) is None
        seen: list[object] = []
        asyncio.get_running_loop().call_soon(lambda: seen.append(running_task()))
        await asyncio.sleep(0)
        assert seen == [None]

    async def other() -> object:
        return running_task()

    assert running_task() is None
    asyncio.run(main())


def test_who_is_refused() -> None:
    refuse_others(None, "points.db")
    with pytest.raises(StorageError, match=r"points\.db: another asyncio task"):
        refuse_others(object(), "points.db")


def test_a_lock_that_is_refused_is_not_held() -> None:
    lock = TransactionLock("the points")

    async def other() -> None:
        with pytest.raises(StorageError, match="the points"), lock:
            raise AssertionError

    async def main() -> None:
        with lock.transaction(), lock, lock.transaction():
            await asyncio.create_task(other())

    asyncio.run(main())
    thread = threading.Thread(target=lock.__enter__, daemon=True)
    thread.start()
    thread.join(timeout=10)
    assert not thread.is_alive()


def test_asyncio_is_not_imported_for_it() -> None:
    program = """
import sys
from fieldstone_runtime.sqlite import SQLiteDatabase
with SQLiteDatabase(":memory:").transaction():
    assert not {"asyncio", "logging"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", program], check=True)
