"""What every test shares."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.built_site import built_site
from tests.codegen.server import PostgresServer, running_postgres

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")  # else gRPC ends a child that is started as another user
os.environ.setdefault("GOGC", "off")  # buf lives for a moment, and takes a quarter less without collecting garbage
os.environ.setdefault("GOMEMLIMIT", "1GiB")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in what a shell starts in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

collect_ignore = ["clients"]  # takes Maven and Go: `make test-packages`

SEED = os.environ.get("FIELDSTONE_SEED", "stone")
"""What random tests start from."""

VOCABULARY = Path(__file__).resolve().parent.parent / "schemas" / "fieldstone"
"""The module that holds the annotations."""

ANNOTATIONS = "fieldstone/v1/annotations.proto"


@pytest.fixture(scope="session", autouse=True)
def outside_ci() -> Iterator[None]:
    """Checks use the cache in a CI, too, as on a developer's machine; a test that wants a CI sets `CI` itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CI", raising=False)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of this worker's own; each test makes a database in it."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built documentation."""
    return built_site(tmp_path_factory)


def pytest_report_header() -> str:
    """The seed of the random tests."""
    return f"FIELDSTONE_SEED={SEED}"
