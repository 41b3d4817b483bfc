"""The repositories and the environment of the tests of the pages."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.cli.conftest import environment, fresh, fresh_template, known_compiler, pinned
from tests.pages.states import Beginnings

__all__ = ["environment", "fresh", "fresh_template", "known_compiler", "pinned"]


@pytest.fixture(scope="session")
def beginnings(tmp_path_factory: pytest.TempPathFactory, environment: Mapping[str, str]) -> Beginnings:
    """The states that pages start with."""
    return Beginnings(tmp_path_factory.mktemp("states"), environment)
