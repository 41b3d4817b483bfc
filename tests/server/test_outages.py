"""What a server needs goes away: requests are told so, nothing is half-written, and it recovers by itself."""

from __future__ import annotations

import json
import resource
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.codegen.server import DURABLE, running_postgres
from tests.registry.test_sql import database_of
from tests.relay.servers import CREDENTIALS, make_bucket, running_s3
from tests.server.buf.calling import ask, create, order_of, push, upload
from tests.server.running import LONGEST, Serving, new_token, serving

LISTING = "/buf.registry.module.v1.ModuleService/ListModules"


def ready(served: Serving) -> tuple[int, str]:
    answer = httpx.get(f"{served.url}/readyz", timeout=LONGEST)
    return answer.status_code, answer.text


def until(holds: Callable[[], bool]) -> None:
    latest = time.monotonic() + LONGEST
    while not holds():
        assert time.monotonic() < latest
        time.sleep(0.1)


def refused(answer: httpx.Response, said: str) -> None:
    """An answer says that the server cannot do it now, and when to ask again."""
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable"), answer.text
    assert said in answer.json()["message"]
    assert answer.headers["retry-after"] == "2"


def sound(served: Serving) -> int:
    """The number of rows of the audit; each release is whole, and has its row."""
    rows = httpx.get(f"{served.url}/api/v1/audit", headers={"Authorization": f"Bearer {served.token}"}, timeout=LONGEST)
    return len(rows.json())


def test_a_database_whose_file_is_removed_is_not_made_anew(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as served:
        create(served, "shop")
        assert push(served, upload("shop", order_of("shop"))).status_code == 200
        kept = tmp_path / "kept"
        kept.mkdir()
        for file in served.data.glob("registry.db*"):
            file.rename(kept / file.name)
        refused(push(served, upload("shop", {**order_of("shop"), "b.proto": b'syntax = "proto3";'})), "does not answer")
        refused(ask(served, LISTING, {}), "does not answer")
        until(lambda: ready(served)[0] == 503)
        assert "unable to open database file" in ready(served)[1]
        assert not (served.data / "registry.db").exists()
        (served.data / "registry.db").touch()
        assert push(served, upload("shop", order_of("shop"))).status_code == 503
        for file in kept.iterdir():
            file.replace(served.data / file.name)
        until(lambda: ready(served) == (200, "ready"))
        assert push(served, upload("shop", order_of("shop"))).status_code == 200
        assert ask(served, LISTING, {}).json()["modules"][0]["name"] == "shop"


@contextmanager
def locked(served: Serving) -> Iterator[None]:
    """Another program writes to the database, and does not end."""
    with closing(sqlite3.connect(served.data / "registry.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@pytest.mark.slow
def test_a_locked_database_is_read_and_not_written(registry: Serving) -> None:
    create(registry, "locked")
    unused = new_token(registry, "unused")  # its first use would be noted
    with locked(registry):
        assert ask(registry, LISTING, {}, unused).status_code == 200
        refused(push(registry, upload("locked", order_of("locked"))), "database is locked")
        assert ready(registry) == (200, "ready")
    assert push(registry, upload("locked", order_of("locked"))).status_code == 200


def test_a_full_disk_refuses_pushes_and_keeps_what_is_there(registry: Serving) -> None:
    create(registry, "full")
    assert push(registry, upload("full", order_of("full"))).status_code == 200
    text = b'syntax = "proto3";\npackage acme.full.v1;\n//'
    few = {**order_of("full"), "acme/full/v1/long.proto": text + b"x" * 2**20}
    many = {**order_of("full"), **{f"acme/full/v1/{number}.proto": text + b"x" * 2**16 for number in range(16)}}
    before = sound(registry)
    with largest_file(registry, 2**18):
        refused(push(registry, upload("full", few)), "cannot write its working files")
        refused(push(registry, upload("full", many)), "registry.db does not answer")
        assert ask(registry, LISTING, {}).status_code == 200
        assert sound(registry) == before
    assert push(registry, upload("full", many)).status_code == 200
    assert sound(registry) == before + 1


@contextmanager
def largest_file(served: Serving, size: int) -> Iterator[None]:
    """Let the processes of a server write no larger file, as on a disk that is full."""
    listed = Path(f"/proc/{served.process.pid}/task").glob("*/children")
    children = [int(child) for file in listed for child in file.read_text("ascii").split()]
    for limit in (size, resource.RLIM_INFINITY):
        for process in (served.process.pid, *children):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        if limit == size:
            yield


@pytest.mark.slow
def test_an_object_store_that_does_not_answer(tmp_path: Path) -> None:
    with running_s3() as store:
        make_bucket(store, "contracts")
        environment = {**CREDENTIALS, "AWS_ENDPOINT_URL": f"http://{store.address}", "AWS_ALLOW_HTTP": "true"}
        with serving(tmp_path / "data", "--objects", "s3://contracts/one", environment=environment) as served:
            create(served, "shop")
            assert ready(served) == (200, "ready")
            store.kill()
            refused(push(served, upload("shop", order_of("shop"))), "s3://contracts/one")
            until(lambda: ready(served)[0] == 503)
            assert "see whether the object store runs and can be reached" in ready(served)[1]
            store.start()
            make_bucket(store, "contracts")
            until(lambda: ready(served) == (200, "ready"))
            assert push(served, upload("shop", order_of("shop"))).status_code == 200


def push_into(answers: list[httpx.Response], served: Serving, files: dict[str, bytes]) -> None:
    answers.append(push(served, upload("shop", files)))


@pytest.mark.slow
def test_postgres_that_is_killed_while_pushes_are_judged(tmp_path: Path) -> None:
    with (
        running_postgres(DURABLE) as database,
        serving(tmp_path / "data", "--database", database_of(database)) as served,
    ):
        create(served, "shop")
        files = order_of("shop")
        for number in range(3):
            files[f"n{number}.proto"] = b'syntax = "proto3";'
            answers: list[httpx.Response] = []
            pushing = threading.Thread(target=push_into, args=(answers, served, files))
            pushing.start()
            pushing.join(timeout=0.4 * number)
            database.stop()
            pushing.join(timeout=LONGEST)
            until(lambda: ready(served)[0] == 503)
            assert "does not answer" in ready(served)[1]
            refused(ask(served, LISTING, {}), "does not answer")
            database.start()
            until(lambda: ready(served) == (200, "ready"))
            again = [push(served, upload("shop", files)) for _ in range(2)]
            assert [answer.status_code for answer in again] == [200, 200], again[0].text
            assert again[0].content == again[1].content
            if answers[0].status_code == 200:
                assert answers[0].content == again[0].content
            else:
                refused(answers[0], "")
        named = {"resourceRef": {"name": {"owner": "acme", "module": "shop"}}}
        labels = ask(served, "/buf.registry.module.v1.LabelService/ListLabels", named).json()["labels"]
        assert len(labels) == 1 + 3  # main, and one for each version


@pytest.mark.slow
def test_the_older_of_two_servers_stops(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as served:
        create(served, "shop")
        with closing(sqlite3.connect(served.data / "registry.db")) as newer:
            newer.execute("INSERT INTO fieldstone_migrations VALUES (9999)")
            newer.commit()
        answer = push(served, upload("shop", order_of("shop")))
        refused(answer, "has migration 9999, and this Fieldstone knows")
        assert served.process.wait(timeout=LONGEST) == 2
        assert "use a Fieldstone as new as the one that changed it" in served.log
        assert "Traceback" not in served.log


@pytest.mark.slow
def test_a_clock_behind_the_audit_is_told(tmp_path: Path) -> None:
    with serving(tmp_path / "data"):
        pass
    with closing(sqlite3.connect(tmp_path / "data/registry.db")) as connection:
        (entry,) = connection.execute("SELECT entry FROM audit WHERE number = 1").fetchone()
        later = json.dumps({**json.loads(entry), "at": "2999-01-01T00:00:00Z"})
        connection.execute("INSERT INTO audit VALUES (2, ?, '')", (later,))
        connection.commit()
    with serving(tmp_path / "data") as served:
        until(lambda: "seconds behind the newest row of the audit" in served.log)
