"""An index on loopback, and what a client gets from it."""

from __future__ import annotations

import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path

TOKEN = "stone-0123"  # noqa: S105 - of a server that lives as long as a test
LONGEST = 30
"""Seconds that a server may take to start, answer or end."""


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that runs.

    Attributes:
        port: where on 127.0.0.1.
        process: what runs.
    """

    port: int
    process: subprocess.Popen[str]

    def url(self, token: str = "") -> str:
        """Its address, with a token in it or without."""
        return f"http://{f'token:{token}@' if token else ''}127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    headers: HTTPMessage
    body: bytes


def ask(serving: Serving, path: str, method: str = "GET", **headers: str) -> Answer:
    """Send a request; `accept_language="en"` is the header Accept-Language."""
    connection = HTTPConnection("127.0.0.1", serving.port, timeout=LONGEST)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def basic(token: str, user: str = "anybody") -> str:
    """An Authorization header."""
    return f"Basic {b64encode(f'{user}:{token}'.encode()).decode()}"


@contextmanager
def serving_index(environment: Mapping[str, str], *arguments: str | Path) -> Iterator[Serving]:
    """`fieldstone index serve`, on a free port."""
    command = [Path(sys.executable).with_name("fieldstone"), "index", "serve", *arguments, "--port", "0"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        first = process.stderr.readline()
        found = re.search(r"at http://[^ ]+:(\d+);", first)
        assert found, first + process.stderr.read()
        yield Serving(int(found[1]), process)
    finally:
        _end(process)


@contextmanager
def carrying(folder: Path, log: Path) -> Iterator[Serving]:
    """A plain web server that knows nothing of packages; what it was asked for is in the log."""
    command: list[str | Path] = [
        sys.executable,
        "-u",
        "-m",
        "http.server",
        "0",
        "--bind",
        "127.0.0.1",
        "--directory",
        folder,
    ]
    with log.open("w") as asked:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=asked, text=True)
        try:
            assert process.stdout is not None
            found = re.search(r" port (\d+) ", process.stdout.readline())
            assert found
            yield Serving(int(found[1]), process)
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
    process.communicate(timeout=LONGEST)
