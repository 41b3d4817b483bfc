"""A registry that all tests of the pages of releases share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.pages.releases.history import history
from tests.server.running import Serving


@pytest.fixture(scope="package")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A registry with a history, which nobody may read without a token."""
    with history(tmp_path_factory.mktemp("past"), "--no-anonymous-reads") as found:
        yield found
