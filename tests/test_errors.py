"""Every error that is raised has a kind, so that a server can tell them apart."""

from __future__ import annotations

import ast
from pathlib import Path

import fieldstone
from fieldstone.errors import Conflict, Damaged, FieldstoneError, Invalid, NotFound, Unavailable

SOURCE = Path(fieldstone.__file__).parent
WITHOUT = {"checking/disagreement.py", "server/pages/endpoint.py"}
"""An error of Fieldstone itself has none of the kinds."""


def test_kinds_are_errors_of_fieldstone() -> None:
    for kind in (NotFound, Conflict, Damaged, Invalid, Unavailable):
        error = kind("no release 1.0.0", fix="release it")
        assert isinstance(error, FieldstoneError)
        assert (str(error), error.exit_code) == ("no release 1.0.0; release it", 2)


def test_nothing_is_raised_without_a_kind() -> None:
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "FieldstoneError"
    }
    assert found == WITHOUT
