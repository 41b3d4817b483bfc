"""A look-up that takes too long, or whose process dies, is told; the next one works."""

from __future__ import annotations

import os
import time
from pathlib import Path

import anyio
import pytest

from fieldstone.errors import Unavailable
from fieldstone.server.guards.limits import Limits
from fieldstone.server.work import Work

pytestmark = pytest.mark.slow


def sleeps(_address: str) -> str:
    time.sleep(60)
    return "late"


def dies(_address: str) -> str:
    os._exit(3)


def answers(address: str, word: str) -> str:
    return f"{address.partition(':')[0]} {word}"


def test_a_look_up_ends_in_its_time(tmp_path: Path) -> None:
    work = Work(f"sqlite:///{tmp_path}/registry.db", Limits(push_seconds=1), draft_days=1)

    async def ask() -> None:
        with pytest.raises(Unavailable, match="longer than 1 seconds"):
            await work.look_up(sleeps, caller="a")
        with pytest.raises(Unavailable, match="process that looked it up died"):
            await work.look_up(dies, caller="a")
        assert await work.look_up(answers, "yes", caller="a") == "sqlite yes"

    try:
        anyio.run(ask)
    finally:
        work.close()
