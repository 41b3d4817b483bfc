"""`fieldstone registry copy` is killed in the middle, again and again, between all kinds of registries: it goes on."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldstone.registry import open_registry
from tests.cli.workspace import Repo
from tests.codegen.server import PostgresServer
from tests.conftest import SEED
from tests.registry.test_sql import database_of
from tests.server.running import LONGEST, Serving, serving

pytestmark = pytest.mark.slow

RELEASES = 4
"""The releases of money and shop."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serving]:
    """A server with its contents in an object store."""
    (tmp_path / "server-objects").mkdir()
    with serving(tmp_path / "data", "--objects", f"file://{tmp_path}/server-objects") as found:
        yield found


@pytest.fixture
def way(grown: Repo, postgres: PostgresServer, server: Serving) -> list[str]:
    """The registries that the releases go through, from the folder of a repository to another one."""
    for name in ("sqlite-objects", "postgres-objects"):
        (grown.root / name).mkdir()
    return [
        "registry",
        f"sqlite:///{grown.root}/copy.db?objects=file://{grown.root}/sqlite-objects",
        f"{database_of(postgres)}?objects=file://{grown.root}/postgres-objects",
        server.url,
        "again",
    ]


def test_a_killed_copy_goes_on(
    grown: Repo, way: list[str], server: Serving, pinned: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELDSTONE_TOKEN", server.token)
    chance = random.Random(SEED)
    for source, target in itertools.pairwise(way):
        for moment in sorted(chance.sample(range(RELEASES), 2)):
            _kill_at(grown, source, target, moment, server.token)
        before = _count(grown, target)
        ran = grown.run("registry", "copy", source, target)
        there = f", {before} were there already" if before else ""
        assert f"{RELEASES - before} copied{there}; verified" in ran.err, (target, ran)
    assert grown.snapshot("again") == grown.snapshot("registry")
    grown.settings(f'registry = "{server.url}"\n')
    assert f"{RELEASES} releases, sound" in grown.run("registry", "verify").err


def _kill_at(repo: Repo, source: str, target: str, moment: int, token: str) -> None:
    """Start a copy, and kill it as soon as the target has so many releases; it may be faster."""
    process = repo.start("registry", "copy", source, target, env={"FIELDSTONE_TOKEN": token})
    latest = time.monotonic() + LONGEST
    while _count(repo, target) < moment and process.poll() is None:
        assert time.monotonic() < latest, process.args
        time.sleep(0.01)
    process.kill()
    process.communicate()


def _count(repo: Repo, address: str) -> int:
    """The number of releases in a registry."""
    registry = open_registry(address if ":" in address else repo.root / address)
    return sum(len(registry.versions(module)) for module in registry.modules())
