"""Async twins of rendered code: each known form has its own, and an unknown one ends the generation."""

from __future__ import annotations

import ast
import subprocess
import sys
from textwrap import dedent, indent

import pytest

from fieldstone.codegen.storage.asynchronous.awaited import awaited_functions, awaited_methods
from fieldstone.codegen.storage.asynchronous.rendered import RenderedModule
from fieldstone.codegen.storage.asynchronous.threads import threaded_methods
from fieldstone.errors import FieldstoneError
from tests.codegen.cases import CASES

HEAD = "def find(self, key: str) -> Record | None:"
STREAM = "def find(self, key: str) -> Iterator[Record]:"
CURSOR = "with self._database.cursor() as cursor:\n    "


def module(body: str, head: str = HEAD, after: str = "") -> RenderedModule:
    """A module whose repository has one method beside its frame."""
    method = f'{head}\n    """Find it."""\n{indent(body, "    ")}\n'
    frame = 'def close(self) -> None:\n    """Close it."""\n'
    return RenderedModule(f"class Repository:\n{indent(frame, '    ')}\n{indent(method, '    ')}\n{after}")


def normal(text: str) -> str:
    return ast.unparse(ast.parse(dedent(text)))


AWAITED = [
    ("return key", "return key"),
    (CURSOR + "cursor.execute(GET, (key,))", "async " + CURSOR + "await cursor.execute(GET, (key,))"),
    (CURSOR + "return cursor.rowcount == 1", "async " + CURSOR + "return cursor.rowcount == 1"),
    (CURSOR + "return cursor.execute(GET).rowcount", "async " + CURSOR + "return (await cursor.execute(GET)).rowcount"),
    (
        CURSOR + "((count,),) = cursor.execute(GET).fetchall()",
        "async " + CURSOR + "((count,),) = await (await cursor.execute(GET)).fetchall()",
    ),
    (
        CURSOR + "return [row for (row,) in cursor.fetchall() if row]",
        "async " + CURSOR + "return [row for (row,) in await cursor.fetchall() if row]",
    ),
    (
        CURSOR + "copy(cursor, STATEMENT, [row(key)])\n    return 1",
        "async " + CURSOR + "await copy(cursor, STATEMENT, [row(key)])\n    return 1",
    ),
    (
        CURSOR + "for row in rows:\n        cursor.nextset()\n        cursor.fetchone()",
        "async " + CURSOR + "for row in rows:\n        cursor.nextset()\n        await cursor.fetchone()",
    ),
    ("return self.find((key,)) == 1", "return await self.find((key,)) == 1"),
    ("with refusing():\n    bound = [key]", "with refusing():\n    bound = [key]"),
    (
        "with self._database.cursor() as cursor, refusing(), b():\n    cursor.fetchone()",
        "async with self._database.cursor() as cursor:\n    with refusing(), b():\n        await cursor.fetchone()",
    ),
    (
        "with refusing(), self._database.transaction() as cursor:\n    cursor.fetchone()",
        "with refusing():\n    async with self._database.transaction() as cursor:\n        await cursor.fetchone()",
    ),
    (
        CURSOR + "with cursor.connection.transaction():\n        cursor.execute(GET)",
        "async " + CURSOR + "async with cursor.connection.transaction():\n        await cursor.execute(GET)",
    ),
]


@pytest.mark.parametrize(("body", "expected"), AWAITED, ids=range(len(AWAITED)))
def test_a_form_that_waits_is_awaited(body: str, expected: str) -> None:
    method = f'async {HEAD}\n    """Find it."""\n{indent(expected, "    ")}\n'
    assert normal(awaited_methods(module(body))) == normal(method)


def test_records_are_given_one_after_the_other() -> None:
    changed = awaited_methods(
        module("for rows in self._database.chunks(GET, [key]):\n    yield from map(_record, rows)", STREAM)
    )
    expected = f"""
        async {STREAM.replace("Iterator[Record]", "AsyncGenerator[Record, None]")}
            '''Find it.'''
            async with aclosing(self._database.chunks(GET, [key])) as chunks:
                async for rows in chunks:
                    for record in map(_record, rows):
                        yield record
        """
    assert normal(changed) == normal(expected)


def test_functions_that_are_given_a_cursor_are_awaited() -> None:
    function = "def _put(cursor: Cursor, rows: list[Row]) -> int:\n    return cursor.execute(PUT, rows).rowcount\n"
    given = module(CURSOR + "return _put(cursor, [key])", after=function)
    assert "return await _put(cursor, [key])" in awaited_methods(given)
    expected = function.replace("def", "async def").replace(
        "cursor.execute(PUT, rows)", "(await cursor.execute(PUT, rows))"
    )
    assert awaited_functions(given) == expected.strip()


REFUSED = [
    CURSOR + "found = cursor.execute(GET)",
    CURSOR + "for row in cursor.execute(GET):\n        print(row)",
    CURSOR + "other(cursor)",
    CURSOR + "copy(STATEMENT, cursor)",
    CURSOR + "cursor.stream(GET)",
    CURSOR + "return cursor",
    CURSOR + "run = cursor.execute\n    run(GET)",
    CURSOR + "return lambda: cursor.fetchone()",
    CURSOR + "return (cursor.fetchone() for _ in range(3))",
    CURSOR + "cursor.connection.commit()",
    "self._database.refresh()",
    "other(self._database)",
    "cursor = self._database.cursor()",
    "return [*self._database.chunks(GET, [])]",
    "found = yield from other()",
]


@pytest.mark.parametrize("body", REFUSED)
def test_an_unknown_form_is_refused(body: str) -> None:
    with pytest.raises(FieldstoneError, match="no async twin is known for"):
        awaited_methods(module(body))


THREADED = [
    ("return 1", HEAD, "return await self._database.read(lambda: self._sync().find(key))"),
    (
        "with self._database.transaction() as cursor:\n    pass",
        "def find(self, key: str, *, payload: bytes | None = None) -> bool:",
        "return await self._database.write(lambda: self._sync().find(key, payload=payload))",
    ),
    ("return self.find(key)", STREAM, "return self._database.stream(lambda: self._sync().find(key))"),
]


@pytest.mark.parametrize(("body", "head", "expected"), THREADED)
def test_a_method_is_handed_to_a_thread(body: str, head: str, expected: str) -> None:
    assert threaded_methods(module(body, head)).splitlines()[-1].strip() == expected


def test_a_method_that_writes_by_another_takes_its_turn() -> None:
    other = "\n    def add(self, keys: Iterable[str]) -> int:\n        '''Add.'''\n        return self.find(keys) + 1\n"
    made = threaded_methods(module("with self._database.transaction():\n    pass", after=other))
    assert "keys = [*keys]\n        return await self._database.write(lambda: self._sync().add(keys))" in made


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("sqlite", {"asyncio", "psycopg"}),
        ("async_repository", {"asyncio", "psycopg", "sqlite3"}),
        ("async_sqlite", {"psycopg"}),
    ],
)
def test_a_module_loads_only_its_own_machinery(name: str, absent: set[str]) -> None:
    packages = sorted((CASES / "orders/expected/python").iterdir())
    statement = f"import sys, orders_storage.{name}; print(*sys.modules)"
    paths = [*map(str, packages), *filter(None, sys.path)]
    command = [sys.executable, "-c", f"import sys; sys.path[:] = {paths}; {statement}"]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert absent & set(loaded) == set()
