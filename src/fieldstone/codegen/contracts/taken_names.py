"""Names in the modules of protoc that are Python's own: keywords, and the types that stubs name.

protoc writes a message, enum value or rpc that is called like a keyword (`None`, `True`) as it is, which is no Python;
protobuf itself reaches it by `getattr` (https://protobuf.dev/reference/python/python-generated/#keyword-conflicts).
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

_KEYWORD = "|".join(keyword.kwlist)
_BY_GLOBALS = re.compile(r"globals\(\)\['(\w+)'\]")
_BY_GETATTR = re.compile(r"getattr\(([\w.]+), '(\w+)'\)")
_CLASS = re.compile(rf"^( *)class ({_KEYWORD})\(", re.MULTILINE)
_VALUE = re.compile(rf"^ *(?:{_KEYWORD}): .*\n", re.MULTILINE)

_STUB_METHOD = re.compile(rf"^( +)self\.({_KEYWORD}) = ", re.MULTILINE)
_METHOD = re.compile(rf"^( +)def ({_KEYWORD})\(", re.MULTILINE)
_ATTRIBUTE = re.compile(rf"\b((?:\w*_pb2|servicer)(?:\.\w+)*)\.({_KEYWORD})\b(?=[.,)])")

_SCALARS = frozenset({"bool", "bytes", "float", "int", "object", "str"})
"""The builtins that protoc's stubs name."""


def in_stub(path: str) -> str:
    """A dotted class as `stub_without_keywords` names it: `Outer.class` is `Outer._class`."""
    return ".".join(f"_{part}" if keyword.iskeyword(part) else part for part in path.split("."))


def reached(path: str) -> str:
    """An expression for a class of a `_pb2.py`, also where a part of its dotted name is a keyword."""
    first, *others = path.split(".")
    found = f'globals()["{first}"]' if keyword.iskeyword(first) else first
    for part in others:
        found = f'getattr({found}, "{part}")' if keyword.iskeyword(part) else f"{found}.{part}"
    return found


def stub_without_keywords(text: str) -> str:
    """A `_pb2.pyi` in which a message called like a keyword is a private class, and an enum value is left out."""
    text = _BY_GETATTR.sub(r"\1._\2", _BY_GLOBALS.sub(r"_\1", text))
    return _VALUE.sub("", _CLASS.sub(r"\1class _\2(", text))


def services_without_keywords(text: str) -> str:
    """A `_pb2_grpc.py` that reaches messages and rpcs called like a keyword by `getattr`."""
    text = _STUB_METHOD.sub(r'\1self.__dict__["\2"] = ', text)
    classes = re.split(r"(?m)^(?=class )", text)
    moved = "".join(f"{part}{''.join(_methods(part))}" for part in classes)
    return _ATTRIBUTE.sub(r'getattr(\1, "\2")', _METHOD.sub(r"\1def _\2(", moved))


def _methods(source: str) -> Iterator[str]:
    """Statements that give a class the methods that `def` cannot name; each stands after the class."""
    owner = re.match(r"class (\w+)", source)
    if owner is not None:
        for found in _METHOD.finditer(source):
            yield f'\nsetattr({owner[1]}, "{found[2]}", {owner[1]}.__dict__["_{found[2]}"])\n\n'


def qualify_types(tree: ast.Module) -> None:
    """Have a stub's annotations mean the builtin or module where a field of the class is called like it."""
    imports = [node for node in tree.body if isinstance(node, ast.Import)]
    modules = {alias.asname or alias.name for node in imports for alias in node.names}
    used: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            _qualify_class(statement, set(), modules, used)
    _alias_builtins(tree)
    tree.body[:0] = ast.parse("\n".join(f"import {name} as _{name}" for name in sorted(used))).body


def _qualify_class(statement: ast.ClassDef, outer: AbstractSet[str], modules: AbstractSet[str], used: set[str]) -> None:
    targets = [part.target for part in statement.body if isinstance(part, ast.AnnAssign)]
    fields = outer | {target.id for target in targets if isinstance(target, ast.Name)}
    for part in statement.body:
        if isinstance(part, ast.ClassDef):
            _qualify_class(part, fields, modules, used)
            continue
        for node in _loaded(part):
            module = "builtins" if node.id in _SCALARS else node.id
            if node.id in fields and module in {"builtins", *modules}:
                used.add(module)
                node.id = f"_builtins.{node.id}" if module == "builtins" else f"_{module}"


def _loaded(tree: ast.AST) -> Iterator[ast.Name]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))


def _alias_builtins(tree: ast.Module) -> None:
    """Second names for classes called like another builtin, which type checkers find in place of one further down."""
    named = {statement.name for statement in tree.body if isinstance(statement, ast.ClassDef)}
    taken = {name for name in named if hasattr(builtins, name) and name not in _SCALARS and f"_{name}" not in named}
    for node in _loaded(tree):
        if node.id in taken:
            node.id = f"_{node.id}"
    tree.body.extend(ast.parse("\n".join(f"_{name} = {name}" for name in sorted(taken))).body)
