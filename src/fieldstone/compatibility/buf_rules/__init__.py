"""The breaking rules of buf: what `buf breaking` finds between two images, at the same places and in the same words.

They are apart from the rules of Fieldstone (`rules/`): these judge as buf does, also where Fieldstone
judges otherwise, so that a team can switch over and compare, and so that two independent engines
can be held against each other. A module is a kind of element; rules that differ only in a name are
one function with a table.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from types import MappingProxyType

from fieldstone.compatibility.buf_rules.catalogue import BufRule, Hit, declared
from fieldstone.compatibility.buf_rules.comparison import Comparison
from fieldstone.schema.annotation import Annotation
from fieldstone.schema.declarations import Declarations

_MODULES = ("defaults", "enums", "fields", "files", "messages", "removals", "services", "types")


@cache
def all_rules() -> Mapping[str, BufRule]:
    """Every rule by id, also those that buf only keeps for old configurations."""
    for module in _MODULES:
        importlib.import_module(f"{__name__}.{module}")
    return dict(sorted(declared().items()))


def judge(
    old: Declarations,
    new: Declarations,
    ids: Collection[str],
    unaltered: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> list[Hit]:
    """What the rules of these ids find between two images, in no particular order.

    Args:
        old: the one.
        new: the other.
        ids: the ids of the rules.
        unaltered: what files declare at their top that is the same in both: path to names.

    Raises:
        KeyError: there is no rule with one of the ids.
    """
    comparison = Comparison(old, new, unaltered)
    return [hit for rule in ids for hit in all_rules()[rule].hits(comparison)]


def as_annotations(hits: Iterable[Hit]) -> list[Annotation]:
    """The hits as buf prints them, in its order; what has no place stands at the start of its file."""
    return sorted(map(_annotation, hits), key=lambda annotation: annotation.order)


def _annotation(hit: Hit) -> Annotation:
    place = hit.place
    span = (place.line, place.column, place.end_line, place.end_column) if place.line else (1, 1, 1, 1)
    return Annotation(hit.rule, hit.message, place.path, *span)
