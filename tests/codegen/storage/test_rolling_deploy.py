"""Code of two releases at once on one database: both migrate, write and read, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fieldstone.workflows.generate import generate
from tests.codegen.cases import build_case
from tests.codegen.server import PostgresServer

pytestmark = pytest.mark.slow

OLD, NEW = "1.1.0", "1.2.0"
RECORDS = 40

PROGRAM = """
import json, sys
from dataclasses import fields, replace
from orders_storage.contract import example_order, plain
database = sys.argv[1]
if database.startswith("postgresql:"):
    from orders_storage.postgres import PostgresOrdersRepository as Repository
else:
    from orders_storage.sqlite import SQLiteOrdersRepository as Repository
repository = Repository(database)
for line in sys.stdin:
    task, *numbers = json.loads(line)
    if task == "migrate":
        done = repository.migrate()
    elif task == "add":
        orders = [replace(example_order(n), shop="main", number=n, reference=str(n)) for n in numbers]
        done = list(map(repository.add_order, orders))
    elif task == "save":
        for n in numbers:
            repository.save_order(replace(repository.get_order("main", n), gift=True, reference=f"saved {n}"))
        done = len(numbers)
    elif task == "delete":
        done = [repository.delete_order("main", n) for n in numbers]
    else:
        found = [repository.get_order("main", n) for n in numbers]
        shown = lambda order: {part.name: repr(plain(getattr(order, part.name))) for part in fields(order)}
        done = [order and shown(order) for order in found]
    print(json.dumps(done), flush=True)
repository.close()
"""


class Code:
    """A process with the code of one release, which does what it is told."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def begin(self, task: str, *numbers: int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([task, *numbers]) + "\n")
        self._process.stdin.flush()

    def end(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process has ended"
        return json.loads(line)

    def do(self, task: str, *numbers: int) -> Any:
        self.begin(task, *numbers)
        return self.end()


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The generated folder of each release."""
    found = {}
    for newest in (OLD, NEW):
        project = build_case("orders", tmp_path_factory.mktemp("orders"), newest=newest)
        found[newest] = tmp_path_factory.mktemp(f"out-{newest}")
        generate(project, ["orders"], out=found[newest])
    return found


@contextmanager
def running(package: Path, database: str) -> Iterator[Code]:
    places = [*package.glob("python/*"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, database],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, places))},
    )
    try:
        yield Code(process)
    finally:
        process.communicate(timeout=60)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "orders.db")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


def test_code_of_two_releases_at_once(packages: dict[str, Path], database: str) -> None:
    with running(packages[OLD], database) as old, running(packages[NEW], database) as new:
        assert old.do("migrate") == ["1.0.0", OLD]
        old.do("add", *range(4))
        assert new.do("migrate") == [NEW]
        assert old.do("migrate") == []
        both_write(old, new)
        saving_keeps_what_older_code_does_not_know(old, new)
    with running(packages[OLD], database) as restarted:
        assert restarted.do("migrate") == []
        assert all(restarted.do("get", 0, 10, 100))


def both_write(old: Code, new: Code) -> None:
    ours, theirs = range(10, 10 + RECORDS), range(100, 100 + RECORDS)
    for task, expected in (("add", [True] * RECORDS), ("save", RECORDS)):
        old.begin(task, *ours)
        new.begin(task, *theirs)
        assert (old.end(), new.end()) == (expected, expected)
    old.begin("get", *theirs)
    new.begin("get", *ours)
    for found in (old.end(), new.end()):
        assert [order["gift"] for order in found] == ["True"] * RECORDS


def saving_keeps_what_older_code_does_not_know(old: Code, new: Code) -> None:
    [before] = new.do("get", 105)
    assert before["pictures"] != "[]"
    assert old.do("save", 105) == 1
    [after] = new.do("get", 105)
    assert after == before
    assert old.do("delete", 105) == [True]
    assert new.do("get", 105) == [None]
