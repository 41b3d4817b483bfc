"""Typed syntax trees of mypy: the nodes in a node, and the classes of a type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mypy import nodes, types

ANYTHING = {"builtins.object", "google.protobuf.message.Message"}
"""The types of parameters whose functions may read every field, as those of `json_format` do."""

_ELSEWHERE = {"node", "info", "analyzed", "original_def", "var", "def_var", "variable", "type", "names", "imports"}
"""The attributes of nodes that refer to other parts of the program, not to what is in the node."""
_attributes: dict[type, tuple[str, ...]] = {}
_is_node: dict[type, bool] = {type(None): False}
"""Whether values of a type are nodes in a node: a scan asks for a million values."""


def children(node: nodes.Node) -> list[nodes.Node]:
    """The nodes directly in a node: mypy's own visitors cannot be subclassed outside of its compiled modules."""
    kind = type(node)
    if kind not in _attributes:
        named = {
            name for base in kind.__mro__ for name in getattr(base, "__mypyc_attrs__", getattr(base, "__slots__", ()))
        }
        _attributes[kind] = tuple(sorted(name for name in named - _ELSEWHERE if not name.startswith("__")))
    found: list[nodes.Node] = []
    for name in _attributes[kind]:
        value = getattr(node, name, None)
        held = _is_node.get(type(value))
        if held or (held is None and (isinstance(value, list | tuple) or _learned(type(value)))):
            _collect(value, found)
    return found


def _collect(value: Any, found: list[nodes.Node]) -> None:
    if isinstance(value, list | tuple):
        for item in value:
            _collect(item, found)
    elif _is_node[type(value)] if type(value) in _is_node else _learned(type(value)):
        found.append(value)


def _learned(kind: type) -> bool:
    """Whether values of a type are nodes in a node; functions are, and other symbols are defined elsewhere."""
    is_own = issubclass(kind, nodes.Node) and not issubclass(kind, nodes.SymbolNode)
    _is_node[kind] = is_own or issubclass(kind, nodes.FuncBase | nodes.Decorator)
    return _is_node[kind]


def class_names(found: types.Type | None, *, inside: bool = False) -> Iterator[str]:
    """The full names of the classes of a type; with `inside` also those in its arguments."""
    proper = types.get_proper_type(found) if found is not None else None
    if isinstance(proper, types.Instance):
        yield from (base.fullname for base in proper.type.mro)
        for argument in proper.args if inside else ():
            yield from class_names(argument, inside=True)
    elif isinstance(proper, types.UnionType | types.TupleType):
        for item in proper.items if inside or isinstance(proper, types.UnionType) else ():
            yield from class_names(item, inside=inside)
    elif isinstance(proper, types.TypeVarType):
        yield from class_names(proper.upper_bound, inside=inside)
    elif isinstance(proper, types.TypeType):
        yield from class_names(proper.item, inside=inside)


def has_any(found: types.Type | None) -> bool:
    """Whether a value has no type, or may have none."""
    proper = types.get_proper_type(found) if found is not None else None
    if isinstance(proper, types.UnionType):
        return any(has_any(item) for item in proper.items)
    return proper is None or isinstance(proper, types.AnyType)


def takes_anything(called: types.ProperType | None, o: nodes.CallExpr, index: int) -> bool:
    """Whether the parameter of an argument takes any object."""
    if isinstance(called, types.Overloaded):
        return any(takes_anything(item, o, index) for item in called.items)
    if not isinstance(called, types.CallableType):
        return not isinstance(called, types.Instance)
    kind, name = o.arg_kinds[index], o.arg_names[index]
    if kind == nodes.ARG_NAMED and name in called.arg_names:
        taken = called.arg_types[called.arg_names.index(name)]
    else:
        positional = [
            t
            for t, k in zip(called.arg_types, called.arg_kinds, strict=True)
            if k not in {nodes.ARG_NAMED, nodes.ARG_NAMED_OPT}
        ]
        taken = (
            positional[min(index, len(positional) - 1)] if positional else types.AnyType(types.TypeOfAny.special_form)
        )
    proper = types.get_proper_type(taken)
    return isinstance(proper, types.AnyType) or next(class_names(proper), "") in ANYTHING
