"""A clock that is set back: what is written stays in order, and no expiry comes later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from fieldstone.checking.drafting import SKEW, in_order
from fieldstone.errors import Unavailable
from fieldstone.registry import clock
from fieldstone.registry.sql import audit, tokens
from fieldstone.registry.sql.database import Database
from tests.registry.compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

YEAR = timedelta(days=365)


@pytest.fixture
def set_back(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Set the clock of the machine back."""

    def set_clock(by: timedelta) -> None:
        real = SimpleNamespace(now=lambda zone: datetime.now(zone) - by)
        monkeypatch.setattr(clock, "datetime", real)

    return set_clock


def test_tokens_expire_in_time(tmp_path: Path, set_back: Callable[[timedelta], None]) -> None:
    database = Database(f"sqlite:///{tmp_path}/registry.db")
    with database.transaction() as connection:
        token, _ = tokens.create(connection, "ci", ("push",), ("*",), days=1)
    ended = replace(token, expires_at=clock.now())
    before = clock.now()
    set_back(YEAR)
    assert clock.now() >= before
    assert not ended.is_alive
    assert token.is_alive
    assert clock.after(0) >= before


def test_rows_of_the_audit_stay_in_order(
    tmp_path: Path, set_back: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(f"sqlite:///{tmp_path}/registry.db")

    def written() -> list[str]:
        with database.transaction() as connection:
            audit.append(connection, audit.Entry("release", "ci"), is_sqlite=True)
        found = [*audit.rows(database)]
        assert [*audit.breaks(found)] == []
        return [row.entry.at for row in found]

    written()
    set_back(YEAR)
    monkeypatch.setattr(clock, "_clock", clock._Clock())  # noqa: SLF001 - as in another process
    assert clock.now() < written()[0]
    times = written()
    assert times == sorted(times)


def test_a_release_is_not_older_than_the_one_before_it() -> None:
    newest, _ = compiled()
    made = newest.released_time
    assert in_order(made - SKEW, None) == made - SKEW
    assert in_order(made - SKEW, newest) == made
    assert in_order(made + SKEW, newest) == made + SKEW
    with pytest.raises(Unavailable, match=r"and the clock of this machine says .*; set the clock"):
        in_order(made - SKEW - timedelta(seconds=1), newest)
    assert made.tzinfo == UTC
