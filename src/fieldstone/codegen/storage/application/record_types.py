"""Annotations of the application's attributes, as types that can be compared.

Two spellings of one type are one: `Optional[int]` and `int | None`, `typing.List` and `list`,
`datetime.datetime` and the `datetime` that a module imports.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from msgspec import Struct


class Type(Struct, frozen=True):
    """One type that is no union; `name` is the full one, without `builtins`, `typing` or `collections.abc`."""

    name: str
    arguments: tuple[frozenset[Type], ...] = ()


Types = frozenset[Type]
"""A union; of one member for a plain type."""

Resolve = Callable[[str], str | Types]
"""From a name of a module, with its dots, to the full name, or to the types that the name is an alias of."""

_GENERATED = {"datetime": "datetime.datetime", "timedelta": "datetime.timedelta"}
_TYPING = ("typing.", "typing_extensions.", "collections.abc.", "builtins.")
_OLD_NAMES = {"List": "list", "Dict": "dict", "Tuple": "tuple", "Text": "str", "Set": "set", "FrozenSet": "frozenset"}
_TRANSPARENT = frozenset({"Annotated", "Final", "Required", "NotRequired", "ReadOnly"})
_ANYTHING = frozenset({"Any", "object"})
_JSON = frozenset({"bool", "int", "float", "str", "list", "dict", "Mapping", "MutableMapping", "Sequence"})
_WIDER: Mapping[str, frozenset[str]] = {
    "int": frozenset({"float"}),
    "list": frozenset({"MutableSequence", "Sequence", "Collection", "Iterable"}),
    "dict": frozenset({"MutableMapping", "Mapping"}),
}
_READ_ONLY = frozenset({"Mapping", "Sequence", "Collection", "Iterable"})
_SIMPLE = frozenset({"int", "float", "bool", "str", "bytes", "None", "Any", "list", "dict", *_GENERATED.values()})


def fits(types: Types, expected: str) -> bool:
    """Whether an attribute can hold all that a field gives.

    Any and object hold everything, float holds ints, Mapping a dict and Sequence a list. A JSON
    value (Any) goes where any part of JSON may stand. A class is compared by its last name, as it
    may be imported from where it is used.

    Args:
        types: the attribute's.
        expected: the annotation of a generated record: `int | None`, `list[Money]`, `datetime`.
    """
    return _hold(types, parse_annotation(expected, lambda name: _GENERATED.get(name, name)))


def may_give(types: Types, wanted: str) -> bool:
    """Whether a function that gives these types may give what a field holds; only plain types are judged.

    Args:
        types: what the function's annotation says.
        wanted: the annotation of a generated record: `bytes`, `list[int]`.
    """
    held = parse_annotation(wanted, lambda name: _GENERATED.get(name, name))
    plain = [one for one in types if one.name in _SIMPLE - {"None", "Any"}]
    return all(any(_holds(other, Type(one.name)) for other in held) for one in plain)


def parse_annotation(annotation: str | ast.expr, resolve: Resolve) -> Types:
    """The types of an annotation, which may stand in quotes; one that is no Python is a type of that name."""
    if isinstance(annotation, ast.expr):
        return _parse(annotation, resolve)
    try:
        return _parse(ast.parse(annotation.strip(), mode="eval").body, resolve)
    except (SyntaxError, ValueError):
        return frozenset({Type(annotation)})


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a name with its dots; empty for any other expression."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value)):
        return f"{owner}.{node.attr}"
    return ""


def unquoted(annotation: ast.expr) -> ast.expr:
    """The expression that an annotation in quotes holds; others as they are."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return ast.parse(annotation.value.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            return annotation
    return annotation


def plain_name(full_name: str) -> str:
    """`typing.List` -> `list`, `collections.abc.Mapping` -> `Mapping`; others stay as they are."""
    for prefix in _TYPING:
        if full_name.startswith(prefix):
            name = full_name.removeprefix(prefix)
            return _OLD_NAMES.get(name, name)
    return full_name


def _parse(node: ast.expr, resolve: Resolve) -> Types:
    if isinstance(node, ast.Constant):
        return _parse_constant(node.value, resolve)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _parse(node.left, resolve) | _parse(node.right, resolve)
    if isinstance(node, ast.Subscript):
        return _parse_subscript(node, resolve)
    name = dotted(node)
    found = resolve(name) if name else ast.unparse(node)
    return frozenset({Type(plain_name(found))}) if isinstance(found, str) else found


def _parse_constant(value: object, resolve: Resolve) -> Types:
    if isinstance(value, str):
        return parse_annotation(value, resolve)
    return frozenset({Type(repr(value))})


def _parse_subscript(node: ast.Subscript, resolve: Resolve) -> Types:
    found = resolve(dotted(node.value))
    name = plain_name(found) if isinstance(found, str) else ast.unparse(node.value)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name in _TRANSPARENT:
        return _parse(parts[0], resolve)
    arguments = tuple(_parse(part, resolve) for part in parts)
    if name == "Optional":
        return arguments[0] | {Type("None")}
    if name == "Union":
        return frozenset().union(*arguments)
    return frozenset({Type(name, arguments)})


def _hold(types: Types, expected: Types) -> bool:
    return all(any(_holds(one, wanted) for one in types) for wanted in expected)


def _holds(one: Type, wanted: Type) -> bool:
    if one.name in _ANYTHING:
        return True
    if wanted.name == "Any":
        return one.name in _JSON
    if not _same_name(one.name, wanted.name) and one.name not in _WIDER.get(wanted.name, ()):
        return False
    if not one.arguments or not wanted.arguments:
        return True
    read_only = one.name in _READ_ONLY
    wanted_arguments = wanted.arguments[: len(one.arguments)]
    return all(
        _argument_holds(*pair, read_only=read_only) for pair in zip(one.arguments, wanted_arguments, strict=True)
    )


def _argument_holds(one: Types, wanted: Types, *, read_only: bool) -> bool:
    """Members of what can be written to must be of the very type (https://mypy.readthedocs.io/en/stable/generics.html)."""
    anything = frozenset({Type("Any")})
    if read_only or anything in {one, wanted}:
        return _hold(one, wanted)
    return _hold(one, wanted) and _hold(wanted, one)


def _same_name(name: str, wanted: str) -> bool:
    return name == wanted or (wanted not in _SIMPLE and name.rpartition(".")[2] == wanted.rpartition(".")[2])
