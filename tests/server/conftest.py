"""A registry for the tests of one file, and a buf for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.running import Buf, Serving, serving


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A registry on SQLite; tests of a file share it, with modules of their own."""
    with serving(tmp_path_factory.mktemp("registry") / "data") as found:
        yield found


@pytest.fixture
def buf(registry: Serving, tmp_path: Path) -> Buf:
    """Stock buf, signed in as the admin."""
    return Buf(tmp_path / "buf", registry)
