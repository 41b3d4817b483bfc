"""The order in which compiled files can be loaded: each after its imports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


def in_import_order(imports: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """The paths of files, each after its imports; a cycle, which no compiler writes, has no fixed order.

    Args:
        imports: path to the paths that it imports; imports of other files are ignored.
    """
    seen: set[str] = set()
    for path in imports:
        stack = [(path, iter(imports[path]))] if path not in seen else []
        while stack:
            at, rest = stack[-1]
            seen.add(at)
            deeper = next((other for other in rest if other in imports and other not in seen), None)
            if deeper is not None:
                stack.append((deeper, iter(imports[deeper])))
                continue
            stack.pop()
            yield at
