"""Methods of an async repository that hand their work to a thread, where another repository does it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fieldstone.codegen.storage.asynchronous.rendered import RenderedModule
from fieldstone.codegen.storage.asynchronous.signatures import after_docstring, is_stream, make_async, named


def threaded_methods(module: RenderedModule) -> str:
    """The methods of the async twin, from the repository's module."""
    writing = _writing(module)
    public = [method for method in module.methods() if not method.name.startswith("_")]
    return "\n\n".join(_threaded(module, method, writes=method.name in writing) for method in public)


def _threaded(module: RenderedModule, method: ast.FunctionDef, *, writes: bool) -> str:
    make_async(module, method)
    head = module.text(module.start(method), after_docstring(module, method))
    call = f"lambda: self._sync().{method.name}({', '.join(_passed(method))})"
    if is_stream(method):
        last = f"return self._database.stream({call})"
    else:
        last = f"return await self._database.{'write' if writes else 'read'}({call})"
    return "\n        ".join([f"    {head}", *_lists(method), last])


def _passed(method: ast.FunctionDef) -> Iterator[str]:
    """The arguments of the call that does the work."""
    _, *positional = [*method.args.posonlyargs, *method.args.args]
    yield from (argument.arg for argument in positional)
    yield from (f"{argument.arg}={argument.arg}" for argument in method.args.kwonlyargs)


def _lists(method: ast.FunctionDef) -> Iterator[str]:
    """Statements that read what an argument iterates over: the caller's iterator is not run on another thread."""
    for argument in (*method.args.args, *method.args.kwonlyargs):
        for node in ast.walk(argument.annotation or ast.Constant(None)):
            if isinstance(node, ast.Subscript) and named(node.value, "Iterable"):
                absent = f"None if {argument.arg} is None else " if node is not argument.annotation else ""
                yield f"{argument.arg} = {absent}[*{argument.arg}]"


def _writing(module: RenderedModule) -> set[str]:
    """The names of the methods that enter a transaction, themselves or in another method."""
    used = {
        method.name: {node.attr for node in ast.walk(method) if isinstance(node, ast.Attribute)}
        for method in module.methods()
    }
    writing, before = {"transaction"}, 0
    while len(writing) > before:
        before = len(writing)
        writing |= {name for name, attributes in used.items() if attributes & writing}
    return writing
