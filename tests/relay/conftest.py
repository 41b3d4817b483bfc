"""Servers that the tests of the relay share; each test has a database, a bucket or a topic of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.relay.servers import Server, running_kafka, running_s3


@pytest.fixture(scope="session")
def s3() -> Iterator[Server]:
    """An S3 of this worker's own."""
    with running_s3() as server:
        yield server


@pytest.fixture(scope="session")
def kafka() -> Iterator[Server]:
    """A broker of this worker's own."""
    with running_kafka() as server:
        yield server
