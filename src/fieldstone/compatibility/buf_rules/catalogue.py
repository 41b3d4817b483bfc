"""What a rule of buf is here: an id, its categories in each version of buf.yaml, and a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from fieldstone.compatibility.buf_rules.comparison import Comparison
from fieldstone.schema.location import Location

VERSIONS = ("v1beta1", "v1", "v2")
"""The versions of buf.yaml."""

Hits = Iterable[tuple[Location, str]]
"""Where buf points, and what it says."""


class Hit(Struct, frozen=True):
    """One finding of one rule; `was` is the path of the old file that held the subject."""

    rule: str
    place: Location
    message: str
    was: str


class BufRule(Struct, frozen=True):
    """A breaking rule of buf.

    Attributes:
        id: as buf prints it.
        purpose: what it checks, as `buf config ls-breaking-rules` prints it.
        categories: version of buf.yaml -> the categories that the rule is in; a version that does not
            know the rule is left out.
        over: the attribute of `Comparison` that lists what the rule looks at, as pairs of old and new.
        check: a pair -> where and what; None for an id that buf only keeps for old configurations.
        replacements: the rules that stand for a deprecated one.
    """

    id: str
    purpose: str
    categories: Mapping[str, frozenset[str]]
    over: str = ""
    check: Callable[[Any, Any], Hits] | None = None
    replacements: tuple[str, ...] = ()

    @property
    def is_deprecated(self) -> bool:
        """Whether the id lives on only in old configurations."""
        return self.check is None

    def is_default(self, version: str) -> bool:
        """Whether the rule counts where a configuration of a version names none: those of FILE do."""
        return "FILE" in self.categories.get(version, ())

    def hits(self, comparison: Comparison) -> list[Hit]:
        """All that the rule finds."""
        if self.check is None:
            return []
        return [
            Hit(self.id, place, message, was.file.path)
            for was, now in getattr(comparison, self.over)
            for place, message in self.check(was, now)
        ]


class _Catalogue(Struct):
    rules: dict[str, BufRule] = {}


_DECLARED = _Catalogue()


def declared() -> Mapping[str, BufRule]:
    """Every rule declared so far, by id."""
    return _DECLARED.rules


def declare(
    id: str,  # noqa: A002  # the word that buf uses
    purpose: str,
    categories: str,
    *,
    over: str = "",
    check: Callable[[Any, Any], Hits] | None = None,
    v1: str | None = None,
    v1beta1: str | None = None,
    only: tuple[str, ...] = VERSIONS,
    replacements: str = "",
) -> None:
    """Add a rule to the catalogue.

    Args:
        id: as buf prints it.
        purpose: what it checks, as buf prints it.
        categories: its categories in v2, separated by spaces.
        over: the attribute of `Comparison` that lists what it looks at.
        check: what it does with a pair.
        v1: its categories in v1; by default those of v2, without CSR, which is new in v2.
        v1beta1: its categories in v1beta1; by default those of v1.
        only: the versions that know it.
        replacements: the rules that stand for it, where it is deprecated.
    """
    of_v2 = frozenset(categories.split())
    of_v1 = of_v2 - {"CSR"} if v1 is None else frozenset(v1.split())
    of_v1beta1 = of_v1 if v1beta1 is None else frozenset(v1beta1.split())
    known = {"v1beta1": of_v1beta1, "v1": of_v1, "v2": of_v2}
    _DECLARED.rules[id] = BufRule(id, purpose, {v: known[v] for v in only}, over, check, tuple(replacements.split()))


def rule(
    id: str,  # noqa: A002  # the word that buf uses
    purpose: str,
    categories: str,
    *,
    over: str,
    v1: str | None = None,
    v1beta1: str | None = None,
    only: tuple[str, ...] = VERSIONS,
) -> Callable[[Callable[[Any, Any], Hits]], Callable[[Any, Any], Hits]]:
    """Declare a rule whose check is the function below."""

    def wrap(check: Callable[[Any, Any], Hits]) -> Callable[[Any, Any], Hits]:
        declare(id, purpose, categories, over=over, check=check, v1=v1, v1beta1=v1beta1, only=only)
        return check

    return wrap
