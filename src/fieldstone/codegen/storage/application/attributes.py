"""An attribute of a record class, as its class declares it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from msgspec import Struct

from fieldstone.codegen.storage.application.annotations import NOTHING_KNOWN, ImportedType, imported_type
from fieldstone.codegen.storage.application.record_types import Type, Types, dotted, unquoted
from fieldstone.codegen.storage.application.sources import SourceModule

Arguments = Mapping[str, ast.expr]
"""The keyword arguments of a call."""


class RecordAttribute(Struct, frozen=True, kw_only=True):
    """An attribute of a record class.

    Attributes:
        name: the attribute.
        annotation: its annotation as written, in the spelling of `ast.unparse`.
        types: what the annotation says, for `record_types.fits`.
        imported: the annotation without None, as another module writes it.
        has_default: whether it may be left out when an instance is made.
        line: where it stands in the file of the class that declares it.
        keyword: the argument that gives it when an instance is made; empty where none does.
        not_given: the reason for an empty `keyword`, as the end of a sentence.
        init_only: whether the instance does not have it: an `InitVar`.
    """

    name: str
    annotation: str
    types: Types
    imported: ImportedType = NOTHING_KNOWN
    has_default: bool
    line: int
    keyword: str
    not_given: str = ""
    init_only: bool = False

    @property
    def may_be_none(self) -> bool:
        """Whether None is a value of its type."""
        return bool(self.types & _WITH_NONE)

    @property
    def holds_none(self) -> bool:
        """Whether its type names None."""
        return Type("None") in self.types


_WITH_NONE = frozenset({Type("None"), Type("Any"), Type("object")})
_NO_ATTRIBUTE = frozenset({"ClassVar", "dataclasses.KW_ONLY"})


def declared(node: ast.ClassDef, home: SourceModule) -> Iterator[ast.AnnAssign]:
    """The annotated names of a class's body that belong to its instances."""
    for statement in node.body:
        match statement:
            case ast.AnnAssign(target=ast.Name()) if home.kind(statement.annotation) not in _NO_ATTRIBUTE:
                yield statement


def attribute(
    statement: ast.AnnAssign, home: SourceModule, *, has_default: bool, keyword: str, not_given: str = ""
) -> RecordAttribute:
    """The attribute of an annotated name.

    Args:
        statement: the name and its annotation.
        home: the module that it stands in.
        has_default: as `RecordAttribute` has it.
        keyword: the same.
        not_given: the same.
    """
    return RecordAttribute(
        name=dotted(statement.target),
        annotation=ast.unparse(unquoted(statement.annotation)),
        types=home.types(statement.annotation),
        imported=imported_type(statement.annotation, home),
        has_default=has_default,
        line=statement.lineno,
        keyword=keyword,
        not_given=not_given,
        init_only=home.kind(statement.annotation) == "dataclasses.InitVar",
    )


def arguments(node: ast.expr | None) -> Arguments:
    """The keyword arguments of a call; none for anything else."""
    return {word.arg: word.value for word in node.keywords if word.arg} if isinstance(node, ast.Call) else {}


def flag(given: Arguments, name: str, *, default: bool = False) -> bool:
    """An argument that is True or False; the default where it is neither."""
    value = given.get(name)
    return bool(value.value) if isinstance(value, ast.Constant) else default


def text(node: ast.expr | None) -> str:
    """A literal text; empty for any other expression."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
