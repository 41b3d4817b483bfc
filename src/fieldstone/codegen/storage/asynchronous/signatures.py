"""Signatures of async methods, from those of the methods that they are twins of."""

from __future__ import annotations

import ast

from fieldstone.codegen.storage.asynchronous.rendered import RenderedModule


def make_async(module: RenderedModule, method: ast.FunctionDef) -> None:
    """Change the signature of a declared method: it is awaited, or gives an async iterator."""
    if is_stream(method):
        give_generator(module, method)
    else:
        module.replace(module.start(method), module.start(method), "async ")


def is_stream(method: ast.FunctionDef) -> bool:
    """Whether a method gives records one after the other."""
    return isinstance(method.returns, ast.Subscript) and named(method.returns.value, "Iterator")


def give_generator(module: RenderedModule, method: ast.FunctionDef) -> None:
    """Change the annotation of a stream's answer; its type has `aclose`, which an `AsyncIterator` lacks."""
    if isinstance(returns := method.returns, ast.Subscript):
        given = f"AsyncGenerator[{module.text_of(returns.slice)}, None]"
        module.replace(module.start(returns), module.end(returns), given)


def named(node: ast.AST | None, *names: str) -> bool:
    """Whether a node is one of these names."""
    return isinstance(node, ast.Name) and node.id in names


def after_docstring(module: RenderedModule, method: ast.FunctionDef) -> int:
    """The offset after the signature and the docstring of a method."""
    first = method.body[0]
    if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)):
        module.refuse(method, "a method without a docstring")
    return module.end(first)
