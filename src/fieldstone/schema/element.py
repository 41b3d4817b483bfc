"""The parts that all elements of a schema share: name, location, options, and the comparison of two elements.

Two elements are equal if no reader of the contract could distinguish them. Locations, files and lifecycle annotations
are not compared, so pairing can skip everything unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import ClassVar

from msgspec import Struct

from fieldstone.schema.lifecycle import Lifecycle
from fieldstone.schema.location import Location
from fieldstone.schema.options import Option


class Element(Struct, frozen=True, kw_only=True, eq=False):
    """A named part of a schema.

    `full_name` is the protobuf full name without a leading dot. `comment` is the text right above the element in the
    source, without comment marks. `custom` are its custom options by full name.
    """

    full_name: str
    location: Location
    lifecycle: Lifecycle = Lifecycle()
    comment: str = ""
    custom: Mapping[str, Option] = {}

    uncompared: ClassVar[frozenset[str]] = frozenset({"location", "lifecycle", "comment"})
    """The attributes that are not compared."""

    def __eq__(self, other: object) -> bool:
        """Whether no reader of the contract could distinguish the two."""
        kind = type(self)
        return type(other) is kind and _compared(kind)(self) == _compared(kind)(other)

    def __ne__(self, other: object) -> bool:
        """The opposite; the one of `Struct` compares everything."""
        return not self == other

    __hash__ = None  # type: ignore[assignment]  # some compared attributes are mappings

    @property
    def name(self) -> str:
        """The last part of the full name."""
        return self.full_name.rpartition(".")[2]

    @property
    def parent(self) -> str:
        """The full name of the element or package around this one; empty at the root."""
        return self.full_name.rpartition(".")[0]

    @property
    def declaration(self) -> str:
        """The element as one line of protobuf source, for people."""
        raise NotImplementedError

    @property
    def shape(self) -> str:
        """The element's structure without its own name: equal shapes differ at most in name."""
        raise NotImplementedError


@cache
def compared(kind: type[Element]) -> tuple[str, ...]:
    """The attributes of a kind of element that are compared."""
    return tuple(name for name in kind.__struct_fields__ if name not in kind.uncompared)


@cache
def _compared(kind: type[Element]) -> Callable[[object], tuple[object, ...]]:
    return attrgetter(*compared(kind))
