"""Repositories for the tests of documentation."""

from __future__ import annotations

from tests.cli.conftest import environment, fresh, fresh_template, known_compiler, pinned

__all__ = ["environment", "fresh", "fresh_template", "known_compiler", "pinned"]
