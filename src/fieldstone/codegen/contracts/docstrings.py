"""Comments and deprecations of the schema, added to the modules that protoc writes.

protoc's stubs name no comment and no deprecation. Here its text is read as Python, and what is missing is added:
docstrings, `@deprecated` (https://peps.python.org/pep-0702/), and that a constructor takes keywords alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from fieldstone.codegen.contracts.taken_names import qualify_types, reached, stub_without_keywords
from fieldstone.codegen.render import as_docstring
from fieldstone.schema.element import Element
from fieldstone.schema.model import Enum, Field, Message, Schema

_IMPORTS = "import builtins as _builtins\nfrom typing import overload as _overload\n"
_DEPRECATED = "from typing_extensions import deprecated as _deprecated\n"
"""A checker of types knows typing_extensions itself; nothing imports a stub."""

_QUOTED = re.compile(r"^(?P<indent> *)__doc__\((?P<text>.*)\)$", re.MULTILINE)
"""A docstring while it is no text yet: `ast` would write it with escapes wherever it is not the first statement."""


def documented_stub(text: str, schema: Schema, path: str) -> str:
    """A `_pb2.pyi` of protoc, with what the schema says.

    Args:
        text: what protoc wrote.
        schema: the file and all that it imports.
        path: the file's import path.
    """
    file = schema.files[path]
    stub = _Stub(schema, f"{file.package}." if file.package else "")
    tree = ast.parse(stub_without_keywords(text))
    qualify_types(tree)
    tree.body = [*stub.statements(tree.body)]
    if stub.has_deprecated:
        tree.body[:0] = ast.parse(_IMPORTS + _DEPRECATED).body
    if file.comment:
        tree.body.insert(0, _docstring(file.comment))
    return _QUOTED.sub(_as_docstring, ast.unparse(ast.fix_missing_locations(tree))) + "\n"


def docstrings(schema: Schema, path: str) -> str:
    """The statements that give the classes of a `_pb2.py` their docstrings, for `help` and notebooks."""
    package = schema.files[path].package
    documented = (m for m in schema.messages.values() if m.file == path and m.comment)
    classes = ((reached(m.full_name.removeprefix(f"{package}.")), as_docstring(m.comment)) for m in documented)
    return "".join(f'{name}.__doc__ = """{comment}"""\n' for name, comment in classes)


def end_of(element: Element) -> str:
    """The text that type checkers show for a deprecated element, the last line of its comment; else nothing."""
    return element.comment.splitlines()[-1] if element.lifecycle.deprecated and element.comment else ""


class _Stub(Struct):
    schema: Schema
    prefix: str
    has_deprecated: bool = False

    def statements(self, body: Iterable[ast.stmt], owner: str = "") -> Iterator[ast.stmt]:
        """The statements of a module or class with what the schema says of each.

        Args:
            body: as protoc wrote them.
            owner: the full name of the message or enum whose class it is; empty for a module.
        """
        for statement in body:
            if isinstance(statement, ast.ClassDef):
                yield self._class(statement, f"{owner}.{statement.name}" if owner else f"{self.prefix}{statement.name}")
            elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                yield from self._attribute(statement, statement.target.id, owner)
            elif isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
                yield from self._constructor(statement, self.schema.messages.get(owner))
            else:
                yield statement

    def _class(self, statement: ast.ClassDef, name: str) -> ast.ClassDef:
        element: Message | Enum | None = self.schema.messages.get(name) or self.schema.enums.get(name)
        statement.body = [*self.statements(statement.body, name)]
        if element is None:
            return statement
        if element.comment:
            statement.body.insert(0, _docstring(element.comment))
        if element.lifecycle.deprecated:
            statement.decorator_list.insert(0, self._deprecated(element))
        return statement

    def _attribute(self, statement: ast.AnnAssign, name: str, owner: str) -> Iterator[ast.stmt]:
        field = self._field(owner, name)
        if field is not None and field.lifecycle.deprecated:
            yield from self._properties(field, name, statement.annotation)
            return
        yield statement
        element = field or self._enum_value(owner, name)
        if element is not None and element.comment:
            yield _docstring(element.comment)

    def _field(self, owner: str, name: str) -> Field | None:
        message = self.schema.messages.get(owner)
        return next((f for f in message.fields.values() if f.name == name), None) if message else None

    def _enum_value(self, owner: str, name: str) -> Element | None:
        enum = self.schema.enums.get(owner)
        return next((v for v in enum.values if v.name == name), None) if enum else None

    def _properties(self, field: Field, name: str, type_: ast.expr) -> Iterator[ast.stmt]:
        """A deprecated field: nothing but a function can carry `@deprecated`."""
        getter = _function(f"def {name}(self) -> {ast.unparse(type_)}: ...")
        getter.decorator_list = [_expression("_builtins.property"), self._deprecated(field)]
        getter.body[:0] = [_docstring(field.comment)]
        yield getter
        if field.cardinality not in {"repeated", "map"} and field.type not in self.schema.messages:
            setter = _function(f"def {name}(self, value: {ast.unparse(type_)}) -> None: ...")
            setter.decorator_list = [_expression(f"{name}.setter"), self._deprecated(field)]
            yield setter

    def _constructor(self, function: ast.FunctionDef, message: Message | None) -> Iterator[ast.stmt]:
        """By keyword alone, as the runtime wants it; with a deprecated overload where a field is deprecated."""
        arguments = function.args
        arguments.kwonlyargs, arguments.args = arguments.args[1:], arguments.args[:1]
        arguments.kw_defaults, arguments.defaults = [*arguments.defaults], []
        old = {f.name: f for f in message.fields.values() if f.lifecycle.deprecated} if message else {}
        left = [a for a in arguments.kwonlyargs if a.arg not in old]
        if len(left) == len(arguments.kwonlyargs) or arguments.kwarg:  # which takes every name
            yield function
            return
        plain = _function(f"{ast.unparse(function)}")
        plain.args.kwonlyargs = [a for a in plain.args.kwonlyargs if a.arg not in old]
        plain.args.kw_defaults = plain.args.kw_defaults[: len(left)]
        plain.decorator_list = [_expression("_overload")]
        yield plain
        names = ", ".join(a.arg for a in arguments.kwonlyargs if a.arg in old)
        function.decorator_list = [_expression("_overload"), _deprecated(f"Deprecated: {names}")]
        yield function

    def _deprecated(self, element: Element) -> ast.expr:
        self.has_deprecated = True
        return _deprecated(end_of(element))


def _deprecated(text: str) -> ast.expr:
    return _expression(f"_deprecated({text!r})")


def _docstring(text: str) -> ast.stmt:
    return ast.Expr(ast.Call(ast.Name("__doc__"), [ast.Constant(text)], []))


def _as_docstring(found: re.Match[str]) -> str:
    indent = found["indent"]
    text = as_docstring(ast.literal_eval(found["text"])).replace("\n", f"\n{indent}")
    return re.sub(r" +$", "", f'{indent}"""{text}"""', flags=re.MULTILINE)


def _expression(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


def _function(source: str) -> ast.FunctionDef:
    (function,) = ast.parse(source).body
    if not isinstance(function, ast.FunctionDef):
        raise TypeError(source)
    return function
