"""Errors of settings as they are typed: at their line."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.workspace import Repo
from tests.lsp.editor import Editor

_OWN = "fieldstone.toml"
_SHARED = "pyproject.toml"

_TEXTS = [
    (_OWN, 'registry = "registry"\nsurfaces = ["wires"]\n', 1, "wires"),
    (_OWN, "# \U0001f642\nregistry = = 1\n", 1, "TOML"),
    (_OWN, "[modules.shop]\nnaming = true\n[modules.shop.rules]\nfield-remove = 'off'\n", 3, "field-removed"),
    (
        _OWN,
        "[[waivers]]\nrule = 'field-removed'\nsubject = 'a.B.c'\nreason = 'x'\nowner = 'y'\nuntil = 2026-13-01\n",
        5,
        "",
    ),
    (_OWN, "notice = 1\n\n[[waivers]]\nrule = 'field-removed'\n", 2, "waivers[1]"),
    (_SHARED, "[project]\nname = 'x'\n[tool.fieldstone]\nnaming = 1\n", 3, "naming"),
    (_SHARED, "[tool.other]\nnaming = 1\n", None, ""),
    (_SHARED, "[tool.other]\nnaming = \n", None, ""),
]


def _found(editor: Editor, path: str, text: str) -> list[dict[str, Any]]:
    editor.change(path, text)
    editor.hover(path, text[:1])  # answered after the settings
    return editor.published.get(editor.uri(path), [])


def test_first_error_at_its_line(released: Repo) -> None:
    with Editor(released.root) as editor:
        editor.open(_OWN, "")
        editor.open(_SHARED, "")
        for path, text, line, words in _TEXTS:
            found = _found(editor, path, text)
            if line is None:
                assert found == [], text
            else:
                (error,) = found
                assert (error["range"]["start"]["line"], error["code"]) == (line, "settings-invalid"), error
                assert words in error["message"]
        assert _found(editor, _OWN, "naming = true\n") == []


@pytest.mark.slow
def test_module_that_is_not_there(released: Repo) -> None:
    with Editor(released.root) as editor:
        editor.open(_OWN, "")
        editor.change(_OWN, "naming = true\n\n[modules.shops]\nnaming = true\n")
        editor.save(_OWN)
        editor.hover(_OWN, "naming")
        (error,) = editor.published[editor.uri(_OWN)]
        assert error["range"]["start"]["line"] == 2
        assert "shops" in error["message"]
