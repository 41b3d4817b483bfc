"""What an editor offers: after each edit the finding is gone, and no other came."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.cli.workspace import SHOP, Repo, many
from tests.lsp.editor import Editor

_PLACES: list[tuple[str, str, dict[str, str]]] = [
    (
        "field-type-changed",
        "s/Status status = 3;/string status = 3;/",
        {
            "Restore": "  Status status = 3;\n",
            "Keep `Status status = 3;` and add": "  Status status = 3;\n  string status_2 = 5;\n",
        },
    ),
    (
        "field-renamed",
        "s/Status status = 3;/Status state = 3;/",
        {
            "Restore": "  Status status = 3;\n",
            "Keep `Status status = 3;` and add": "  Status status = 3;\n  Status state = 5;\n",
        },
    ),
    (
        "field-removed-without-reserve",
        "s/  Status status = 3;\n//",
        {
            "Restore": "  acme.money.v1.Money total = 2;\n  Status status = 3;\n",
            "Reserve 3 and `status`, and waive field-removed": '  reserved 3;\n  reserved "status";\n',
        },
    ),
    (
        "enum-value-renumbered",
        "s/STATUS_PAID = 1/STATUS_PAID = 7/",
        {
            "Restore": "  STATUS_PAID = 1;\n",
            "Keep `STATUS_PAID = 1;` and add": "  STATUS_PAID = 1;\n  STATUS_PAID_2 = 8;\n",
        },
    ),
    (
        "message-removed",
        "s/\\/\\/ What somebody.*?\n}\n\n//",
        {"Restore": "// What somebody ordered.\nmessage Order {\n"},
    ),
    ("type-renamed", "s/Status/State/", {"Restore": "enum Status {"}),
    ("package-removed", "s/package acme.shop.v1/package acme.shop.v2/", {"Restore": "package acme.shop.v1;"}),
]


def _edited(text: str, edit: str) -> str:
    _, old, new, _ = re.split(r"(?<!\\)/", edit)
    return re.sub(old.replace("\\/", "/"), new, text, flags=re.DOTALL)


def _counting(diagnostics: list[dict[str, Any]]) -> list[str]:
    return [each["code"] for each in diagnostics if each["severity"] == 1]


def _taken(editor: Editor, text: str, rule: str, title: str) -> None:
    """Take one action for a text, and see that nothing is left to refuse."""
    editor.change(SHOP, text)
    found = next(each for each in editor.diagnostics(SHOP) if each["code"] == rule)
    before = _counting(editor.diagnostics(SHOP))
    (action,) = [each for each in editor.actions(SHOP, found) if each["title"].startswith(title)]
    editor.apply(action)
    after = _counting(editor.diagnostics(SHOP))
    assert rule not in after, action["title"]
    assert set(after) <= set(before), (action["title"], after)


def test_actions_end_findings(grown: Repo) -> None:
    grown.git("config", "user.email", "ada@example.com")
    settings = grown.root / "fieldstone.toml"
    with Editor(grown.root) as editor:
        editor.open(SHOP)
        for rule, edit, titles in _PLACES:
            text = _edited(grown.read(SHOP), edit)
            assert text != grown.read(SHOP), edit
            for title, result in titles.items():
                _taken(editor, text, rule, title)
                assert result in editor.text(SHOP), (title, editor.text(SHOP))
                settings.unlink(missing_ok=True)
                editor.tell("workspace/didChangeWatchedFiles", changes=[])


@pytest.mark.slow
def test_waiver_and_explanation(grown: Repo) -> None:
    grown.git("config", "user.email", "ada@example.com")
    with Editor(grown.root) as editor:
        editor.open(SHOP)
        text = grown.read(SHOP).replace("Status status = 3", "string status = 3")
        _taken(editor, text, "field-type-changed", "Waive field-type-changed on acme.shop.v1.Order.status until ")
        assert 'owner = "ada@example.com"' in grown.read("fieldstone.toml")
        assert editor.lens(SHOP) == ["since 1.2.0: 1 waived, 2.0.0"]

        editor.replace(SHOP, "string id = 1", "bytes id = 1")
        (found,) = [each for each in editor.diagnostics(SHOP) if each["severity"] == 1]
        (explain,) = [each for each in editor.actions(SHOP, found) if each["title"] == "Explain field-type-changed"]
        editor.ask("workspace/executeCommand", **explain["command"])
        (shown,) = [m["params"]["uri"] for m in editor.messages if m["method"] == "window/showDocument"]
        assert shown.endswith("field-type-changed.md")


@pytest.mark.slow
def test_number_of_an_earlier_release(large: Repo) -> None:
    with Editor(large.root) as editor:
        path = many(0)
        editor.open(path)
        editor.replace(path, "string id = 1;", "string id = 1;\n  string more = 9;")
        editor.replace(path, '  reserved 9;\n  reserved "old";\n', "")
        found = next(each for each in editor.diagnostics(path) if each["code"] == "field-number-reused")
        (action,) = [each for each in editor.actions(path, found) if each["title"].startswith("Write")]
        assert action["title"] == "Write `string more = 10;`"
        editor.apply(action)
        assert "field-number-reused" not in editor.rules(path)
        for rule in ("reserved-number-dropped", "reserved-name-dropped"):
            found = next(each for each in editor.diagnostics(path) if each["code"] == rule)
            editor.apply(editor.actions(path, found)[0])
            if not editor.rules(path):
                break
        assert editor.rules(path) == []
