"""Servers on one database behind a proxy, each of which can be killed and started again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from tests.codegen.server import DURABLE, PostgresServer, running_postgres
from tests.processes import group_of, wait_for_end
from tests.registry.test_sql import database_of
from tests.server.replicas.proxy import Proxy
from tests.server.running import LONGEST, Serving, serving


class Cluster:
    """Servers behind a proxy.

    Attributes:
        database: the address of their database.
        postgres: the server of that; None for SQLite.
    """

    def __init__(self, database: str, postgres: PostgresServer | None, folder: Path, proxy: Proxy) -> None:
        self.database, self.postgres = database, postgres
        self._folder, self._proxy = folder, proxy
        self._replicas: dict[int, tuple[ExitStack, Serving]] = {}

    def start(self, number: int) -> None:
        """Start a server, and put it behind the proxy."""
        stack = ExitStack()
        log = self._folder / f"replica-{number}.log"
        found = stack.enter_context(serving(self._folder / "data", "--database", self.database, log=log))
        self._replicas[number] = stack, found
        self._proxy.behind.append(found.port)

    def kill(self, number: int) -> None:
        """`kill -9` of a server's process; its other processes must end by themselves."""
        stack, found = self._replicas.pop(number)
        self._proxy.behind.remove(found.port)
        os.kill(found.process.pid, signal.SIGKILL)
        found.process.wait(timeout=LONGEST)
        wait_for_end(lambda: group_of(found.process.pid), "a process of a killed server")
        stack.close()

    @property
    def front(self) -> Serving:
        """The proxy as one server, for clients."""
        return replace(next(iter(self._replicas.values()))[1], port=self._proxy.port)

    def kill_database(self) -> None:
        """`kill -9` of the postmaster, and its start."""
        assert self.postgres is not None
        self.postgres.kill()
        self.postgres.start()

    def stop(self) -> None:
        """End all servers."""
        for stack, _ in self._replicas.values():
            stack.close()


@contextmanager
def clustered(folder: Path, replicas: int) -> Iterator[Cluster]:
    """Servers that start at once on an empty database of a PostgreSQL that keeps what it acknowledged."""
    with running_postgres((*DURABLE, "max_connections=200")) as postgres, Proxy().running() as proxy:
        yield from _started(Cluster(database_of(postgres), postgres, folder, proxy), replicas)


@contextmanager
def alone(folder: Path) -> Iterator[Cluster]:
    """One server on SQLite."""
    with Proxy().running() as proxy:
        yield from _started(Cluster(f"sqlite:///{folder}/data/registry.db", None, folder, proxy), 1)


def _started(cluster: Cluster, replicas: int) -> Iterator[Cluster]:
    try:
        with ThreadPoolExecutor(replicas) as pool:
            list(pool.map(cluster.start, range(replicas)))
        yield cluster
    finally:
        cluster.stop()
