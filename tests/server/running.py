"""A shared registry on loopback, and the stock buf that talks to it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from fieldstone.registry.sql import audit
from fieldstone.registry.sql.database import Database

LONGEST = 60
"""Seconds that a server may take to start or end, and a client to answer."""
ORDER = """
syntax = "proto3";

package acme.shop.v1;

message Order {
  string id = 1;
  int64 total = 2;
}
"""


@dataclass(frozen=True, slots=True)
class Serving:
    """A registry that runs.

    Attributes:
        port: where on 127.0.0.1.
        process: what runs.
        data: the folder of its database.
        token: the token of its admin.
        log_file: what it prints.
    """

    port: int
    process: subprocess.Popen[str]
    data: Path
    token: str
    log_file: Path

    @property
    def host(self) -> str:
        """Its name for buf: the host of its modules."""
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it has printed."""
        return self.log_file.read_text("utf-8")

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.host}"


@contextmanager
def serving(
    data: Path, *arguments: str, environment: Mapping[str, str] | None = None, log: Path | None = None
) -> Iterator[Serving]:
    """`fieldstone serve` on a free port, with its data below a folder; the log is beside that, or the given file."""
    command = [
        str(Path(sys.executable).with_name("fieldstone")),
        "serve",
        "--port",
        "0",
        "--data",
        str(data),
        *arguments,
    ]
    data.parent.mkdir(parents=True, exist_ok=True)
    log = log or data.with_suffix(".log")
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **(environment or {})}, stderr=output, text=True, start_new_session=True
        )
    try:
        port = _port(process, log)
        yield Serving(port, process, data, (data / "admin-token").read_text("utf-8").strip(), log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def _port(process: subprocess.Popen[str], log: Path) -> int:
    latest = time.monotonic() + LONGEST
    while time.monotonic() < latest:
        if found := re.search(r"at http://[^ ]+:(\d+);.*\n.*\n", log.read_text("utf-8")):
            return int(found[1])
        assert process.poll() is None, log.read_text("utf-8")
        time.sleep(0.02)
    raise AssertionError(log.read_text("utf-8"))


_EMPTY = """
    DELETE FROM module_contents;
    DELETE FROM declared;
    DELETE FROM proposal_authors;
    DELETE FROM proposal_decisions;
    DELETE FROM proposal_revisions;
    DELETE FROM proposals;
    DELETE FROM drafts;
    DELETE FROM labels;
    DELETE FROM releases;
    DELETE FROM running;
    DELETE FROM consumer_versions;
    DELETE FROM consumers;
    DELETE FROM contents;
    DELETE FROM modules;
    """


def new_token(served: Serving, name: str, *scopes: str, days: float = 1, module: str = "*") -> str:
    """A token for all modules, or for one, made by the admin."""
    wish = {"name": name, "scopes": scopes or ("push",), "modules": [module], "days": days}
    headers = {"Authorization": f"Bearer {served.token}"}
    made = httpx.post(f"{served.url}/api/v1/tokens", json=wish, headers=headers, timeout=LONGEST)
    assert made.status_code == 201, made.text
    return str(made.json()["secret"])


def empty(served: Serving) -> None:
    """Remove all modules, so that another test can use the server; tokens and the audit stay."""
    with closing(sqlite3.connect(served.data / "registry.db")) as connection:
        connection.executescript(_EMPTY)
    database = Database(f"sqlite:///{served.data}/registry.db")
    with database.transaction() as connection:  # every change has a row: servers know the state of the registry by it
        audit.append(connection, audit.Entry("empty", "tests"), is_sqlite=True)


def saved(served: Serving, file: Path) -> Path:
    """Save the database of a server to a file; returns the file."""
    with closing(sqlite3.connect(served.data / "registry.db")) as source, closing(sqlite3.connect(file)) as target:
        source.backup(target)
    return file


def restore(served: Serving, file: Path) -> None:
    """Give a server the database that was saved."""
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(served.data / "registry.db")) as target:
        source.backup(target)


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Buf:
    """Stock buf with a configuration, a cache and a login of its own.

    Attributes:
        home: their folder, and that of the modules.
        registry: whom it talks to.
        program: which buf.
        environment: variables besides those.
    """

    home: Path
    registry: Serving
    program: str = str(Path(sys.executable).with_name("buf"))
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.home / "config").mkdir(parents=True, exist_ok=True)
        (self.home / "config/config.yaml").write_text('version: v1\ntls:\n  use: "false"\n', "utf-8")

    def __call__(self, *arguments: str, cwd: str = ".", given: str = "", token: str | None = None) -> Ran:
        """Run a command; the token is the admin's unless another one is named, and "" for none."""
        ran = subprocess.run(
            [self.program, *arguments],
            cwd=self.home / cwd,
            env=self.settings(token),
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def settings(self, token: str | None = None) -> dict[str, str]:
        """Its environment."""
        secret = self.registry.token if token is None else token
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "BUF_CONFIG_DIR": str(self.home / "config"),
            "BUF_CACHE_DIR": str(self.home / "cache"),
            "NETRC": str(self.home / "netrc"),
            **({"BUF_TOKEN": secret} if secret else {}),
            **self.environment,
        }

    def module(self, name: str, files: Mapping[str, str], *deps: str) -> None:
        """Write a module `acme/<name>` into a folder of that name.

        Args:
            name: its name.
            files: path to text.
            deps: the modules of this registry that it depends on: `acme/shop`, `acme/shop:v1.0.0`.
        """
        root = self.home / name
        shutil.rmtree(root, ignore_errors=True)
        listed = "".join(f"  - {self.registry.host}/{dep}\n" for dep in deps)
        config = f"version: v2\nname: {self.registry.host}/acme/{name}\n" + (f"deps:\n{listed}" if deps else "")
        for path, text in {"buf.yaml": config, **files}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(textwrap.dedent(text).lstrip(), "utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text in a file, which must have it."""
        text = (self.home / path).read_text("utf-8")
        assert old in text, path
        (self.home / path).write_text(text.replace(old, new), "utf-8")

    def forget(self) -> None:
        """Empty the cache."""
        shutil.rmtree(self.home / "cache", ignore_errors=True)
