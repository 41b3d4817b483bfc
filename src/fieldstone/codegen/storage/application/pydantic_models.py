"""Fields of pydantic models: https://docs.pydantic.dev/latest/concepts/fields/."""

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
from fieldstone.codegen.storage.application.record_types import dotted, unquoted
from fieldstone.codegen.storage.application.sources import SourceModule

BASES = frozenset({"pydantic.BaseModel", "pydantic.main.BaseModel"})
"""The full names of the class that every model inherits from."""

FIELDS = frozenset({"pydantic.Field", "pydantic.fields.Field"})
"""The full names of the function that declares a field."""

_OPTIONS = frozenset({"alias_generator", "populate_by_name", "validate_by_name"})


def fields_of_model(node: ast.ClassDef, home: SourceModule, config: Arguments) -> Iterator[RecordAttribute]:
    """The fields that a model, or a base of one, declares itself.

    Args:
        node: the class.
        home: the module that it stands in.
        config: the options of the model and its bases, as `config_of` gives them for each.
    """
    for statement in declared(node, home):
        name = dotted(statement.target)
        if name.startswith("_") or name == "model_config":
            continue
        given = _field(statement, home)
        keyword, problem = _keyword(name, given, config)
        has_default = _has_default(statement.value, home, given)
        yield attribute(statement, home, has_default=has_default, keyword=keyword, not_given=problem)


def config_of(node: ast.ClassDef) -> Arguments:
    """The options of a model's own configuration that decide how its fields are given."""
    found = {word.arg: word.value for word in node.keywords if word.arg}
    for part in node.body:
        if isinstance(part, ast.ClassDef) and part.name == "Config":
            found.update(_assigned(part))
    config = _assigned(node).get("model_config")
    found.update(arguments(config))
    if isinstance(config, ast.Dict):
        found.update({text(key): value for key, value in zip(config.keys, config.values, strict=True)})
    return {name: value for name, value in found.items() if name in _OPTIONS}


def _assigned(node: ast.ClassDef) -> dict[str, ast.expr]:
    """The names that a class's body assigns."""
    found: dict[str, ast.expr] = {}
    for part in node.body:
        if isinstance(part, ast.Assign):
            found[dotted(part.targets[0])] = part.value
        elif isinstance(part, ast.AnnAssign) and part.value is not None:
            found[dotted(part.target)] = part.value
    return found


def _field(statement: ast.AnnAssign, home: SourceModule) -> Arguments:
    """The arguments of a field's `Field(...)`, which may stand in its `Annotated[...]`."""
    found: dict[str, ast.expr] = {}
    annotation = unquoted(statement.annotation)
    inside = ast.walk(annotation) if home.kind(annotation) == "Annotated" else ()
    for call in (*inside, statement.value):
        if isinstance(call, ast.Call) and home.called(call) in FIELDS:
            found.update(arguments(call))
    return found


def _has_default(value: ast.expr | None, home: SourceModule, given: Arguments) -> bool:
    if isinstance(value, ast.Call) and home.called(value) in FIELDS:
        value = value.args[0] if value.args else None
    defaults = (value, given.get("default"), given.get("default_factory"))
    return any(one is not None and not _is_ellipsis(one) for one in defaults)


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _keyword(name: str, given: Arguments, config: Arguments) -> tuple[str, str]:
    """The argument that gives a field, or the reason that there is none.

    Type checkers know the argument of an `alias` and no other, so it is taken where it is a name.
    """
    by_name = flag(config, "populate_by_name") or flag(config, "validate_by_name")
    alias = text(given.get("alias"))
    if alias.isidentifier() and "validation_alias" not in given:
        return alias, ""
    if by_name or not ({"alias", "validation_alias"} & set(given) or "alias_generator" in config):
        return name, ""
    return "", f'its alias is "{alias}"' if alias else "it has an alias of the model's own making"
