"""The places at which a function waits for PostgreSQL: a closed list."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fieldstone.codegen.storage.asynchronous.rendered import RenderedModule
from fieldstone.codegen.storage.asynchronous.signatures import named

RUNTIME = frozenset({"Cursor", "copy"})
"""Names of `fieldstone_runtime.postgres` that `fieldstone_runtime.asynchronous.postgres` has, too."""

_GIVES_CURSOR = "execute"
_CALLS = frozenset({_GIVES_CURSOR, "executemany", "fetchone", "fetchall"})
_VALUES = frozenset({"rowcount", "description", "nextset"})
_BLOCKS = frozenset({"transaction", "cursor"})


def functions_with_cursor(module: RenderedModule) -> list[ast.FunctionDef]:
    """The module's functions that are given a cursor."""
    functions = [part for part in module.tree.body if isinstance(part, ast.FunctionDef)]
    return [function for function in functions if any(_given(function))]


def _given(function: ast.FunctionDef) -> Iterator[str]:
    return (argument.arg for argument in function.args.args if named(argument.annotation, "Cursor"))


class Driver:
    """How a function uses cursors and the database.

    Args:
        function: the function.
        functions: the names of the functions that await their cursor.
        methods: the names of the repository's methods that are awaited.
    """

    def __init__(self, function: ast.FunctionDef, functions: set[str], methods: set[str]) -> None:
        self._functions, self._methods = functions, methods
        self._cursors = set(_given(function))
        for node in ast.walk(function):
            for item in node.items if isinstance(node, ast.With) else ():
                if self.is_block(item.context_expr) and isinstance(item.optional_vars, ast.Name):
                    self._cursors.add(item.optional_vars.id)

    def is_cursor(self, node: ast.AST) -> bool:
        """Whether it is a cursor, or a call that gives one."""
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr=attribute)):
                return attribute == _GIVES_CURSOR and self.is_cursor(value)
        return named(node, *self._cursors)

    def is_value(self, node: ast.AST) -> bool:
        """Whether it is an attribute of a cursor that is there, or a method that is done, without waiting."""
        return isinstance(node, ast.Attribute) and node.attr in _VALUES and self.is_cursor(node.value)

    def is_awaited(self, node: ast.AST) -> bool:
        """Whether it is a call that waits for the server."""
        match node:
            case ast.Call(func=ast.Name(id=name)):
                return name in self._functions
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name)):
                return name in self._methods
            case ast.Call(func=ast.Attribute(value=value, attr=name)):
                return name in _CALLS and self.is_cursor(value)
        return False

    def is_block(self, node: ast.AST) -> bool:
        """Whether it gives a context that is entered and left with waiting."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Attribute(value=value, attr="connection"), attr="transaction")):
                return self.is_cursor(value)
        return any(_is_of_database(node, name) for name in _BLOCKS)

    def is_chunks(self, node: ast.AST) -> bool:
        """Whether it gives the rows of a query, a chunk at a time."""
        return _is_of_database(node, "chunks")

    def is_database(self, node: ast.AST) -> bool:
        """Whether it is the repository's database."""
        return _is_database(node)


def _is_of_database(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr=attribute)):
            return attribute == name and _is_database(value)
    return False


def _is_database(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="self"), attr="_database"):
            return True
    return False
