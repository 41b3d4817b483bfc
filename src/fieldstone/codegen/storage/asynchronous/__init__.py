"""The async twins of a module's repositories, made from the rendered repositories themselves.

Each method of a repository has one in its twin, whatever its template came to write: the Protocol's with `async` before
it, PostgreSQL's with `await` where the driver is awaited, SQLite's handed to a thread. Names still have their marks, so
that none of the schema is taken for one of the generator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fieldstone.codegen.render import render
from fieldstone.codegen.scopes import settled, unmarked
from fieldstone.codegen.storage.asynchronous.awaited import awaited_functions, awaited_methods
from fieldstone.codegen.storage.asynchronous.driver import RUNTIME, functions_with_cursor
from fieldstone.codegen.storage.asynchronous.protocol import protocol_methods
from fieldstone.codegen.storage.asynchronous.rendered import RenderedModule
from fieldstone.codegen.storage.asynchronous.threads import threaded_methods
from fieldstone.codegen.storage.views import ModuleView


def async_protocol(view: ModuleView, rendered: str) -> str:
    """The module with the Protocol of the twins, from the rendered module `repository`."""
    module = RenderedModule(rendered)
    parts = {"imports": module.imports(), "methods": protocol_methods(module)}
    return settled(render("storage/async_repository.py.j2", view=view, **parts))


def async_twin(view: ModuleView, dialect: str, rendered: str, names: Mapping[str, str], *, is_awaited: bool) -> str:
    """The module with the twin of a repository, from the rendered module of its dialect.

    Args:
        view: the module.
        dialect: the dialect's name.
        rendered: the repository's module, with marks.
        names: the definitions of that module: marked, each with its final name.
        is_awaited: whether the driver is awaited; else the work is done on threads.
    """
    module = RenderedModule(rendered)
    if is_awaited:
        parts = {
            "imports": module.imports(RUNTIME),
            "shared": ", ".join(_shared(module, names)),
            "methods": awaited_methods(module),
            "functions": awaited_functions(module),
        }
    else:
        parts = {"imports": module.imports(), "methods": threaded_methods(module)}
    return settled(render(f"{dialect}/async_repository.py.j2", view=view, **parts))


def _shared(module: RenderedModule, names: Mapping[str, str]) -> Iterator[str]:
    """The definitions of the repository's module that its twin imports, as `import` names them."""
    others = {module.repository.name, *(function.name for function in functions_with_cursor(module))}
    for name, final in names.items():
        if name not in others:
            yield name if final == unmarked(name) else f"{final} as {name}"
