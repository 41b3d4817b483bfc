"""What tests of generated code share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.codegen.server import PostgresServer, running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of this worker's own; each test makes a database in it."""
    with running_postgres() as server:
        yield server
