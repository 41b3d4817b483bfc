"""The rules: every module of this package declares one.

A rule is a function with the decorator `@rule`. Its name is the rule's id, its docstring the rationale. It is called
with each change of the kinds that it declares, and yields a `Hit` for each problem.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache, cached_property
from typing import Any

from msgspec import Struct

from fieldstone.compatibility.custom_options import obligations, routes
from fieldstone.compatibility.finding import Direction, Directions, Level, Surface
from fieldstone.compatibility.grouping import USUAL, Group
from fieldstone.compatibility.ledger import Ledger, TypeHistory
from fieldstone.compatibility.losses.structure import Structure
from fieldstone.compatibility.pairing import Change, pair
from fieldstone.compatibility.renaming import Renames, find_renames
from fieldstone.compatibility.sunsets.announcements import Announced, announced
from fieldstone.compatibility.sunsets.notice import (
    NO_HISTORY,
    NOTICE,
    Introduction,
    SunsetHistory,
    why_not_retired,
)
from fieldstone.schema.element import Element
from fieldstone.schema.location import Location
from fieldstone.schema.model import Enum, EnumValue, Field, Message, Rpc, Schema, Service

WATCHED = (routes.OPTION, obligations.OPTION)
"""The custom options whose changes are reported, unless a module's settings name others."""

EVERYTHING = tuple(surface for surface in Surface if surface is not Surface.HTTP)
"""Every surface of data; `http` concerns only the URLs of rpcs."""

_LONG_AGO = date(2000, 1, 1)
"""The default day of the release that introduced the sunsets of an example."""

Breaks = Sequence[Surface] | Mapping[Surface, Sequence[Direction]]
"""The surfaces that break, or these with for whom they break; see `finding.USUAL`."""

Sources = str | Mapping[str, str]
"""An example's files: path to text, or the text of a single file."""


class Context(Struct, frozen=True, dict=True):
    """The two schemas that are compared, and what a rule may need beyond the change itself.

    `today` is the day of the coming release, in UTC. `watched` are the full names of the custom options whose changes
    count. `notice` is the number of days between announcing a sunset and the sunset; `sunsets` finds the release that
    announced one.
    """

    old: Schema
    new: Schema
    ledger: Ledger
    today: date
    watched: tuple[str, ...] = WATCHED
    notice: int = NOTICE
    sunsets: SunsetHistory = NO_HISTORY

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Every change between the two schemas, paired once for all rules."""
        return tuple(pair(self.old, self.new, self.renames))

    @cached_property
    def renames(self) -> Renames:
        """The renamed types, and the packages that moved as a whole."""
        return find_renames(self.old, self.new)

    def history(self, full_name: str) -> TypeHistory:
        """The history of a type of the new schema in earlier releases, also under an earlier name.

        Empty if they had a type of another kind under its name: that is for `type_name_reused`.
        """
        past = self.ledger.type(self.renames.came.get(full_name, full_name))
        kinds = {"message": self.new.messages, "enum": self.new.enums, "service": self.new.services}
        is_other = any(past.kind != kind and full_name in types for kind, types in kinds.items() if past.kind in kinds)
        return TypeHistory("", "") if is_other else past

    @cached_property
    def announcements(self) -> tuple[Announced[Element], ...]:
        """Every element of the new schema with a sunset that neither the old schema nor the newest release has."""
        new = announced(self.old, self.new, self.changes)
        return tuple(change for change in new if not self.sunsets.is_released(change.new))

    @cached_property
    def structure(self) -> Structure:
        """The comparison of data between the types of the two schemas."""
        return Structure(self.old, self.new, self.renames.types)

    def inside(self, element: Element) -> list[str]:
        """The full names of the types that the old schema has inside a message."""
        found = [element.full_name]
        for name in found:
            found += self._nested.get(name, ())
        return found[1:]

    @cached_property
    def _nested(self) -> Mapping[str, list[str]]:
        """The full names of the old schema's nested types, by the full name of the message around them."""
        found: dict[str, list[str]] = defaultdict(list)
        for element in self.old.part.types():
            if not element.top_level:
                found[element.parent].append(element.full_name)
        return found

    def is_retired(self, element: Element) -> bool:
        """Whether an element of the old schema may be removed: its sunset has passed, with enough notice."""
        return element.lifecycle.retired_by(self.today) and not self.why_kept(element)

    def why_any_is_kept(self, elements: Iterable[Element]) -> str:
        """The first reason why a sunset of one of the elements does not permit its removal; empty without one."""
        reasons = (self.why_kept(element, f"`{element.name}`'s") for element in elements)
        return next(filter(None, reasons), "")

    def why_kept(self, element: Element, whose: str = "its") -> str:
        """The reason why an element's sunset does not permit its removal; empty if it does, or if it has none."""
        lifecycle, sunsets = element.lifecycle, self.sunsets
        reason = why_not_retired(
            lifecycle,
            self.today,
            introduction=lambda: sunsets.introduced(element),
            notice=self.notice,
            whose=whose,
        )
        if reason or not sunsets.needs_unread or not lifecycle.sunset:
            return reason
        unread = sunsets.unread(element.full_name)
        return f"{whose} sunset {lifecycle.sunset} has passed, but {unread}" if unread else ""


class Hit:
    """One problem that a rule finds in a change.

    Args:
        breaks: the surfaces that break and for whom, if fewer than the rule declares.
        level: its level, if not the rule's; one of the rule's `other_levels`.
        location: the location to point at, if not the changed element.
        words: values for the placeholders of the rule's message and fix, besides `name`, `parent`, `was`, `now` and
            `number`, which the changed element provides.
        buf: the buf rules that report the same change, if fewer than the rule declares.
        parts: the names, or first numbers of ranges, within a message or enum that the hit is about; empty for the
            whole. buf reports each separately.
        covers: further subjects that it covers; see `Finding.covers`.
        because: a reason to append to the message. It may change daily; the finding's identity does not.
    """

    def __init__(
        self,
        *,
        breaks: Breaks | None = None,
        level: Level | None = None,
        location: Location | None = None,
        buf: Sequence[str] | None = None,
        parts: Sequence[str] = (),
        covers: Iterable[str] = (),
        because: str = "",
        **words: Any,
    ) -> None:
        self.breaks = breaks
        self.level = level
        self.location = location
        self.buf = buf
        self.parts = parts
        self.covers = tuple(covers)
        self.because = because
        self.words = words


class Example(Struct, frozen=True):
    """A small before and after that a rule applies to (`hit`) or does not (`miss`).

    `also` names the other rules that apply to the pair; `history` lists releases before `before`; `introduced` is the
    day of the release that introduced the sunsets of `before`; `options` are the custom options that the module
    watches.

    Sources without a syntax line are proto3, those without a package line in `acme.v1`. Sources that use annotations
    import them automatically.
    """

    before: Sources
    after: Sources
    is_hit: bool
    also: tuple[str, ...] = ()
    history: tuple[Sources, ...] = ()
    introduced: date = _LONG_AGO
    options: tuple[str, ...] = WATCHED

    @property
    def sunsets(self) -> SunsetHistory:
        """The sunsets of its releases, for the rules' context."""
        return SunsetHistory(introduced=lambda _element: Introduction("before", self.introduced))


def hit(
    before: Sources,
    after: Sources,
    *,
    also: Sequence[str] = (),
    history: Sequence[Sources] = (),
    introduced: date = _LONG_AGO,
    options: Sequence[str] = WATCHED,
) -> Example:
    """An example that the rule applies to; see `Example` for the arguments."""
    return Example(
        before,
        after,
        is_hit=True,
        also=tuple(also),
        history=tuple(history),
        introduced=introduced,
        options=tuple(options),
    )


def miss(
    before: Sources,
    after: Sources,
    *,
    also: Sequence[str] = (),
    history: Sequence[Sources] = (),
    introduced: date = _LONG_AGO,
    options: Sequence[str] = WATCHED,
) -> Example:
    """A near miss: a similar example that the rule does not apply to."""
    return Example(
        before,
        after,
        is_hit=False,
        also=tuple(also),
        history=tuple(history),
        introduced=introduced,
        options=tuple(options),
    )


RuleFunction = Callable[[Any, Context], Iterator[Hit]]
Kind = tuple[type, type[Element]]

ANNOUNCEMENTS: tuple[Kind, ...] = tuple((Announced, kind) for kind in (Message, Field, Enum, EnumValue, Service, Rpc))
"""The new sunsets of every kind of element that can have one."""


class Rule(Struct, frozen=True, kw_only=True):
    """One way in which a change can break a surface, or a naming convention that prevents breaks.

    Attributes:
        id: the function's name with hyphens.
        on: the kinds of change that it judges: (`Kept`, `Field`), ...
        summary: the guarantee that the rule protects, in one line.
        group: the list that shows it.
        message: the problem, with placeholders.
        fix: the remedy, with placeholders.
        breaks: the surfaces that it can break; none for a rule of style or of sunsets.
        directions: for whom it breaks them, if not as in `finding.USUAL`.
        level: the level of its findings unless settings change it. A warning is about an addition, which needs no major
            version.
        other_levels: the levels that single hits may have instead.
        since: the first version of Fieldstone with the rule.
        buf: the buf rules that report the same change; any one of them counts as agreement.
        follows: the rules whose finding on the element, or on what holds it (message, file, package), explains one of
            this rule; the first that applies counts. Reports show explained findings together.
        examples: at least one hit and one near miss.
        why: the rationale.
        source: the module that declares it.
        is_announcement: whether it judges announced sunsets; that breaks no surface, and is not style.
    """

    id: str
    on: tuple[Kind, ...]
    summary: str
    group: Group
    message: str
    fix: str
    breaks: tuple[Surface, ...]
    directions: Mapping[Surface, Directions]
    level: Level
    other_levels: tuple[Level, ...]
    since: str
    buf: tuple[str, ...]
    follows: tuple[str, ...]
    examples: tuple[Example, ...]
    why: str
    source: str
    function: RuleFunction
    is_announcement: bool = False

    @property
    def advice(self) -> str:
        """The fix with its placeholders as words: `<new name>`."""
        return re.sub(r"\{(\w+)\}", lambda found: f"<{found[1].replace('_', ' ')}>", self.fix)

    @property
    def levels(self) -> tuple[Level, ...]:
        """Every level that its findings may have without settings; the usual one first."""
        return self.level, *self.other_levels

    @property
    def is_addition(self) -> bool:
        """Whether it judges additions that older code loses, and that need no major version."""
        return self.level is Level.WARNING and bool(self.breaks)

    @property
    def is_style(self) -> bool:
        """Whether it judges names and layout, not compatibility."""
        return not self.breaks and not self.is_announcement

    @property
    def concern(self) -> str:
        """The surfaces that it protects, else "style" or "sunsets"."""
        return ", ".join(self.breaks) or ("style" if self.is_style else "sunsets")


def rule(
    *,
    on: Sequence[Kind],
    summary: str,
    message: str,
    fix: str,
    examples: Sequence[Example],
    breaks: Breaks = (),
    is_announcement: bool = False,
    group: Group | None = None,
    level: Level = Level.ERROR,
    other_levels: Sequence[Level] = (),
    since: str = "0.1.0",
    buf: Sequence[str] = (),
    follows: Sequence[str] = (),
) -> Callable[[RuleFunction], Rule]:
    """Declare the decorated function as a rule; see `Rule` for the arguments. Most groups follow from `on`."""

    def declare(function: RuleFunction) -> Rule:
        return Rule(
            id=function.__name__.replace("_", "-"),
            on=tuple(on),
            summary=summary,
            group=group or _group(on, is_style=not breaks, is_announcement=is_announcement),
            message=message,
            fix=fix,
            breaks=tuple(breaks),
            directions=directions_of(breaks),
            level=level,
            other_levels=tuple(other_levels),
            since=since,
            buf=tuple(buf),
            follows=tuple(follows),
            examples=tuple(examples),
            why=(function.__doc__ or "").strip(),
            source=function.__module__,
            function=function,
            is_announcement=is_announcement,
        )

    return declare


def _group(on: Sequence[Kind], *, is_style: bool, is_announcement: bool) -> Group:
    """The group of a rule that declares none."""
    if is_announcement:
        return Group.SUNSETS
    return Group.STYLE if is_style else USUAL[on[0][1]]


def directions_of(breaks: Breaks) -> dict[Surface, Directions]:
    """For whom surfaces break, if a rule or a hit states it."""
    return {surface: tuple(found) for surface, found in breaks.items()} if isinstance(breaks, Mapping) else {}


@cache
def all_rules() -> Mapping[str, Rule]:
    """Every rule of this package by id, sorted."""
    found: dict[str, Rule] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        found |= {item.id: item for item in vars(module).values() if isinstance(item, Rule)}
    return dict(sorted(found.items()))


@cache
def rule_ids() -> tuple[str, ...]:
    """The ids of all rules, sorted, without importing them."""
    return tuple(sorted(found.name.replace("_", "-") for found in pkgutil.iter_modules(__path__)))
