"""The converters of `fieldstone_runtime.converters`, and the attributes whose type alone says that they take one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from msgspec import Struct

from fieldstone.codegen.storage.application.annotations import ImportedType
from fieldstone.codegen.storage.application.attributes import RecordAttribute
from fieldstone.codegen.storage.application.record_types import Type, fits
from fieldstone.codegen.storage.application.sources import SourceModule, Sources
from fieldstone.errors import NotFound
from fieldstone.suggestions import did_you_mean

RUNTIME = "fieldstone_runtime.converters"


class ReadyConverter(Struct, frozen=True):
    """A converter of the runtime; the attributes are those of `FoundConverter`."""

    expression: str
    modules: tuple[str, ...]
    takes: ImportedType
    has_example: bool = False


_READY: Mapping[str, ReadyConverter] = {
    name: ReadyConverter(f"{RUNTIME}.{name}", (RUNTIME,), ImportedType(text, modules), has_example)
    for name, text, modules, has_example in (
        ("UuidText", "uuid.UUID", ("uuid",), True),
        ("UuidBytes", "uuid.UUID", ("uuid",), True),
        ("DecimalText", "decimal.Decimal", ("decimal",), True),
        ("NaiveUtc", "datetime.datetime", ("datetime",), False),
        ("Tuples", "tuple[typing.Any, ...]", ("typing",), False),
        ("Sequences", "collections.abc.Sequence[typing.Any]", ("collections.abc", "typing"), False),
        ("Mappings", "collections.abc.Mapping[typing.Any, typing.Any]", ("collections.abc", "typing"), False),
    )
}
_ENUMS = ("EnumValues", "EnumNames")
_BY_TYPE: Mapping[tuple[str, str], str] = {
    ("uuid.UUID", "str"): "UuidText",
    ("uuid.UUID", "bytes"): "UuidBytes",
    ("decimal.Decimal", "str"): "DecimalText",
}
_SEQUENCES = frozenset({"Sequence", "Collection", "Iterable"})
_MAPPINGS = frozenset({"Mapping", "MutableMapping"})
_ENUM_BASES = frozenset({"enum.Enum", "enum.IntEnum", "enum.StrEnum"})


def ready_converter(reference: str) -> ReadyConverter | None:
    """The converter of the runtime that a reference names; None for one of the application.

    "fieldstone_runtime.converters:EnumValues(app.records:Colour)" converts an enum of the application.

    Raises:
        FieldstoneError: the runtime has no such converter.
    """
    module, _, name = reference.partition(":")
    if module != RUNTIME:
        return None
    made, _, enum = name.partition("(")
    if made not in _ENUMS and name not in _READY:
        raise NotFound(f"{RUNTIME} has no {name}", fix=did_you_mean(name, _READY, f"it has {', '.join(_READY)}"))
    if made not in _ENUMS:
        return _READY[name]
    home, _, enum_class = enum.removesuffix(")").partition(":")
    full = f"{home}.{enum_class}"
    return ReadyConverter(f"{RUNTIME}.{made}({full})", (RUNTIME, home), ImportedType(full, (home,)), has_example=True)


def ready_for(attribute: RecordAttribute, plain: str, sources: Sources) -> str:
    """The reference of the ready converter for an attribute; empty where it needs or has none.

    Args:
        attribute: the attribute of the application's class.
        plain: the annotation that the attribute would need without a converter, without None.
        sources: the application's modules, for its enums.
    """
    types = attribute.types - {Type("None")}
    if len(types) != 1:
        return ""
    [only] = types
    name = _BY_TYPE.get((only.name, plain)) or _of_collection(only, plain)
    if not name and (plain in {"str", "int"} or plain.endswith("| int")):
        name = _of_enum(only, plain, sources)
    return f"{RUNTIME}:{name}" if name else ""


def _of_collection(only: Type, plain: str) -> str:
    is_list, is_dict = plain.startswith("list["), plain.startswith("dict[")
    if only.name == "tuple" and (is_list or plain == "Any"):
        items = only.arguments[:1] if only.arguments[1:] == (frozenset({Type("Ellipsis")}),) else only.arguments
        is_open = not only.arguments or items != only.arguments
        held = frozenset({Type("Sequence", items)})
        return "Tuples" if is_open and fits(held, plain if is_list else "list[Any]") else ""
    if only.name in _SEQUENCES and (is_list or plain == "Any"):
        return "Sequences" if fits(frozenset({only}), plain if is_list else "list[Any]") else ""
    if only.name in _MAPPINGS and (is_dict or plain == "Any"):
        return "Mappings" if fits(frozenset({only}), plain if is_dict else "dict[str, Any]") else ""
    return ""


def _of_enum(only: Type, plain: str, sources: Sources) -> str:
    """By value where the field holds the values of all members, else, in text, by name."""
    found = sources.class_named(only.name)
    if found is None:
        return ""
    home, node = found
    bases = set(map(home.full_name, node.bases))
    if not bases & _ENUM_BASES:
        return ""
    values = set(_values(node, home))
    module, _, name = only.name.rpartition(".")
    by_value = "enum.StrEnum" in bases or values == {"str"} if plain == "str" else values <= {"int"}
    if by_value:
        return f"EnumValues({module}:{name})"
    return f"EnumNames({module}:{name})" if plain == "str" else ""


def _values(node: ast.ClassDef, home: SourceModule) -> Iterator[str]:
    """The types of the members' values; those of `auto()` count up."""
    for part in node.body:
        if isinstance(part, ast.Assign):
            value = part.value.operand if isinstance(part.value, ast.UnaryOp) else part.value
            if isinstance(value, ast.Constant):
                yield type(value.value).__name__
            else:
                yield "int" if home.called(value) == "enum.auto" else "other"
