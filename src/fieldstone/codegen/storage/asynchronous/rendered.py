"""A rendered module, to take parts from and to change."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterator
from itertools import accumulate
from operator import itemgetter
from typing import NoReturn

from fieldstone.errors import Invalid

FRAME = frozenset({"__init__", "close", "migrate", "transaction"})
"""The methods that each twin's template has itself."""

_START = itemgetter(0)


class RenderedModule:
    """Python that a template became, with the marks of names.

    Attributes:
        tree: its syntax.
        repository: the repository's class.
    """

    def __init__(self, source: str) -> None:
        self.tree = ast.parse(source)
        self._source = source.encode()
        self._lines = [0, 0, *accumulate(len(line) for line in self._source.splitlines(keepends=True))]
        self._edits: list[tuple[int, int, str]] = []
        classes = [part for part in self.tree.body if isinstance(part, ast.ClassDef)]
        self.repository = next(found for found in classes if found.name.endswith("Repository"))

    def methods(self) -> Iterator[ast.FunctionDef]:
        """The methods of the repository that are not in its frame."""
        for part in self.repository.body:
            if isinstance(part, ast.FunctionDef) and part.name not in FRAME:
                if part.decorator_list:
                    self.refuse(part, "a method with a decorator")
                yield part

    def imports(self, but: Collection[str] = ()) -> str:
        """The module's imports, without those of `__future__` and of these names."""
        lines = []
        for part in self.tree.body:
            if isinstance(part, ast.ImportFrom) and part.module != "__future__":
                lines += [f"from {part.module} import {_alias(name)}" for name in part.names if name.name not in but]
            elif isinstance(part, ast.Import):
                lines += [f"import {_alias(name)}" for name in part.names]
        return "\n".join(lines)

    def start(self, node: ast.stmt | ast.expr) -> int:
        """The offset at which a node begins, in bytes."""
        return self._lines[node.lineno] + node.col_offset

    def end(self, node: ast.stmt | ast.expr) -> int:
        """The offset after a node, in bytes."""
        return self._lines[node.end_lineno or node.lineno] + (node.end_col_offset or 0)

    def replace(self, start: int, end: int, text: str) -> None:
        """Put text in the place of what is between two offsets; of two insertions at one, the first comes first."""
        insort(self._edits, (start, end, text), key=_START)

    def text(self, start: int, end: int) -> str:
        """The text between two offsets, with the changes that were made there."""
        parts, last = [], start
        inside = bisect_left(self._edits, start, key=_START), bisect_right(self._edits, end, key=_START)
        for first, after, new in self._edits[slice(*inside)]:
            if after <= end:
                parts += [self._source[last:first].decode(), new]
                last = after
        return "".join(parts) + self._source[last:end].decode()

    def text_of(self, node: ast.stmt | ast.expr) -> str:
        """The text of a node, with the changes that were made in it."""
        return self.text(self.start(node), self.end(node))

    def refuse(self, node: ast.stmt | ast.expr, problem: str) -> NoReturn:
        """Raise the error for a form that has no async twin."""
        text = self._source[self.start(node) : self.end(node)].decode().partition("\n")[0]
        raise Invalid(
            f"a template of {self.repository.name} has what no async twin is known for: {problem}: {text}",
            fix="report it with the schema; until it is mended, set generate = false",
        )


def _alias(name: ast.alias) -> str:
    return f"{name.name} as {name.asname}" if name.asname else name.name
