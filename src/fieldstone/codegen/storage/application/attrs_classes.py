"""Fields of attrs classes: https://www.attrs.org/en/stable/api.html."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fieldstone.codegen.storage.application.attributes import (
    Arguments,
    RecordAttribute,
    arguments,
    attribute,
    declared,
    flag,
    text,
)
from fieldstone.codegen.storage.application.record_types import dotted
from fieldstone.codegen.storage.application.sources import SourceModule

_BY_ANNOTATION = frozenset(
    f"{package}.{name}" for package in ("attr", "attrs") for name in ("define", "mutable", "frozen", "dataclass")
)
DECORATORS = _BY_ANNOTATION | {"attr.s", "attr.attrs", "attr.attributes"}
"""The full names of the decorators that make an attrs class."""

_FIELDS = frozenset({"attr.ib", "attr.attrib", "attr.attr", "attr.field", "attrs.field"})


def fields_of_attrs(node: ast.ClassDef, home: SourceModule) -> Iterator[RecordAttribute]:
    """The fields that an attrs class declares itself; `_name` is given as `name`.

    Args:
        node: the class, which has one of `DECORATORS`.
        home: the module that it stands in.
    """
    by_decorator = set(_defaults_by_decorator(node))
    for statement in _statements(node, home):
        name, value = dotted(statement.target), statement.value
        given = arguments(value) if home.called(value) in _FIELDS else None
        is_given = given is None or flag(given, "init", default=True)
        has_default = value is not None if given is None else _has_default(value, given)
        yield attribute(
            statement,
            home,
            has_default=has_default or name in by_decorator,
            keyword=(text((given or {}).get("alias")) or name.lstrip("_") or name) if is_given else "",
            not_given="" if is_given else "it has init=False",
        )


def _has_default(call: ast.expr | None, given: Arguments) -> bool:
    is_first = isinstance(call, ast.Call) and bool(call.args)  # of `attr.ib`, the first is the default
    return is_first or bool({"default", "factory"} & set(given))


def _defaults_by_decorator(node: ast.ClassDef) -> Iterator[str]:
    """The fields whose default a method gives: `@x.default`."""
    for part in node.body:
        for decorator in part.decorator_list if isinstance(part, ast.FunctionDef) else ():
            name, _, what = dotted(decorator).rpartition(".")
            if what == "default":
                yield name


def _statements(node: ast.ClassDef, home: SourceModule) -> list[ast.AnnAssign]:
    """All annotated names, or all calls of `field` where one of them has no annotation."""
    annotated = list(declared(node, home))
    assigned = (part for part in node.body if isinstance(part, ast.Assign))
    bare = [_annotated(part) for part in assigned if home.called(part.value) in _FIELDS]
    decorator = next(one for one in node.decorator_list if home.called(one) in DECORATORS)
    by_default = home.called(decorator) in _BY_ANNOTATION and not bare
    if flag(arguments(decorator), "auto_attribs", default=by_default):
        return annotated
    return [*bare, *(one for one in annotated if home.called(one.value) in _FIELDS)]


def _annotated(statement: ast.Assign) -> ast.AnnAssign:
    """`x = attr.ib(type=int)` as `x: int = attr.ib()`; a field without a type may hold anything."""
    target = statement.targets[0]
    name = target if isinstance(target, ast.Name) else ast.Name("", ast.Store())
    annotation = arguments(statement.value).get("type") or ast.Name("Any", ast.Load())
    return ast.copy_location(ast.AnnAssign(name, annotation, statement.value, simple=1), statement)
