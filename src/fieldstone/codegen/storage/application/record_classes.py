"""The application's record classes: dataclasses, attrs classes, pydantic models and NamedTuples."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from pathlib import Path

from msgspec import Struct, field

from fieldstone.codegen.storage.application import pydantic_models
from fieldstone.codegen.storage.application.attributes import Arguments, RecordAttribute, flag
from fieldstone.codegen.storage.application.record_kinds import (
    DATACLASS,
    attributes_of,
    decorator_of,
    kind_of,
)
from fieldstone.codegen.storage.application.sources import SourceModule, Sources, methods
from fieldstone.errors import Invalid, NotFound
from fieldstone.suggestions import did_you_mean

_MAKING = frozenset({"__init__", "__new__", "__setattr__"})
_KNOWN_BASES = frozenset({"object", "Generic", "Protocol", "abc.ABC", "NamedTuple", *pydantic_models.BASES})


class RecordClass(Struct, frozen=True, kw_only=True):
    """A class of the application that records are instances of.

    Attributes:
        module, name: as the reference names them; generated code imports it from there.
        path: the file that declares it; line: of its `class` statement.
        kind: dataclass, attrs class, pydantic model or NamedTuple.
        attributes: by name, those of its bases first, as `dataclasses.fields` orders them.
        frozen, slots, kw_only: what its decorator says.
        has_post_init: whether it or a base has a `__post_init__`.
        makes_itself: the methods of it and its bases that decide how an instance is made: `__new__`.
        bases: the full names of its bases.
        unread: the bases, its own and theirs, whose source is not below the roots.
    """

    module: str
    name: str
    path: Path
    line: int
    kind: str
    attributes: Mapping[str, RecordAttribute]
    frozen: bool = False
    slots: bool = False
    kw_only: bool = False
    has_post_init: bool = False
    makes_itself: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def keywords(self) -> dict[str, str]:
        """The argument that gives each attribute when an instance is made."""
        return {attribute.name: attribute.keyword for attribute in self.attributes.values()}


def by_slots(record: RecordClass, mapped: Collection[str]) -> bool:
    """Whether an instance may be made by `object.__new__` and storing the mapped attributes.

    Args:
        record: the class.
        mapped: all attributes that are stored.
    """
    plain = all(
        item.keyword == item.name and not item.init_only and "Final" not in item.annotation
        for item in record.attributes.values()
    )
    special = record.frozen or record.has_post_init or record.makes_itself or record.unread
    return plain and record.kind == DATACLASS and not special and set(record.attributes) == set(mapped)


class RecordSources:
    """Finds record classes by reference.

    Args:
        sources: the application's modules.
    """

    def __init__(self, sources: Sources) -> None:
        self.sources = sources

    def find(self, reference: str) -> RecordClass:
        """The class that an annotation names: "telemetry_app.records:StepRecord".

        Raises:
            FieldstoneError: the reference names no record class below the roots, or its source does not parse.
        """
        module, name = self.sources.referenced(reference, what="class")
        definition = self.sources.class_at(module, name)
        if definition is None:
            raise NotFound(f"no class {name} in {module.path}", fix=did_you_mean(name, module.names() - {name}))
        return self._record(module.name, name, *definition)

    def _record(self, module: str, name: str, home: SourceModule, node: ast.ClassDef) -> RecordClass:
        lineage = _Lineage()
        self._collect(home, node, lineage, frozenset())
        kind = kind_of(node, home, lineage.ancestors)
        if not kind:
            unread = f" (the source of its base {lineage.unread[0]} was not found)" if lineage.unread else ""
            what = f"{name} at {home.path}:{node.lineno} is no dataclass, attrs class, pydantic model or NamedTuple"
            raise Invalid(what + unread, fix="put @dataclass(slots=True) above it")
        options = decorator_of(node, home)[1]
        made_by = set(lineage.methods)
        if not flag(options, "init", default=True) and "__init__" not in made_by:
            what = f"{name} at {home.path}:{node.lineno} has init=False and no __init__"
            raise Invalid(what, fix="leave out init=False, or write the __init__")
        return RecordClass(
            module=module,
            name=name,
            path=home.path,
            line=node.lineno,
            kind=kind,
            attributes=_attributes(lineage, kind),
            has_post_init="__post_init__" in made_by,
            makes_itself=tuple(sorted(made_by - {"__post_init__"})),
            bases=tuple(home.full_name(base) for base in node.bases),
            unread=tuple(lineage.unread),
            **{option: flag(options, option) for option in ("frozen", "slots", "kw_only")},
        )

    def _collect(self, home: SourceModule, node: ast.ClassDef, lineage: _Lineage, inside: frozenset[str]) -> None:
        """Add a class to `lineage`, after its bases, the last of which comes first."""
        for base in reversed(node.bases):
            name = home.full_name(base)
            lineage.ancestors.add(name)
            definition = None if name in inside else self.sources.class_named(name)
            if definition is not None:
                self._collect(*definition, lineage, inside | {name})
            elif name not in _KNOWN_BASES:
                lineage.unread.append(name)
        metaclasses = (word.value for word in node.keywords if word.arg == "metaclass")
        lineage.unread.extend(f"metaclass {ast.unparse(one)}" for one in metaclasses)
        lineage.methods |= methods(node).keys() & {"__post_init__", *_MAKING}
        lineage.classes.append((home, node))


class _Lineage(Struct):
    """A class and its bases, as far as their source was found; bases come first."""

    classes: list[tuple[SourceModule, ast.ClassDef]] = field(default_factory=list)
    ancestors: set[str] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    unread: list[str] = field(default_factory=list)


def _attributes(lineage: _Lineage, kind: str) -> dict[str, RecordAttribute]:
    config: Arguments = {}
    for _, node in lineage.classes:
        config = {**config, **pydantic_models.config_of(node)}
    found: dict[str, RecordAttribute] = {}
    for home, node in lineage.classes:
        found.update({item.name: item for item in attributes_of(node, home, kind, config)})
    return found
