"""Damaged values of the cache, in a module that is large enough for a check to ask for all of them."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from fieldstone.cache.store import FORMAT
from tests.cli.workspace import SHOP, Ran, Repo, copy_repo, many

CACHE = f".fieldstone/cache-{FORMAT}.db"
CHECKED = 4
"""How many bytes the checksum before a value has."""

TABLES = ("files", "image", "compilers")
"""What the names of the tables begin with."""

IMPORTS = "imports"
"""The same of the table that only a check of several modules reads."""

_TOUCHED = 8
"""How many files are judged: the two that changed, and those that import one of them."""

Value = bytes | str | int | None
Damage = Callable[[bytes], Value]


def told(ran: Ran) -> tuple[int, str, str]:
    return ran.code, ran.out, ran.err


@pytest.fixture(scope="module")
def edited(large_template: Repo, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A retired number is taken again in a file that all import, and another type leaves."""
    root = tmp_path_factory.mktemp("values") / "repo"
    shutil.copytree(large_template.root, root)
    repo = Repo(root, large_template.environment)
    repo.edit(many(0), '  reserved 9;\n  reserved "old";\n', "  bytes young = 9;\n  message Nested {}\n")
    repo.edit(many(20), "message M20 {", "message Renamed {")
    return repo


@pytest.fixture
def remembered(
    edited: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Repo:
    """The cache has all that a check asks for, and its files have the stat that it remembers."""
    monkeypatch.setattr("fieldstone.cache.digests._TICK", 0)
    repo = copy_repo(edited, tmp_path / "repo", capsys)
    ran = repo.run("check", "--stats")
    assert (ran.code, f" {_TOUCHED} compared" in ran.err) == (1, True)
    return repo


def other_types(part: Any) -> Any:
    """Numbers for texts and texts for numbers."""
    if isinstance(part, dict):
        return {name: other_types(item) for name, item in part.items()}
    if isinstance(part, list):
        return [other_types(item) for item in part]
    return len(part) if isinstance(part, str) else str(part)


def tables_for_rows(part: Any) -> Any:
    rows = part if isinstance(part, dict) else range(len(part))
    return {name: dict.fromkeys("abcde") for name in rows}


def as_json(change: Callable[[Any], Any]) -> Damage:
    """A change of what a value says, behind the checksum that it had; what is no JSON says its length."""

    def damage(value: bytes) -> bytes:
        try:
            part = json.loads(value[CHECKED:])
        except ValueError:
            part = [len(value)]
        return value[:CHECKED] + json.dumps(change(part)).encode()

    return damage


DAMAGES: dict[str, Damage] = {
    "garbage": lambda _: bytes(range(255, 0, -3)),
    "empty": lambda _: b"",
    "truncated": lambda value: value[: len(value) // 2],
    "no bytes": lambda value: value.decode("latin-1"),
    "an integer": lambda _: 7,
    "nothing": lambda _: None,
    "JSON alone": lambda value: value[CHECKED:],
    "deep JSON": lambda _: b"[" * 100_000,
    "a number": as_json(len),
    "a text": as_json(str),
    "a list": as_json(list),
    "null": as_json(lambda _: None),
    "nothing in it": as_json(lambda part: type(part)()),
    "other types": as_json(other_types),
    "tables for rows": as_json(tables_for_rows),
}


EVERY = "FIELDSTONE_DAMAGES" in os.environ
"""Whether each table is damaged in every way, as by `make fuzz`."""

PART = 3
"""One in so many ways to damage a table is tried otherwise."""


def damages(table: str) -> dict[str, Damage]:
    """Every way to damage a table; without `EVERY` one in `PART`, so that all tables together get all."""
    if EVERY:
        return DAMAGES
    return dict(islice(DAMAGES.items(), (*TABLES, IMPORTS).index(table) % PART, None, PART))


@contextmanager
def opened_cache(repo: Repo) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(repo.root / CACHE)
    with connection:
        yield connection
    connection.close()


@pytest.mark.parametrize("table", TABLES)
def test_a_damaged_value_changes_no_verdict(table: str, remembered: Repo) -> None:
    whole = told(remembered.run("check", "--full"))
    assert "field-number-reused" in whole[1]
    assert "type-renamed" in whole[1]
    no_damage_counts(remembered, table, whole)


def test_damaged_imports_change_no_verdict(grown: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the files of several modules import is asked for their digests."""
    monkeypatch.setattr("fieldstone.cache.digests._TICK", 0)
    grown.edit(SHOP, "string id = 1;", "string id = 1;\n  string buyer = 9;")
    grown.run("check")
    no_damage_counts(grown, IMPORTS, told(grown.run("check", "--full")))


def no_damage_counts(repo: Repo, table: str, whole: tuple[int, str, str]) -> None:
    """Damage all values of a table, in one way after the other, and check."""
    (repo.root / CACHE).rename(repo.root / "cache")
    for name, damage in damages(table).items():
        shutil.copy(repo.root / "cache", repo.root / CACHE)
        with opened_cache(repo) as cache:
            rows = cache.execute("SELECT value, rowid FROM entries WHERE tab LIKE ? || '%'", (table,)).fetchall()
            assert rows
            damaged = [(damage(value), row) for value, row in rows]
            cache.executemany("UPDATE entries SET value = ? WHERE rowid = ?", damaged)
        assert told(repo.run("check")) == whole, name


def test_no_history_is_lost_with_a_part_of_the_cache(remembered: Repo) -> None:
    whole = told(remembered.run("check", "--full"))
    with opened_cache(remembered) as cache:
        cache.execute("DELETE FROM entries WHERE tab LIKE '% of %' AND key <> '00'")
    assert told(remembered.run("check")) == whole
