"""Smaller pairs: what one can leave out of both versions of a pair."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from tests.compatibility.random_schemas.tree import Tree

Trees = tuple[Tree, Tree]
"""Before and after."""

Key = tuple[str, ...]
"""The names on the way to a part of a tree."""

_LISTS = ("messages", "enums", "services", "extensions", "fields", "values", "rpcs", "reserved", "ranges")


def keys(trees: Trees) -> list[Key]:
    """Every part of either version; what holds most comes first."""
    found = dict.fromkeys(key for tree in trees for key, _, _ in _parts(tree))
    return sorted(found, key=len)


def without(trees: Trees, gone: list[Key]) -> Trees:
    """A copy of both versions that lacks these parts."""
    made = copy.deepcopy(trees)
    for tree in made:
        for key, container, item in list(_parts(tree)):
            if key in gone:
                _drop(container, item)
    return made


def _drop(container: Any, item: Any) -> None:
    if isinstance(container, dict):
        container.pop(item, None)
    else:
        container[:] = [other for other in container if other is not item]


def _parts(tree: Tree) -> Iterator[tuple[Key, Any, Any]]:
    for file in tree:
        yield (file.path,), tree, file
        yield from _inside((file.path,), file)


def _inside(key: Key, holder: Any) -> Iterator[tuple[Key, Any, Any]]:
    for option in getattr(holder, "options", {}):
        yield (*key, "options", option), holder.options, option
    for kind in _LISTS:
        for item in getattr(holder, kind, ()):
            inner = (*key, kind, item if isinstance(item, str) else _name(item))
            yield inner, getattr(holder, kind), item
            if not isinstance(item, str):
                yield from _inside(inner, item)


def _name(item: Any) -> str:
    return str(item.field.name if hasattr(item, "field") else item.name)
