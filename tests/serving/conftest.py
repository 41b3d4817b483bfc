"""The stores that a read API is served from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from telemetry_storage.memory import InMemoryTelemetryRepository
from telemetry_storage.postgres import PostgresTelemetryRepository
from telemetry_storage.sqlite import SQLiteTelemetryRepository


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "memory"])
def repository(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A repository of each kind."""
    if request.param == "memory":
        yield InMemoryTelemetryRepository()
    elif request.param == "sqlite":
        repository = SQLiteTelemetryRepository(tmp_path_factory.mktemp("serving") / "t.db")
        repository.migrate()
        yield repository
        repository.close()
    else:
        stored = PostgresTelemetryRepository(request.getfixturevalue("postgres").new_database())
        stored.migrate()
        yield stored
        stored.close()
