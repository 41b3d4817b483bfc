"""A server or PostgreSQL is killed while others release: what was acknowledged is there, once.

A few kills in the suite; `make soak` takes 200 (`FIELDSTONE_KILLS`).
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import SEED
from tests.server.replicas.cluster import Cluster, alone, clustered
from tests.server.replicas.soundness import (
    opened,
    require_counts,
    require_each_once,
    require_one_admin,
    require_verified,
)
from tests.server.replicas.writers import Acknowledged, BufWriter, FieldstoneWriter, Writer
from tests.server.running import Buf

pytestmark = pytest.mark.slow

_KILLS = int(os.environ.get("FIELDSTONE_KILLS", "3"))
_KILLS_OF_A_REGISTRY = 20
"""The kills that one registry lives through: after each, all of its releases are recomputed."""
_REPLICAS = 4
_DATABASE = _REPLICAS
"""The victim after the replicas."""


@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
def test_what_was_acknowledged_outlives_a_crash(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(SEED)
    for first in range(0, _KILLS, _KILLS_OF_A_REGISTRY):
        folder = tmp_path / f"registry-{first}"
        with clustered(folder, _REPLICAS) if database == "postgresql" else alone(folder) as cluster:
            require_one_admin(cluster.database)
            monkeypatch.setenv("FIELDSTONE_TOKEN", cluster.front.token)
            _Crashes(cluster, folder, chance).survived(min(_KILLS_OF_A_REGISTRY, _KILLS - first))


class _Crashes:
    """Kills in one registry, each while four writers release.

    Args:
        cluster: its servers.
        folder: the folder of the writers.
        chance: chooses the victims and the moments.
    """

    def __init__(self, cluster: Cluster, folder: Path, chance: random.Random) -> None:
        self._cluster, self._folder, self._chance = cluster, folder, chance
        self._acknowledged: list[Acknowledged] = []
        self._head = ""
        self._seconds = 1.0
        """How long the last releases took."""

    def survived(self, kills: int) -> None:
        front = self._cluster.front
        kinds: list[tuple[type[Writer], str, str]] = [
            (BufWriter, "ada", "own"),
            (BufWriter, "bob", "shared"),
            (BufWriter, "cy", "shared"),
            (FieldstoneWriter, "dora", "shared"),
        ]
        writers = [kind(name, module, Buf(self._folder / name, front)) for kind, name, module in kinds]
        servers = [*range(_REPLICAS), _DATABASE, _DATABASE] if self._cluster.postgres else [0]
        for number in range(kills):
            victim = self._chance.choice(servers)
            self._crash(writers, victim)
            self._require_sound()
            failed = sum(len(writer.interrupted) for writer in writers)
            done = f"{len(self._acknowledged)} releases, {failed} attempts failed"
            print(f"kill {number + 1} of {kills}, of {victim}: {done}")

    def _crash(self, writers: Sequence[Writer], victim: int) -> None:
        """Kill a victim while each writer makes one release, and wait until all are acknowledged."""
        begun = time.monotonic()
        with ThreadPoolExecutor(len(writers)) as pool:
            waiting = [pool.submit(writer.release) for writer in writers]
            threading.Event().wait(self._chance.random() * self._seconds)
            if victim == _DATABASE:
                self._cluster.kill_database()
            else:
                self._cluster.kill(victim)
                self._cluster.start(victim)
            self._acknowledged += [future.result() for future in waiting]
        self._seconds = time.monotonic() - begun

    def _require_sound(self) -> None:
        front = self._cluster.front
        count = require_each_once(opened(front, self._folder), self._acknowledged)
        require_counts(self._cluster.database, [told.commit for told in self._acknowledged if told.commit])
        self._head = require_verified(front, self._folder, self._head)
        assert count == len(self._acknowledged), "a release that no writer asked for"
