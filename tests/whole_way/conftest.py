"""The registry of the whole way, and the teams around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import environment
from tests.server.running import Serving, serving

__all__ = ["environment"]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Serving]:
    """A registry that nobody reads without a token."""
    with serving(tmp_path / "data", "--no-anonymous-reads", "--npm-scope", "acme") as found:
        yield found
