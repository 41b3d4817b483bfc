"""Functions that await PostgreSQL, made from those that do not.

A cursor or database in a place that `driver` does not list ends the generation: it would be a coroutine that nobody
awaits.
"""

from __future__ import annotations

import ast
from itertools import groupby

from fieldstone.codegen.storage.asynchronous.driver import Driver, functions_with_cursor
from fieldstone.codegen.storage.asynchronous.rendered import RenderedModule
from fieldstone.codegen.storage.asynchronous.signatures import give_generator, is_stream

_OTHER_FUNCTIONS = (ast.Lambda, ast.GeneratorExp, ast.FunctionDef)


def awaited_methods(module: RenderedModule) -> str:
    """The methods of the async twin, from the repository's module."""
    functions = _awaited_names(module)
    methods = {method.name for method in module.methods() if not is_stream(method)}
    for method in module.methods():
        _Function(module, method, Driver(method, functions, methods)).change()
        if is_stream(method):
            give_generator(module, method)
    return "\n\n".join(f"    {module.text_of(method)}" for method in module.methods())


def awaited_functions(module: RenderedModule) -> str:
    """The module's functions that are given a cursor, in the form that awaits it."""
    functions, names = functions_with_cursor(module), _awaited_names(module)
    for function in functions:
        _Function(module, function, Driver(function, names, set())).change()
    return "\n\n\n".join(module.text_of(function) for function in functions)


def _awaited_names(module: RenderedModule) -> set[str]:
    """The names of all functions that are given a cursor: the module's own, and the runtime's `copy`."""
    return {"copy", *(function.name for function in functions_with_cursor(module))}


class _Function:
    """A function to change."""

    def __init__(self, module: RenderedModule, function: ast.FunctionDef, driver: Driver) -> None:
        self._module, self._function, self._driver = module, function, driver
        self._in_another = False

    def change(self) -> None:
        """Put `async` and `await` where they belong."""
        self._before(self._function, "async ")
        self._visit(*self._function.body)

    def _visit(self, *nodes: ast.AST) -> None:
        for node in nodes:
            if not (isinstance(node, ast.stmt) and self._changed(node)):
                self._visit_other(node)

    def _changed(self, node: ast.stmt) -> bool:
        """Change a statement that has another form when it waits; False for one that has not."""
        match node:
            case ast.With():
                self._block(node)
            case ast.For() if self._driver.is_chunks(node.iter):
                self._chunks(node)
            case ast.Expr(value=ast.YieldFrom(value=value)):
                self._each(node, value)
            case ast.Expr(value=ast.Call() as call) if self._driver.is_awaited(call):
                self._await(call)
            case _:
                return False
        return True

    def _visit_other(self, node: ast.AST) -> None:
        if isinstance(node, ast.Attribute) and self._driver.is_value(node):
            self._await_inside(node)
        elif isinstance(node, ast.Call) and self._driver.is_awaited(node) and not self._driver.is_cursor(node):
            self._await(node)
        elif isinstance(node, ast.expr) and (self._driver.is_cursor(node) or self._driver.is_database(node)):
            self._module.refuse(node, "a cursor or the database in a place of its own")
        elif isinstance(node, ast.YieldFrom):
            self._module.refuse(node, "`yield from` in an expression")
        else:
            outer, self._in_another = self._in_another, self._in_another or isinstance(node, _OTHER_FUNCTIONS)
            self._visit(*ast.iter_child_nodes(node))
            self._in_another = outer

    def _await(self, call: ast.Call) -> None:
        if self._in_another:
            self._module.refuse(call, "a cursor in a function or generator of its own")
        self._before(call, "await ")
        given = [*call.args, *call.keywords]
        if isinstance(call.func, ast.Attribute):
            self._await_inside(call.func)
        elif call.args and self._driver.is_cursor(call.args[0]) and isinstance(call.args[0], ast.Name):
            del given[0]  # the cursor of a function that awaits it
        self._visit(*given)

    def _await_inside(self, node: ast.Attribute) -> None:
        """Await the call whose answer the attribute is of, if it is one."""
        if isinstance(node.value, ast.Call):
            self._before(node.value, "(")
            self._await(node.value)
            self._after(node.value, ")")

    def _block(self, node: ast.With) -> None:
        """Enter and leave a block with waiting; one of several contexts becomes several blocks, one in another."""
        groups = [(waits, list(items)) for waits, items in groupby(node.items, key=self._waits)]
        for waits, items in groups:
            self._visit(*(item.context_expr for item in items if not waits))
        if len(groups) > 1:
            self._head(node, [self._with(items, waits=waits) for waits, items in groups])
        elif groups[0][0]:
            self._before(node, "async ")
        self._visit(*node.body)

    def _waits(self, item: ast.withitem) -> bool:
        return self._driver.is_block(item.context_expr)

    def _with(self, items: list[ast.withitem], *, waits: bool) -> str:
        first, last = items[0].context_expr, items[-1].optional_vars or items[-1].context_expr
        return f"{'async ' if waits else ''}with {self._module.text(self._module.start(first), self._module.end(last))}"

    def _chunks(self, node: ast.For) -> None:
        """Read chunks; what gives them is closed also when nobody wants the last."""
        self._visit(*(node.iter.args if isinstance(node.iter, ast.Call) else ()))
        chunks, target = self._module.text_of(node.iter), self._module.text_of(node.target)
        self._head(node, [f"async with aclosing({chunks}) as chunks", f"async for {target} in chunks"])
        self._visit(*node.body)

    def _head(self, node: ast.With | ast.For, lines: list[str]) -> None:
        """Give a block several heads, each indented by a column more, which the formatter makes whole."""
        indented = [f"{' ' * (node.col_offset + deeper)}{line}:\n" for deeper, line in enumerate(lines)]
        body = node.body[0]
        text = "".join(indented).lstrip() + " " * body.col_offset
        self._module.replace(self._module.start(node), self._module.start(body), text)

    def _each(self, node: ast.Expr, value: ast.expr) -> None:
        """Give one after the other: a generator that awaits has no `yield from`."""
        self._module.replace(self._module.start(node), self._module.start(value), "for record in ")
        self._visit(value)
        self._after(node, f":\n{' ' * (node.col_offset + 4)}yield record")

    def _before(self, node: ast.stmt | ast.expr, text: str) -> None:
        self._module.replace(self._module.start(node), self._module.start(node), text)

    def _after(self, node: ast.stmt | ast.expr, text: str) -> None:
        self._module.replace(self._module.end(node), self._module.end(node), text)
