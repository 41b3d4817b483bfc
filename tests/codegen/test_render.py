"""Formatting of generated files: what is no Python, or does not compile, is one clear line."""

from __future__ import annotations

import pytest

from fieldstone.codegen.render import format_python
from fieldstone.errors import Invalid


def test_python_is_formatted_and_all_else_stays() -> None:
    files = {"a.py": "import os\nx = ( 1 )\n", "b.pyi": "x : int\n", "c.sql": "SELECT ( 1 )"}
    assert format_python(files) == {"a.py": "x = 1\n", "b.pyi": "x: int\n", "c.sql": "SELECT ( 1 )"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("class None: ...\n", "a.py"),
        ("def f(x, x): ...\n", "a.py: duplicate argument 'x' in function definition"),
        ("def f():\n    x = 1\n    global x\n", "a.py: name 'x' is assigned to before global declaration"),
    ],
)
def test_what_is_no_python_is_refused(text: str, problem: str) -> None:
    with pytest.raises(Invalid, match="what was generated is no Python") as raised:
        format_python({"a.py": text})
    assert problem in raised.value.problem
    assert "set generate = false" in raised.value.fix
