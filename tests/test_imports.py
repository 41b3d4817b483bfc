"""Modules do not import each other in a circle, counting imports inside functions and those for types."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src"
ROOMS = ("fieldstone",)


def modules(room: str) -> dict[str, Path]:
    """The modules of a room by name."""
    found = {}
    for path in (SOURCE / room.replace(".", "/")).rglob("*.py"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(text: str, package: str) -> Iterator[str]:
    """The names that a module's text imports: modules, or names in modules.

    Only what another Python runs, `scanning/outside`, imports by relative names.
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            assert not node.level or ".outside." in f"{package}."
            start = f"{package}.{node.module}" if node.level == 1 else node.module
            yield from (f"{start}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def cycle(sources: dict[str, str]) -> list[str]:
    """The modules of a circle of imports, the first one again at the end; empty where there is none."""
    graph = {}
    for name, text in sources.items():
        named = imports(text, name.rpartition(".")[0])
        found = {other if other in sources else other.rpartition(".")[0] for other in named}
        graph[name] = (found & sources.keys()) - {name}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("room", ROOMS)
def test_no_modules_import_each_other(room: str) -> None:
    sources = {name: path.read_text("utf-8") for name, path in modules(room).items()}
    assert len(sources) > 1
    assert cycle(sources) == []


@pytest.mark.parametrize(
    "second",
    [
        "def f():\n    from room.a import name\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import room.a\n",
        "from room import a\n",
    ],
)
def test_a_circle_is_found(second: str) -> None:
    assert set(cycle({"room": "", "room.a": "from room.b import other\n", "room.b": second})) == {"room.a", "room.b"}
