"""Converters of the application: that each object is there and has its functions, and the types that it converts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from fieldstone.codegen.storage.application.annotations import NOTHING_KNOWN, ImportedType, imported_type
from fieldstone.codegen.storage.application.ready_converters import ReadyConverter, ready_converter
from fieldstone.codegen.storage.application.record_types import Types, dotted
from fieldstone.codegen.storage.application.sources import Definition, SourceModule, Sources, methods
from fieldstone.errors import Invalid, NotFound
from fieldstone.suggestions import did_you_mean

TO_DTO, FROM_DTO, EXAMPLE = "to_dto", "from_dto", "example"

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_STATIC = frozenset({"staticmethod", "classmethod"})
_FIXES = {
    TO_DTO: "add it: to_dto(value) gives what the field holds for an attribute",
    FROM_DTO: "add it: from_dto(value) gives the attribute for what the field holds",
}


class FoundConverter(Struct, frozen=True, kw_only=True):
    """A converter.

    Attributes:
        expression: the object, as generated code names it: "app.codecs.observation".
        modules: the modules that the expression needs.
        takes: the type that `to_dto` takes.
        gives: the types that `to_dto` gives; None where its source does not say.
        has_example: whether it has a function `example`.
        origin: its file and line: "app/codecs.py:7"; empty for a ready one.
    """

    expression: str
    modules: tuple[str, ...]
    takes: ImportedType = NOTHING_KNOWN
    gives: Types | None = None
    has_example: bool = False
    origin: str = ""


class ConverterSources:
    """Finds converters by reference.

    Args:
        sources: the application's modules.
    """

    def __init__(self, sources: Sources) -> None:
        self.sources = sources

    def find(self, reference: str) -> FoundConverter:
        """The converter that an annotation names: "app.codecs:observation".

        Raises:
            FieldstoneError: there is no such object below the roots, or it lacks a function.
        """
        ready = ready_converter(reference)
        if ready is not None:
            return _found_ready(ready)
        module, name = self.sources.referenced(reference, what="object")
        definition = self.sources.definition(module, name)
        if (definition is None and name.partition(".")[0] not in module.imports) or self._lacks(definition):
            fix = did_you_mean(name, module.names() - {name}, "define it at the top of the module")
            raise NotFound(f"no object {name} in {module.path}", fix=fix)
        expression = f"{module.name}.{name}"
        if definition is None:
            return FoundConverter(expression=expression, modules=(module.name,))
        made = self._object(definition, frozenset())
        where = _where(definition)
        if made is None:
            return FoundConverter(expression=expression, modules=(module.name,), origin=where)
        return self._checked(made, FoundConverter(expression=expression, modules=(module.name,), origin=where), name)

    def _lacks(self, definition: Definition | None) -> bool:
        """Whether a name leads into a class whose body does not define it."""
        owner, _, name = definition.name.rpartition(".") if definition is not None else ("", "", "")
        found = self.sources.class_at(definition.module, owner) if definition is not None and owner else None
        if found is None:
            return False
        inner = (part.name for part in found[1].body if isinstance(part, ast.ClassDef))
        return name not in {*inner, *_attributes(found[1])} and not found[1].bases

    def _checked(self, made: _Object, found: FoundConverter, name: str) -> FoundConverter:
        """The converter with the types of its functions; raises where it lacks one."""
        for wanted in (TO_DTO, FROM_DTO):
            if wanted not in made.functions and wanted not in made.others and not made.unread:
                raise Invalid(f"{name} at {found.origin} has no function {wanted}", fix=_FIXES[wanted])
            _refuse_unusable(made, wanted, name)
        to_dto = made.functions.get(TO_DTO)
        takes, gives = NOTHING_KNOWN, None
        if to_dto is not None:
            home, function = to_dto
            takes = imported_type(_value(function, bound=made.binds(function)), home)
            gives = home.types(function.returns) if function.returns is not None else None
        return FoundConverter(
            expression=found.expression,
            modules=found.modules,
            takes=takes,
            gives=gives,
            has_example=EXAMPLE in made.functions,
            origin=found.origin,
        )

    def _object(self, definition: Definition, seen: frozenset[tuple[Path, str]]) -> _Object | None:
        """The functions of an object; None where its source does not say what it is."""
        module, name = definition.module, definition.name
        if (module.path, name) in seen:
            return None
        seen |= {(module.path, name)}
        found = self.sources.class_at(module, name)
        if found is not None:
            return self._of_class(*found, is_instance=False)
        if name in module.annotated:
            return self._instance(module.full_name(module.annotated[name]), module)
        value = module.values.get(name)
        if isinstance(value, ast.Call):
            return self._made(value, module)
        other = self.sources.definition(module, dotted(value)) if value is not None else None
        return self._object(other, seen) if other is not None else None

    def _made(self, call: ast.Call, module: SourceModule) -> _Object | None:
        """The object that a call makes: of a class, or of a function whose annotation names its class."""
        definition = self.sources.definition(module, dotted(call.func))
        function = definition.module.functions.get(definition.name) if definition is not None else None
        if definition is not None and function is not None:
            returns = function.returns
            return (
                self._instance(definition.module.full_name(returns), definition.module) if returns is not None else None
            )
        return self._instance(module.called(call), module)

    def _instance(self, full_name: str, module: SourceModule) -> _Object | None:
        found = self.sources.class_named(full_name) or self.sources.class_at(module, full_name)
        return self._of_class(*found, is_instance=True) if found is not None else None

    def _of_class(self, home: SourceModule, node: ast.ClassDef, *, is_instance: bool) -> _Object:
        made = _Object({}, set(), unread=False, is_instance=is_instance)
        self._collect(home, node, made, frozenset())
        return made

    def _collect(self, home: SourceModule, node: ast.ClassDef, made: _Object, inside: frozenset[str]) -> None:
        for name, function in methods(node).items():
            made.functions.setdefault(name, (home, function))
        made.others |= set(_attributes(node))
        for base in node.bases:
            name = home.full_name(base)
            definition = None if name in inside else self.sources.class_named(name)
            if definition is not None:
                self._collect(*definition, made, inside | {name})
            elif name not in {"object", "Generic", "Protocol", "abc.ABC"}:
                made.unread = True


class _Object(Struct):
    """An object's functions and other attributes, by name; `unread` where some base's source was not found."""

    functions: dict[str, tuple[SourceModule, _Function]]
    others: set[str]
    unread: bool
    is_instance: bool

    def binds(self, function: _Function) -> bool:
        """Whether the first parameter of a function is not given by who calls it."""
        decorators = {dotted(decorator) for decorator in function.decorator_list}
        return "classmethod" in decorators or (self.is_instance and "staticmethod" not in decorators)


def _refuse_unusable(made: _Object, name: str, converter: str) -> None:
    """Refuse a function that cannot be called with one value."""
    if name not in made.functions:
        return
    home, function = made.functions[name]
    where = f"{name} of {converter} at {home.path}:{function.lineno}"
    if isinstance(function, ast.AsyncFunctionDef):
        raise Invalid(f"{where} is a coroutine", fix="write it without async")
    decorators = {dotted(decorator) for decorator in function.decorator_list}
    if not made.is_instance and not decorators & _STATIC:
        raise Invalid(f"{where} needs an instance", fix="make it a @staticmethod, or name an instance of the class")
    given = [*function.args.posonlyargs, *function.args.args]
    if len(given) <= made.binds(function) and function.args.vararg is None:
        raise Invalid(f"{where} takes no value", fix=f"write it as {name}(value)")


def _value(function: _Function, *, bound: bool) -> ast.expr | None:
    """The annotation of the parameter that takes the value."""
    given = [*function.args.posonlyargs, *function.args.args][bound:]
    return given[0].annotation if given else None


def _attributes(node: ast.ClassDef) -> Iterator[str]:
    """The names that a class's body annotates or assigns."""
    for part in node.body:
        if isinstance(part, ast.AnnAssign):
            yield dotted(part.target)
        elif isinstance(part, ast.Assign):
            yield from map(dotted, part.targets)


def _where(definition: Definition) -> str:
    first = definition.name.partition(".")[0]
    module = definition.module
    node = module.classes.get(first) or module.functions.get(first) or module.values.get(first)
    return f"{module.path}:{node.lineno if node is not None else 1}"


def _found_ready(ready: ReadyConverter) -> FoundConverter:
    return FoundConverter(
        expression=ready.expression, modules=ready.modules, takes=ready.takes, has_example=ready.has_example
    )
