"""A backup that was made while serving is restored into an empty place; clients notice an older one."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import obstore
import pytest

from tests.codegen.server import PostgresServer, program
from tests.registry.test_sql import database_of
from tests.relay.servers import CREDENTIALS, Server, bucket, make_bucket, running_s3
from tests.server.buf.calling import create, push, upload
from tests.server.replicas.writers import fieldstone, source
from tests.server.running import LONGEST, Ran, Serving, serving

pytestmark = pytest.mark.slow


@dataclass
class Place:
    """Where a registry lies.

    Attributes:
        folder: the folder of its files.
        database: the address of its database; empty for SQLite below the folder.
        bucket: the bucket of its contents.
    """

    folder: Path
    database: str
    bucket: str

    @contextmanager
    def served(self, s3: Server, port: int = 0) -> Iterator[Serving]:
        """Serve the registry."""
        options = ["--database", self.database] if self.database else []
        environment = {**CREDENTIALS, "AWS_ENDPOINT": f"http://{s3.address}", "AWS_ALLOW_HTTP": "true"}
        objects = ["--objects", f"s3://{self.bucket}/contracts", "--port", str(port)]
        with serving(self.folder, *options, *objects, environment=environment) as found:
            yield found

    def backed_up(self, to: Path) -> Path:
        """Back the database up into a file, as the documentation says."""
        if self.database:
            _run(program("pg_dump"), "--format=custom", f"--file={to}", self.database)
        else:
            with closing(sqlite3.connect(self.folder / "registry.db")) as connection:
                connection.execute("VACUUM INTO ?", [str(to)])
        return to

    def restored(self, backup: Path) -> None:
        """Restore a backup of the database, which is empty."""
        self.folder.mkdir()
        if self.database:
            _run(program("pg_restore"), "--exit-on-error", f"--dbname={self.database}", backup)
        else:
            shutil.copy(backup, self.folder / "registry.db")


@pytest.fixture(scope="module")
def s3() -> Iterator[Server]:
    with running_s3() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def places(request: pytest.FixtureRequest, postgres: PostgresServer, s3: Server, tmp_path: Path) -> tuple[Place, Place]:
    """A place, and an empty one of the same kind."""
    for name in ("live", "again"):
        make_bucket(s3, f"{request.param}-{name}")
    live, again = (
        Place(
            tmp_path / name,
            database_of(postgres) if request.param == "postgresql" else "",
            f"{request.param}-{name}",
        )
        for name in ("live", "again")
    )
    return live, again


def test_a_backup_made_while_serving(places: tuple[Place, Place], s3: Server, tmp_path: Path) -> None:
    live, again = places
    fields: list[str] = []
    with live.served(s3) as served:
        create(served, "shop")
        _release(served, fields)
        early = _audit_head(_verified(served, tmp_path))
        backup = _while_releasing(served, fields, lambda: live.backed_up(tmp_path / "backup"))
        _release(served, fields)
        newest = _audit_head(_verified(served, tmp_path))
        (client := tmp_path / "client").mkdir()
        _settings(client, served)
        (client / "heads").write_text(_ran(fieldstone(served, client, "registry", "head")).out, "utf-8")
        assert f"1.{len(fields) - 1}.0" in _ran(fieldstone(served, client, "registry", "list", "shop")).out
    _copy_objects(s3, live.bucket, again.bucket)
    again.restored(backup)
    shutil.copy(live.folder / "admin-token", again.folder)
    with again.served(s3, served.port) as restored:
        assert ", sound." in _verified(restored, tmp_path, "--audit-head", early).err
        for given, problem in (
            (("--audit-head", newest), "of the audit is gone"),
            (("--head", str(client / "heads")), "it was the newest release when its head was noted, and is gone"),
        ):
            ran = fieldstone(restored, tmp_path, "registry", "verify", restored.url, *given)
            assert (ran.code, problem in ran.out) == (1, True), ran
        noticed = fieldstone(restored, client, "registry", "list", "shop")
        assert noticed.code == 2, noticed
        assert re.search(rf"has lost or replaced .*1\.{len(fields) - 1}\.0 since it was last asked", noticed.err)
        Path(noticed.err.strip().rpartition("remove ")[2]).unlink()
        _ran(fieldstone(restored, client, "registry", "list", "shop"))
        _release(restored, fields)
        assert ", sound." in _verified(restored, tmp_path, "--audit-head", early).err


def _while_releasing(served: Serving, fields: list[str], action: Callable[[], Path]) -> Path:
    """Do something while releases go on."""
    begun, stop = threading.Event(), threading.Event()

    def release() -> None:
        while not stop.is_set():
            _release(served, fields)
            begun.set()

    with ThreadPoolExecutor(1) as pool:
        releasing = pool.submit(release)
        begun.wait(LONGEST)
        try:
            return action()
        finally:
            stop.set()
            releasing.result()


def _release(served: Serving, fields: list[str]) -> None:
    """Release shop with one more field."""
    fields.append(f"field_{len(fields) + 1}")
    answer = push(served, upload("shop", {"acme/shop/v1/shop.proto": source("shop", "shop", fields).encode()}))
    assert answer.status_code == 200, answer.text


def _verified(served: Serving, folder: Path, *options: str) -> Ran:
    return _ran(fieldstone(served, folder, "registry", "verify", served.url, *options))


def _audit_head(verified: Ran) -> str:
    found = re.search(r"head (\S+)", verified.err)
    assert found, verified
    return found[1]


def _settings(folder: Path, served: Serving) -> None:
    """Make a folder a project whose registry is that of a server."""
    (folder / "fieldstone.toml").write_text(f'registry = "{served.url}"\n', "utf-8")
    (folder / "buf.yaml").write_text("version: v2\n", "utf-8")
    subprocess.run(["git", "init", "--quiet", "."], cwd=folder, check=True)


def _copy_objects(s3: Server, source_name: str, target_name: str) -> None:
    """Copy a bucket, as `aws s3 sync` does."""
    live, copy = bucket(s3, source_name), bucket(s3, target_name)
    for page in obstore.list(live):
        for found in page:
            obstore.put(copy, found["path"], bytes(obstore.get(live, found["path"]).bytes()))


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done


def _ran(ran: Ran) -> Ran:
    assert ran.code == 0, ran
    return ran
