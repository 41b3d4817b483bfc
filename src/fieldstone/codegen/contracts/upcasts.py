"""A message and the one that takes its place -> the function from one DTO to the other.

A field is copied where both sides hold the same, and converted where nothing can be lost. What
cannot be derived is asked of the caller, as a typed argument: nothing is guessed, nothing left out
unseen.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from fieldstone.codegen.class_names import DtoModule, DtoNames, field_access
from fieldstone.codegen.contracts.dto_types import element_of, value_type
from fieldstone.codegen.contracts.views import UpcastArgumentView, UpcastView
from fieldstone.codegen.render import render
from fieldstone.codegen.scopes import marked, settled
from fieldstone.schema.model import Enum, Field, Message, Schema, package_version
from fieldstone.schema.storage import JSON_MESSAGES, SCALAR_KINDS, record_name

_WIDER = {("int32", "int64"), ("uint32", "uint64"), ("uint32", "int64"), ("float", "double")}


class _Plan(Struct):
    """The collected parts of one function."""

    statements: list[str] = []
    arguments: list[UpcastArgumentView] = []
    used: set[str] = field(default_factory=set)
    reversible: bool = True


def upcasts_module(schema: Schema, dto_module: DtoModule) -> str:
    """The module of a contracts package that leads from a message to its successor; empty where none is superseded.

    Args:
        schema: the schema with all imported files, these without annotations of storage.
        dto_module: where each file's DTOs are.
    """
    names = DtoNames(schema, dto_module)
    entities = [message for message in schema.messages.values() if message.entity is not None]
    upcasts = list(upcast_views(schema, names, entities))
    imports = names.imports(_argument_elements(entities, schema))
    return settled(render("contracts/upcasts.py.j2", imports=imports, upcasts=upcasts)) if upcasts else ""


def upcast_views(schema: Schema, names: DtoNames, messages: Sequence[Message]) -> Iterator[UpcastView]:
    """The functions from each superseded message to its successor, and back where nothing is lost.

    Args:
        schema: the schema with all imported files.
        names: what the DTO classes are called.
        messages: the module's messages with an annotation.
    """
    for new in messages:
        old = schema.messages.get(new.entity.supersedes) if new.entity else None
        if old is None:
            continue
        there = _plan(old, new, _sources(old, new), schema, names)
        yield _view("upcast", old, new, there, names)
        back_sources = _reversed(_sources(old, new), new)
        back = _plan(new, old, back_sources, schema, names)
        complete = len(there.used) == len(old.fields) and len(back.used) == len(new.fields)
        if there.reversible and back.reversible and complete and not there.arguments:
            yield _view("downcast", new, old, back, names)


def versioned(message: Message) -> tuple[str, str]:
    """The name of a record without its version, and the version: ("step", "v2")."""
    version = package_version(message.package)
    name = record_name(message)
    return name.removesuffix(f"_{version}") if version else name, version


def _view(verb: str, source: Message, target: Message, plan: _Plan, names: DtoNames) -> UpcastView:
    (name, old), (renamed, new) = versioned(source), versioned(target)
    after = f"{'' if name == renamed else renamed + '_'}{new}" or renamed
    return UpcastView(
        name=f"{verb}_{name}{f'_{old}' if old else ''}_to_{after}",
        source=names.of(source),
        target=names.of(target),
        statements=plan.statements,
        arguments=plan.arguments,
        lost=[f.name for f in source.fields.values() if f.name not in plan.used],
        parses_json=any("json_format" in statement for statement in plan.statements),
    )


def _sources(old: Message, new: Message) -> dict[str, list[str]]:
    """Each field of the new message, to the fields of the old one that it comes from."""
    known = {f.name for f in old.fields.values()}
    return {f.name: list(f.column.sources) or ([f.name] if f.name in known else []) for f in new.fields.values()}


def _reversed(sources: dict[str, list[str]], new: Message) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for f in new.fields.values():
        for source in sources[f.name]:
            found.setdefault(source, []).append(f.name)
    return found


def _plan(old: Message, new: Message, sources: dict[str, list[str]], schema: Schema, names: DtoNames) -> _Plan:
    plan = _Plan()
    by_name = {f.name: f for f in old.fields.values()}
    for target in new.fields.values():
        given = [by_name[name] for name in sources.get(target.name, ()) if name in by_name]
        if not given:
            continue
        plan.used |= {f.name for f in given}
        statements = _derived(given[0], target, schema) if len(given) == 1 else []
        if statements:
            plan.reversible &= given[0].type == target.type
            plan.statements += statements
        else:
            plan.arguments.append(_argument(given, target, schema, names))
    return plan


def _derived(old: Field, new: Field, schema: Schema) -> list[str]:
    """Statements that need nobody's help; none where there is no such way."""
    source, target = field_access("old", old), field_access("new", new)
    if old.cardinality != new.cardinality and "repeated" in {old.cardinality, new.cardinality}:
        return []
    if old.cardinality in {"repeated", "map"} or new.cardinality == "map":
        same = old.cardinality == new.cardinality and old.type == new.type
        return [f"{target}.MergeFrom({source})"] if same else []
    if old.presence == "explicit" and new.presence == "implicit":
        return []
    statement = _copy(old, new, source, target, schema)
    if statement and old.presence == "explicit":
        return [f'if old.HasField("{old.name}"):', f"    {statement}"]
    return [statement] if statement else []


def _copy(old: Field, new: Field, source: str, target: str, schema: Schema) -> str:
    if old.composite == "message" or new.composite == "message":
        return _copied_message(old, new, source, target)
    same = old.type == new.type or (_kind(old), _kind(new)) in _WIDER or _kind(old) == _kind(new) != ""
    if not same and not _same_enum(old, new, schema):
        return ""
    if keyword.iskeyword(new.name):
        return f'setattr(new, "{new.name}", {source})'
    excuse = "  # type: ignore[assignment]" if old.composite == "enum" and old.type != new.type else ""
    return f"{target} = {source}{excuse}"


def _copied_message(old: Field, new: Field, source: str, target: str) -> str:
    if old.type == new.type:
        return f"{target}.CopyFrom({source})"
    if old.column.codec == "json" and new.type in JSON_MESSAGES:
        return f"json_format.Parse({source}, {target})"
    return ""


def _kind(given: Field) -> str:
    return "" if given.composite else SCALAR_KINDS.get(given.type, given.type)


def _same_enum(old: Field, new: Field, schema: Schema) -> bool:
    """Whether the numbers of one enum are all in the other, under the same names."""
    if {old.composite, new.composite} != {"enum"}:
        return False
    there = {(v.number, v.name) for v in schema.enums[new.type].values}
    return {(v.number, v.name) for v in schema.enums[old.type].values} <= there


def _argument(given: Sequence[Field], target: Field, schema: Schema, names: DtoNames) -> UpcastArgumentView:
    parameters = ", ".join(_type(f, schema, names) for f in given)
    answer = _type(target, schema, names)
    optional = answer.endswith(" | None")
    name = f"{target.name}_" if keyword.iskeyword(target.name) or target.name in {"old", "new"} else target.name
    name = marked(name)
    call = f"{name}({', '.join(_given(f) for f in given)})"
    access = field_access("new", target)
    local = f"new_{marked(target.name)}"
    if target.cardinality in {"repeated", "map"}:
        statements = [f"{access}.{'extend' if target.cardinality == 'repeated' else 'update'}({call})"]
    elif target.composite == "message":
        statements = [f"if ({local} := {call}) is not None:", f"    {access}.CopyFrom({local})"]
    else:
        assign = f'setattr(new, "{target.name}", {{}})' if keyword.iskeyword(target.name) else f"{access} = {{}}"
        lines = [f"if ({local} := {call}) is not None:", f"    {assign.format(local)}"]
        statements = lines if optional else [assign.format(call)]
    return UpcastArgumentView(
        name=name,
        type=f"Callable[[{parameters}], {answer}]",
        statements=statements,
        comment=f"gives `{target.name}` from {' and '.join(f'`{f.name}`' for f in given)}.",
    )


def _given(source: Field) -> str:
    value = field_access("old", source)
    return f'{value} if old.HasField("{source.name}") else None' if source.presence == "explicit" else value


def _type(given: Field, schema: Schema, names: DtoNames) -> str:
    plain = value_type(given, schema, names)
    is_single = given.cardinality not in {"repeated", "map"}
    return f"{plain} | None" if is_single and given.presence == "explicit" else plain


def _argument_elements(messages: Sequence[Message], schema: Schema) -> Iterator[Message | Enum]:
    """The messages and enums that the signatures of the functions may name."""
    for message in messages:
        old = schema.messages.get(message.entity.supersedes) if message.entity else None
        if old is None:
            continue
        yield from (message, old)
        for given in (*message.fields.values(), *old.fields.values()):
            element = element_of(given, schema)
            if element is not None:
                yield element
