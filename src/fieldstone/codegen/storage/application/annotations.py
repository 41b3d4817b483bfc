"""An annotation of the application's source, as another module can write it: names in full, and their imports."""

from __future__ import annotations

import ast
import builtins

from msgspec import Struct

from fieldstone.codegen.storage.application.record_types import dotted, plain_name, unquoted
from fieldstone.codegen.storage.application.sources import SourceModule

_TRANSPARENT = frozenset({"Annotated", "Final", "Required", "NotRequired", "ReadOnly", "ClassVar"})
_TAKES_PARAMETERS = frozenset(
    "list dict tuple set frozenset type Mapping MutableMapping Sequence MutableSequence Iterable Collection Set "
    "Callable defaultdict collections.defaultdict collections.deque collections.Counter collections.OrderedDict".split()
)
"""Generic classes that strict type checkers take only with parameters."""

_TYPE_VARIABLES = frozenset({"TypeVar", "ParamSpec", "TypeVarTuple"})


class ImportedType(Struct, frozen=True):
    """A type with full names: `text`, and the modules to import for it; `Any` without modules where it is not known."""

    text: str
    modules: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether the source says the type."""
        return self != NOTHING_KNOWN


NOTHING_KNOWN = ImportedType("typing.Any", ("typing",))
"""The type where the source does not say it, or says it in a way that only the module itself understands."""


def imported_type(annotation: ast.expr | None, home: SourceModule) -> ImportedType:
    """The type of an annotation without None.

    Args:
        annotation: the annotation; None for none.
        home: the module that it stands in.
    """
    modules: set[str] = set()
    if annotation is None:
        return NOTHING_KNOWN
    try:
        members = [_full(one, home, modules) for one in _members(annotation, home)]
    except _NotKnownError:
        return NOTHING_KNOWN
    texts = dict.fromkeys(ast.unparse(one) for one in members)
    return ImportedType(" | ".join(texts), tuple(sorted(modules))) if texts else NOTHING_KNOWN


class _NotKnownError(Exception):
    """A part of an annotation that another module cannot write."""


def _members(node: ast.expr, home: SourceModule) -> list[ast.expr]:
    """The members of a union without None, each without `Final`, `Annotated` and their kind around it."""
    node = unquoted(node)
    if isinstance(node, ast.Constant) and node.value is None:
        return []
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_members(node.left, home), *_members(node.right, home)]
    if isinstance(node, ast.Subscript):
        name, parts = _name(node.value, home), _parts(node)
        if name in {"Optional", "Union"}:
            return [member for part in parts for member in _members(part, home)]
        if name in _TRANSPARENT:
            return _members(parts[0], home)
    return [node]


def _parts(node: ast.Subscript) -> list[ast.expr]:
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _name(node: ast.expr, home: SourceModule) -> str:
    return plain_name(home.resolve(dotted(node)))


def _full(node: ast.expr, home: SourceModule, modules: set[str]) -> ast.expr:
    """The expression with the full name of each name in it; adds the modules that they take."""
    node = unquoted(node)
    if isinstance(node, ast.Constant):
        return node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return ast.BinOp(_full(node.left, home, modules), node.op, _full(node.right, home, modules))
    if isinstance(node, ast.List):
        return ast.List([_full(one, home, modules) for one in node.elts], node.ctx)
    if isinstance(node, ast.Subscript):
        parts = _parts(node)
        if _name(node.value, home) != "Literal":
            parts = [_full(one, home, modules) for one in parts]
        inside = ast.Tuple(parts, ast.Load()) if isinstance(node.slice, ast.Tuple) else parts[0]
        return ast.Subscript(_full_name(node.value, home, modules), inside, node.ctx)
    if _name(node, home) in _TAKES_PARAMETERS:
        raise _NotKnownError
    return _full_name(node, home, modules)


def _full_name(node: ast.expr, home: SourceModule, modules: set[str]) -> ast.expr:
    name = dotted(node)
    first = name.partition(".")[0]
    if first in home.imports:
        modules.add(home.import_from[first])
        return ast.parse(home.resolve(name), mode="eval").body
    if first in home.classes or first in home.values:
        if plain_name(home.called(home.values.get(first))) in _TYPE_VARIABLES:
            raise _NotKnownError
        modules.add(home.name)
        return ast.parse(f"{home.name}.{name}", mode="eval").body
    if name and hasattr(builtins, first):
        return node
    raise _NotKnownError
