"""The kinds of classes that may be records, and the attributes that each kind declares.

Dataclasses: https://docs.python.org/3/library/dataclasses.html,
NamedTuples: https://docs.python.org/3/library/typing.html#typing.NamedTuple.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from fieldstone.codegen.storage.application import attrs_classes, pydantic_models
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

DATACLASS, ATTRS, NAMED_TUPLE = "dataclass", "attrs class", "NamedTuple"
PYDANTIC, PYDANTIC_DATACLASS = "pydantic model", "pydantic dataclass"
VALIDATING = frozenset({PYDANTIC, PYDANTIC_DATACLASS})
"""The kinds whose classes refuse values that do not fit their types."""

_DATACLASSES = {"dataclasses.dataclass": DATACLASS, "pydantic.dataclasses.dataclass": PYDANTIC_DATACLASS}
_FIELDS = frozenset({"dataclasses.field", *pydantic_models.FIELDS})


def decorator_of(node: ast.ClassDef, home: SourceModule) -> tuple[str, Arguments]:
    """The kind that a class's decorators give it, and the decorator's arguments; an empty kind for none."""
    for decorator in node.decorator_list:
        name = home.called(decorator)
        if name in _DATACLASSES:
            return _DATACLASSES[name], arguments(decorator)
        if name in attrs_classes.DECORATORS:
            return ATTRS, arguments(decorator)
    return "", {}


def kind_of(node: ast.ClassDef, home: SourceModule, ancestors: Collection[str]) -> str:
    """The kind of a class; empty for one that is no record.

    Args:
        node: the class.
        home: the module that it stands in.
        ancestors: the full names of its bases and theirs.
    """
    kind = decorator_of(node, home)[0]
    if kind:
        return kind
    if pydantic_models.BASES & set(ancestors):
        return PYDANTIC
    return NAMED_TUPLE if "NamedTuple" in ancestors else ""


def attributes_of(node: ast.ClassDef, home: SourceModule, kind: str, config: Arguments) -> Iterator[RecordAttribute]:
    """The attributes that a class declares itself, as a class of that kind.

    Args:
        node: the class, or a base of the record class.
        home: the module that it stands in.
        kind: the kind of the record class; a base that is no dataclass or attrs class gives these kinds none.
        config: the options of a pydantic model.
    """
    decorated = decorator_of(node, home)[0]
    if kind == PYDANTIC:
        yield from pydantic_models.fields_of_model(node, home, config)
    elif kind == NAMED_TUPLE:
        yield from _of_named_tuple(node, home)
    elif kind == ATTRS and decorated == ATTRS:
        yield from attrs_classes.fields_of_attrs(node, home)
    elif kind in _DATACLASSES.values() and decorated in _DATACLASSES.values():
        yield from _of_dataclass(node, home)


def _of_named_tuple(node: ast.ClassDef, home: SourceModule) -> Iterator[RecordAttribute]:
    """A class that inherits from a NamedTuple class adds no fields to it."""
    if "NamedTuple" in map(home.full_name, node.bases):
        for statement in declared(node, home):
            yield attribute(statement, home, has_default=statement.value is not None, keyword=dotted(statement.target))


def _of_dataclass(node: ast.ClassDef, home: SourceModule) -> Iterator[RecordAttribute]:
    for statement in declared(node, home):
        value = statement.value
        given = arguments(value) if home.called(value) in _FIELDS else None
        is_given = given is None or flag(given, "init", default=True)
        yield attribute(
            statement,
            home,
            has_default=value is not None if given is None else bool({"default", "default_factory"} & set(given)),
            keyword=(text((given or {}).get("alias")) or dotted(statement.target)) if is_given else "",
            not_given="" if is_given else "it has init=False",
        )
