"""Editors that send nonsense or go away, and folders with nothing to check."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.cli.workspace import MONEY, SHOP, Repo
from tests.lsp.editor import Editor

_NONSENSE = [
    b"Content-Length: 9\r\n\r\n{nonsense",
    b"Content-Length: 2\r\n\r\n[]",
    b"Content-Length: 4\r\n\r\nnull",
    b"Content-Length: nine\r\n\r\n",
    b"\r\n\r\nhello\r\n",
    b"Content-Length: 3\r\n\r\n\xff\xfe\xfd",
]
_MESSAGES: list[dict[str, Any]] = [
    {"method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///nowhere.proto", "version": 1}}},
    {"method": "textDocument/didOpen", "params": {}},
    {"method": "textDocument/hover", "params": 7},
    {"method": "unknown/notification"},
]


def test_nonsense_is_passed_over(released: Repo) -> None:
    with Editor(released.root) as editor:
        editor.open(SHOP)
        for content in _NONSENSE:
            editor.raw(content)
        for message in _MESSAGES:
            editor.send(message)
        for uri in ("untitled:Untitled-1", "file:///%00.proto", "http://x/y.proto", "file:///no/such/folder/x.proto"):
            document = {"uri": uri, "languageId": "proto", "version": 1, "text": "message M {"}
            editor.tell("textDocument/didOpen", textDocument=document)
            editor.ask("textDocument/codeLens", textDocument={"uri": uri})
        for place in ({"line": 10**6, "character": 0}, {"line": 3, "character": 10**6}):
            editor.ask("textDocument/hover", textDocument={"uri": editor.uri(SHOP)}, position=place)
        editor.replace(SHOP, "string id = 1", "bytes id = 1")
        assert editor.rules(SHOP) == ["field-type-changed"]
    assert "Traceback" not in editor.stderr


@pytest.mark.slow
def test_editor_that_goes_away_in_the_middle(released: Repo) -> None:
    for ending in (b"", b"Content-Length: 100\r\n\r\n{"):
        editor = Editor(released.root)
        editor.open(SHOP)
        editor.replace(SHOP, "string id = 1", "bytes id = 1")
        editor.raw(ending)
        editor.leave()
        assert "Traceback" not in editor.stderr


def test_files_with_nothing_to_check(fresh: Repo) -> None:
    """No release, no settings; then no module, and no workspace."""
    with Editor(fresh.root) as editor:
        editor.open(SHOP)
        editor.replace(SHOP, "string id = 1", "bytes id = 1")
        assert editor.rules(SHOP) == []
        assert editor.lens(SHOP) == ["not released yet: 1.0.0"]
        assert "has no release yet" in editor.hover(SHOP, "bytes id")
        (fresh.root / "other").mkdir()
        (fresh.root / "other/x.proto").write_text("")
        editor.open("other/x.proto")
        assert editor.lens("other/x.proto") == []
        outside = fresh.root.parent / "outside"
        outside.mkdir()
        (outside / "x.proto").write_text("package x;")
        editor.open("../outside/x.proto")
        assert editor.lens("../outside/x.proto") == []
        assert editor.said("window/showMessage") == []


@pytest.mark.slow
def test_files_that_move_on_disk(released: Repo) -> None:
    with Editor(released.root) as editor:
        editor.open(SHOP)
        editor.replace(SHOP, "string id = 1", "bytes id = 1")
        assert editor.rules(SHOP) == ["field-type-changed"]
        editor.change(SHOP, released.read(SHOP))
        moved = SHOP.replace("shop.proto", "moved.proto")
        (released.root / SHOP).rename(released.root / moved)
        editor.close_text(SHOP)
        editor.open(moved)
        assert "file-removed" in editor.rules(moved) or editor.lens(moved) != ["since 1.0.0: unchanged"]
        shutil.rmtree(released.root / "schemas/shop")
        editor.tell("workspace/didChangeWatchedFiles", changes=[])
        editor.settle(moved)
        released.git("checkout", "--", "schemas")
        editor.close_text(moved)
        editor.open(SHOP)
        assert editor.rules(SHOP) == []
        assert editor.lens(SHOP) == ["since 1.0.0: unchanged"]


@pytest.mark.slow
def test_settings_that_break_and_a_registry_that_is_away(released: Repo) -> None:
    with Editor(released.root) as editor:
        editor.open(SHOP)
        assert editor.lens(SHOP) == ["since 1.0.0: unchanged"]
        released.settings('registry = "http://127.0.0.1:9"\n')
        for _ in range(2):
            editor.tell("workspace/didChangeWatchedFiles", changes=[])
            editor.settle(SHOP)
        (told,) = editor.said("window/showMessage")
        assert "127.0.0.1:9" in told
        released.settings("registry = \n")
        editor.tell("workspace/didChangeWatchedFiles", changes=[])
        editor.settle(SHOP)
        assert "is not TOML" in editor.said("window/showMessage")[-1]
        (released.root / "fieldstone.toml").unlink()
        editor.tell("workspace/didChangeWatchedFiles", changes=[])
        editor.replace(SHOP, "string id = 1", "bytes id = 1")
        assert editor.rules(SHOP) == ["field-type-changed"]


_FAILING = """\
import fieldstone.lsp.room as room
judge, calls = room.Room.judge, []
def failing(*args):
    calls.append(args)
    if len(calls) == 2:
        raise RuntimeError("out of luck")
    return judge(*args)
room.Room.judge = failing
import sys
from typing import Any
sys.argv = ["fieldstone", "lsp"]
from fieldstone.cli import main
main()
"""


@pytest.mark.slow
def test_one_check_that_fails_is_told(released: Repo) -> None:
    with Editor(released.root, command=[sys.executable, "-c", _FAILING]) as editor:
        editor.open(MONEY)
        assert editor.rules(MONEY) == []
        editor.replace(MONEY, "int64 units", "int32 units")
        assert editor.rules(MONEY) == []
        (told,) = editor.said("window/showMessage")
        assert told.startswith("Fieldstone failed: RuntimeError: out of luck")
        editor.replace(MONEY, "int32 units", "float units")
        assert editor.rules(MONEY) == ["field-type-changed"]


@pytest.mark.slow
def test_typing_faster_than_checks(released: Repo) -> None:
    """Only the last text is judged; what was begun for earlier ones is given up, and shows nothing."""
    with Editor(released.root) as editor:
        editor.open(SHOP)
        editor.settle(SHOP)
        for number in range(5, 60):
            editor.change(SHOP, released.read(SHOP).replace("Status status = 3", f"Status status = {number}"))
        (found,) = editor.diagnostics(SHOP)
        assert "went from number 3 to 59" in found["message"]
        assert editor.publications[editor.uri(SHOP)] <= 2


_WITHOUT = """\
import sys
from typing import Any
import fieldstone.installing as installing
find = installing.find_spec
installing.find_spec = lambda name: None if name == "pygls" else find(name)
sys.argv = ["fieldstone", "lsp"]
from fieldstone.cli import main
main()
"""


def test_without_pygls() -> None:
    done = subprocess.run([sys.executable, "-c", _WITHOUT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "an editor takes pygls" in done.stderr
    assert "[lsp]" in done.stderr
