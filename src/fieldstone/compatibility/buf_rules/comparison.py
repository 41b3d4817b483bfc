"""Two images side by side: what buf compares with what.

Files are paired by path; messages, enums and services by full name, wherever they stand; fields by
number; extensions by what they extend and by number; rpcs by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import TypeVar

from fieldstone.schema.declarations import (
    Declaration,
    Declarations,
    DeclaredEnum,
    DeclaredField,
    DeclaredFile,
    DeclaredMessage,
    DeclaredRpc,
    DeclaredService,
)
from fieldstone.schema.location import Location

_Element = TypeVar("_Element")
_Declared = TypeVar("_Declared", bound=Declaration)
_Key = TypeVar("_Key")
Pairs = list[tuple[_Element, _Element]]

NOWHERE = Location("")
"""The place of what is gone with its file."""


class Comparison:
    """The pairs of two images; each list is made when a rule first asks for it.

    `unaltered` is what files declare at their top that is the same in both: path to names. It is in no list.
    """

    def __init__(self, old: Declarations, new: Declarations, unaltered: Mapping[str, Collection[str]]) -> None:
        self.old = old
        self.new = new
        self._unaltered = unaltered

    @property
    def old_files(self) -> list[tuple[DeclaredFile, Comparison]]:
        """Every old file, with all there is to compare it with."""
        return [(file, self) for file in self.old.files.values()]

    @cached_property
    def files(self) -> Pairs[DeclaredFile]:
        """Files of the same path."""
        return _paired(self.old.files, self.new.files)

    @cached_property
    def messages(self) -> Pairs[DeclaredMessage]:
        """Messages of the same full name, map entries too."""
        return self._altered(_paired(self.old.messages, self.new.messages))

    @cached_property
    def enums(self) -> Pairs[DeclaredEnum]:
        """Enums of the same full name."""
        return self._altered(_paired(self.old.enums, self.new.enums))

    @cached_property
    def services(self) -> Pairs[DeclaredService]:
        """Services of the same full name."""
        return self._altered(_paired(self.old.services, self.new.services))

    @cached_property
    def rpcs(self) -> Pairs[DeclaredRpc]:
        """Rpcs of the same name of the same service."""
        return [pair for was, now in self.services for pair in _paired(was.rpcs, now.rpcs)]

    @cached_property
    def fields(self) -> Pairs[DeclaredField]:
        """Fields of the same number of the same message, and extensions."""
        own = [pair for was, now in self.messages for pair in _paired(was.by_number, now.by_number)]
        return own + _paired(self.old.extensions, self.new.extensions)

    @cached_property
    def new_packages(self) -> frozenset[str]:
        """The packages that the new image has files of."""
        return frozenset(file.package for file in self.new.files.values())

    def in_package(self, kind: str, package: str) -> Mapping[str, Declaration]:
        """What the new image declares of a kind (`messages`, `enums`...) in a package, by its name there."""
        return self._by_package.setdefault(kind, _by_package(self.new.files.values(), kind)).get(package, {})

    def _altered(self, pairs: Pairs[_Declared]) -> Pairs[_Declared]:
        return [(was, now) for was, now in pairs if now.outermost not in self._unaltered.get(now.file.path, ())]

    @cached_property
    def _by_package(self) -> dict[str, dict[str, dict[str, Declaration]]]:
        return {}


def in_file(file: DeclaredFile, kind: str) -> Mapping[str, Declaration]:
    """What a file declares of a kind, by its name in the package."""
    return {declaration.nested_name: declaration for declaration in getattr(file, kind)}


def _by_package(files: Iterable[DeclaredFile], kind: str) -> dict[str, dict[str, Declaration]]:
    found: dict[str, dict[str, Declaration]] = {}
    for file in files:
        declarations = in_file(file, kind)
        if declarations:
            found.setdefault(file.package, {}).update(declarations)
    return found


def _paired(old: Mapping[_Key, _Element], new: Mapping[_Key, _Element]) -> Pairs[_Element]:
    return [(was, new[key]) for key, was in old.items() if key in new]
