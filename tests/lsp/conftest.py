"""Repositories for the tests of the language server: those of the command line."""

from __future__ import annotations

from tests.cli.conftest import (
    environment,
    fresh,
    fresh_template,
    grown,
    grown_template,
    known_compiler,
    large,
    large_template,
    pinned,
    released,
    released_template,
)

__all__ = [
    "environment",
    "fresh",
    "fresh_template",
    "grown",
    "grown_template",
    "known_compiler",
    "large",
    "large_template",
    "pinned",
    "released",
    "released_template",
]
