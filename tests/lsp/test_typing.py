"""What an editor shows while somebody types."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.workspace import MONEY, SHOP, Repo, many, waiver
from tests.lsp.editor import CAPABILITIES, Editor

_CURLED = ("  Status status = 3;", "  /* 🙂é */ string status = 3;")


def test_findings_of_the_text_as_it_is_typed(released: Repo) -> None:
    with Editor(released.root) as editor:
        editor.open(SHOP)
        assert editor.rules(SHOP) == []
        assert editor.lens(SHOP) == ["since 1.0.0: unchanged"]

        editor.replace(SHOP, *_CURLED)
        (finding,) = editor.diagnostics(SHOP)
        assert finding["code"] == "field-type-changed"
        assert finding["severity"] == 1
        assert (
            finding["message"].splitlines()[0]
            == "`status` of `acme.shop.v1.Order` went from acme.shop.v1.Status to string"
        )
        assert "breaks: wire" in finding["message"]
        assert "fix: keep" in finding["message"]
        line = editor.text(SHOP).split("\n")[finding["range"]["start"]["line"]]
        start = len("  /* 🙂é */ ".encode("utf-16-le")) // 2
        assert finding["range"]["start"]["character"] == start
        assert finding["range"]["end"]["character"] == len(line.encode("utf-16-le")) // 2
        (related,) = finding["relatedInformation"]
        assert related["message"] == "was `acme.shop.v1.Status status = 3;` at 1.0.0"
        file = Path(related["location"]["uri"].removeprefix("file://"))
        assert released.root / "registry" in file.parents
        assert file.read_text().split("\n")[related["location"]["range"]["start"]["line"]] == "  Status status = 3;"
        assert editor.lens(SHOP) == ["since 1.0.0: 1 breaking, needs 2.0.0"]

        shown = editor.publications[editor.uri(SHOP)]
        editor.replace(SHOP, "string id = 1;", "string id = 1")  # does not compile: the last findings stay
        assert editor.diagnostics(SHOP) == [finding]
        assert editor.publications[editor.uri(SHOP)] == shown

        editor.change(SHOP, released.read(SHOP).replace("\n", "\r\n").replace("Status status = 3", "Status status = 4"))
        (renumbered,) = editor.diagnostics(SHOP)
        assert renumbered["code"] == "field-renumbered"
        assert renumbered["range"]["start"] == {"line": 10, "character": 2}
        editor.change(SHOP, released.read(SHOP))
        assert editor.rules(SHOP) == []
    assert editor.stderr == ""


def test_open_texts_of_several_files_count_together(released: Repo) -> None:
    with Editor(released.root) as editor:
        editor.open(MONEY)
        editor.open(SHOP)
        editor.replace(MONEY, "int64 units = 2;", "int64 units = 2;\n  string note = 3;")
        editor.replace(MONEY, "// An amount", "message Coin {\n  string id = 1;\n}\n\n// An amount")
        editor.replace(SHOP, "Status status = 3;", "Status status = 3;\n  acme.money.v1.Coin coin = 4;")
        assert editor.rules(SHOP) == []  # compiles only with the other text
        assert editor.lens(SHOP) == ["since 1.0.0: additive, 1.1.0"]

        editor.replace(MONEY, "int64 units = 2;", "int32 units = 2;")
        assert editor.rules(MONEY) == ["field-type-changed"]
        editor.close_text(MONEY)  # its text is gone, and with it `Coin`
        assert editor.diagnostics(SHOP) == []
        assert editor.published[editor.uri(MONEY)] == []


@pytest.mark.slow
def test_a_file_that_is_waived_new_or_removed(released: Repo) -> None:
    released.settings(waiver("field-type-changed", "acme.shop.v1.Order.status"))
    new = "schemas/shop/acme/shop/v1/parcel.proto"
    with Editor(released.root, {}) as editor:
        assert [m["method"] for m in editor.messages if m["method"] == "client/registerCapability"] == []
        editor.open(SHOP)
        editor.replace(SHOP, *_CURLED)
        (finding,) = editor.diagnostics(SHOP)
        assert finding["severity"] == 3
        assert "waived until 2999-12-31 by ada@example.com: an old habit" in finding["message"]

        editor.open(new, "")
        editor.change(new, 'syntax = "proto3";\npackage acme.shop.v1;\nmessage Parcel { Order order = 1; }\n')
        editor.replace(SHOP, "string id = 1;", "string id = 1;\n  Parcel parcel = 4;")
        editor.replace(SHOP, "import ", 'import "acme/shop/v1/parcel.proto";\nimport ')
        editor.replace(new, "Order order = 1;", "string order = 1;")
        assert editor.rules(SHOP) == ["field-type-changed"]
        assert editor.lens(new) == ["since 1.0.0: 1 waived, 2.0.0"]


@pytest.mark.slow
def test_only_the_affected_part_of_a_large_module(large: Repo) -> None:
    with Editor(large.root, CAPABILITIES) as editor:
        editor.open(many(0))
        editor.replace(many(0), "string id = 1;", "bytes id = 1;")
        assert editor.rules(many(0)) == ["field-type-changed"]
        editor.replace(many(0), "bytes id = 1;", "byte id = 1;")
        assert editor.rules(many(0)) == ["field-type-changed"]
        editor.replace(many(0), "byte id = 1;", "string id = 1;")
        assert editor.rules(many(0)) == []
