"""Completion and hover: what the history knows."""

from __future__ import annotations

import pytest

from tests.cli.test_consumers import declare
from tests.cli.workspace import SHOP, Repo, many
from tests.lsp.editor import Editor

_EXTENDED = """\
syntax = "proto2";

package acme.shop.v3;

message Base {
  extensions 100 to 199;
  optional string a = 1;
}

extend Base {
  optional string first = 100;
  optional string second = ;
}
"""


def _labels(editor: Editor, path: str, marker: str) -> list[tuple[str, str]]:
    return [(item["label"], item["detail"]) for item in editor.complete(path, marker)]


def test_numbers_and_releases_of_elements(grown: Repo) -> None:
    with Editor(grown.root) as editor:
        editor.open(SHOP)
        editor.replace(
            SHOP, "  string note = 4;\n", "  string note = 4;\n  oneof way {\n    string post = \n  }\n  /* x = */\n"
        )
        assert _labels(editor, SHOP, "string post = ") == [("5", "next free number")]
        assert _labels(editor, SHOP, "/* x = ") == []
        assert _labels(editor, SHOP, "syntax = ") == []
        editor.replace(SHOP, "  STATUS_SENT = 2;", "  STATUS_SENT = 2;\n  STATUS_LOST =")
        assert _labels(editor, SHOP, "STATUS_LOST =") == [("3", "next free number")]
        editor.replace(SHOP, "    string post = \n", "    string post = 5;\n")
        note = editor.hover(SHOP, "string note")
        assert note.startswith("`acme.shop.v1.Order.note`")
        assert "- in every release since 1.1.0" in note
        assert "- protected: wire, json, source, storage" in note
        assert "- in every release since 1.0.0" in editor.hover(SHOP, "message Order")
        assert "- in every release since 1.2.0" in editor.hover(SHOP, "STATUS_SENT")
        assert "- not released yet; 1.2.0 is the newest release" in editor.hover(SHOP, "string post")
        assert editor.hover(SHOP, "oneof") == ""
        editor.replace(SHOP, "string note = 4;", "string note = 4 [deprecated = true];")
        assert "- deprecated" in editor.hover(SHOP, "string note")


def test_numbers_of_earlier_releases(large: Repo) -> None:
    with Editor(large.root) as editor:
        path = many(0)
        editor.open(path)
        editor.replace(path, "  string id = 1;\n", "  string id = 1;\n  string more = \n")
        (item,) = editor.complete(path, "string more = ")
        assert item["label"] == "10"
        assert item["documentation"]["value"] == "9 was `old` until 1.0.0"
        editor.replace(path, '  reserved 9;\n  reserved "old";\n', "  reserved \n")
        assert _labels(editor, path, "reserved ") == [("9", "was `old` until 1.0.0")]
        editor.replace(path, "string more = \n", "string old = 9;\n")
        assert "- `int32 old = 9` from 0.1.0 until 1.0.0" in editor.hover(path, "string old")


@pytest.mark.slow
def test_numbers_of_extensions(grown: Repo) -> None:
    path = "schemas/shop/acme/shop/v3/base.proto"
    with Editor(grown.root) as editor:
        editor.open(path, "")
        editor.change(path, _EXTENDED)
        assert _labels(editor, path, "second = ") == [("101", "next free number")]
        editor.replace(path, "extensions 100 to 199;", "extensions 100 to 199;\n  extensions ")
        assert _labels(editor, path, "199;\n  extensions ") == [("200", "first number after all others")]


def test_hover_knows_who_uses_a_field(grown: Repo) -> None:
    declare(grown, "billing", "acme.shop.v1.Order.id")
    with Editor(grown.root) as editor:
        editor.open(SHOP)
        assert "- used by billing (src/billing.go:41)" in editor.hover(SHOP, "string id")
        assert "used by" not in editor.hover(SHOP, "string note")
