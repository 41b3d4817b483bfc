"""What the data of one type is worth to a reader of another, judged by structure and not by name.

Two messages are compared field by field through all messages that they hold. Every pair of messages
is looked at once, so that the work grows with the size of the schemas, and messages that hold each
other are no circle without end: what is not found lost is kept. A type that has the same full name
on both sides counts as kept here, because its own change is judged by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, TypeVar

from fieldstone.compatibility.encoding import Type, json_keeps, wire_keeps
from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.schema.model import Enum
from fieldstone.schema.reservation import uncovered

if TYPE_CHECKING:
    from fieldstone.schema.model import Field, Message, Schema

Losses = frozenset[tuple[Surface, Direction]]
"""On which surfaces data is lost, and to whom."""

NOTHING: Losses = frozenset()
_OLD, _NEW = Direction.READING_OLD, Direction.READ_BY_OLD
_KEEPS: Mapping[Surface, Callable[[Type, Type], bool]] = {Surface.WIRE: wire_keeps, Surface.JSON: json_keeps}
_MANY = frozenset({"repeated", "map"})
_SCALAR = ""

Pair = tuple[str, str]
K = TypeVar("K", int, str)


def lost(*directions: Direction, surfaces: Iterable[Surface] = (Surface.WIRE, Surface.JSON)) -> Losses:
    """Losses on each of the surfaces, by default wire and json, in each of the directions."""
    return frozenset((surface, direction) for surface in surfaces for direction in directions)


EVERYTHING_LOST = lost(_OLD, _NEW)


def by_surface(losses: Losses, *always: Surface) -> dict[Surface, list[Direction]]:
    """Losses as a rule's hit declares them; `always` are surfaces that break for the usual people."""
    found = {
        surface: [direction for direction in Direction if (surface, direction) in losses]
        for surface in Surface
        if any(on is surface for on, _ in losses)
    }
    return found | {surface: [Direction.COMPILING] if surface is Surface.SOURCE else [] for surface in always}


class Structure:
    """What old and new types keep of each other's data.

    Args:
        old: the released schema.
        new: the schema that is judged. Types that neither declares, those of other modules, are
            equal to themselves alone.
    """

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old = old
        self._new = new
        self._known: dict[Pair, Losses] = {}

    def message(self, old: str, new: str) -> Losses:
        """What is lost between two messages, given by full name."""
        root = (old, new)
        if root not in self._known:
            self._known |= self._judge_from(root)
        return self._known[root]

    def type(self, old: Field, new: Field) -> Losses:
        """What is lost between the types of two fields that are both lists, both maps, or neither."""
        losses, pairs = self._types(old, new)
        return losses.union(*(self.message(*pair) for pair in pairs))

    def cardinality(self, old: Field, new: Field) -> Losses:
        """What is lost where a field went between one value, a list and a map.

        A reader of a list takes one value for a list of one; a reader of one value keeps the last of
        a list, and none of a packed one (https://protobuf.dev/programming-guides/encoding/#optional);
        a map is a list of entries (https://protobuf.dev/programming-guides/encoding/#maps).
        """
        kinds = old.cardinality, new.cardinality
        found = EVERYTHING_LOST
        if kinds == ("map", "repeated") and _is_entry(self._new.messages.get(new.type), old):
            found = lost(_NEW)
        elif kinds == ("repeated", "map") and _is_entry(self._old.messages.get(old.type), new):
            found = lost(_OLD)
        elif "map" not in kinds:
            found = lost(_NEW if new.cardinality == "repeated" else _OLD) | self.type(old, new)
        on_wire = frozenset(loss for loss in found if loss[0] is Surface.WIRE)
        return on_wire | lost(_OLD, _NEW, surfaces=[Surface.JSON])

    def renumbered(self, old: Field, new: Field) -> Losses:
        """What is lost where a field has another number: all in the binary encoding; JSON knows it by name."""
        kept = old.json_name == new.json_name and old.extendee == new.extendee
        same_form = old.cardinality == new.cardinality or not _MANY & {old.cardinality, new.cardinality}
        if not (kept and same_form):
            return EVERYTHING_LOST
        inside = presence(old, new) | required(old, new) | self.type(old, new)
        if old.unset != new.unset:
            inside = EVERYTHING_LOST
        return lost(_OLD, _NEW, surfaces=[Surface.WIRE]) | in_json(inside)

    def named(self, old: Field, of_old: Message, new: Field, of_new: Message) -> Losses:
        """What JSON loses of a field that lives on under its name, whatever its number."""
        before, after = ({m.fields[n].json_name for n in _rivals(f, m)} for f, m in ((old, of_old), (new, of_new)))
        released = of_old.by_json_name.keys()
        return in_json(self.renumbered(old, new) | _parted(before, after, released, was_in_oneof=bool(old.oneof)))

    def _judge_from(self, root: Pair) -> dict[Pair, Losses]:
        """The losses of every pair of messages that a pair leads to and that is not known yet."""
        losses: dict[Pair, Losses] = {}
        leading_to: dict[Pair, set[Pair]] = defaultdict(set)
        waiting = [root]
        while waiting:
            pair = waiting.pop()
            if pair in losses:
                continue
            losses[pair], inside = self._messages(*pair)
            for other in inside:
                if other in self._known:
                    losses[pair] |= self._known[other]
                else:
                    leading_to[other].add(pair)
                    waiting.append(other)
        spreading = [pair for pair, found in losses.items() if found]
        while spreading:
            pair = spreading.pop()
            for before in leading_to[pair]:
                if not losses[pair] <= losses[before]:
                    losses[before] |= losses[pair]
                    spreading.append(before)
        return losses

    def _messages(self, old_name: str, new_name: str) -> tuple[Losses, list[Pair]]:
        """What two messages lose in themselves, and the pairs of messages inside them."""
        if old_name == new_name:
            return NOTHING, []
        old, new = self._old.messages.get(old_name), self._new.messages.get(new_name)
        if old is None or new is None:
            return EVERYTHING_LOST, []
        found: list[Losses] = [_extensions(old, new), *_new_fields(old, new)]
        pairs: list[Pair] = []
        for number, field in old.fields.items():
            for surface, other in (
                (Surface.WIRE, new.fields.get(number)),
                (Surface.JSON, new.by_json_name.get(field.json_name)),
            ):
                losses, inside = self._fields(field, old, other, new) if other else (EVERYTHING_LOST, [])
                found.append(frozenset(loss for loss in losses if loss[0] is surface))
                pairs += inside
        return NOTHING.union(*found), pairs

    def _fields(self, old: Field, of_old: Message, new: Field, of_new: Message) -> tuple[Losses, list[Pair]]:
        found = [presence(old, new), required(old, new), oneof(old, of_old, new, of_new), utf8(old, new)]
        pairs: list[Pair] = []
        if old.cardinality != new.cardinality and _MANY & {old.cardinality, new.cardinality}:
            found.append(self.cardinality(old, new))
        else:
            losses, pairs = self._types(old, new)
            found.append(losses)
        if old.json_name != new.json_name:
            found.append(lost(_OLD, _NEW, surfaces=[Surface.JSON]))
        if old.type == new.type and old.unset != new.unset:
            found.append(EVERYTHING_LOST)
        return NOTHING.union(*found), pairs

    def _types(self, old: Field, new: Field) -> tuple[Losses, list[Pair]]:
        """What the types of two fields lose in themselves, and the pairs of messages to look into."""
        found: list[Losses] = [lost(_OLD, _NEW, surfaces=[Surface.WIRE])] if old.group != new.group else []
        pairs: list[Pair] = []
        for (before, old_kind), (after, new_kind) in zip(_parts(old), _parts(new), strict=True):
            if before == after:
                continue
            if old_kind == new_kind == "message":
                pairs.append((before, after))
            elif "message" in {old_kind, new_kind}:
                found.append(_message_and(before, after, grouped=old.group or new.group))
            else:
                found.append(self._values(before, old_kind, after, new_kind))
        return NOTHING.union(*found), pairs

    def _values(self, before: str, old_kind: str, after: str, new_kind: str) -> Losses:
        """What is lost between scalars and enums."""
        old = self._old.enums.get(before) if old_kind else before
        new = self._new.enums.get(after) if new_kind else after
        if old is None or new is None:
            return EVERYTHING_LOST
        reading_old = {(on, _OLD) for on, keeps in _KEEPS.items() if not keeps(old, new)}
        if isinstance(old, Enum) and isinstance(new, Enum) and not old.numbers <= new.numbers:
            reading_old.add((Surface.WIRE, _OLD))  # what was a value is a number without a name
        return frozenset(reading_old | {(on, _NEW) for on, keeps in _KEEPS.items() if not keeps(new, old)})


def in_json(losses: Losses) -> Losses:
    """Those of the losses that are on the json surface."""
    return frozenset((surface, direction) for surface, direction in losses if surface is Surface.JSON)


def presence(old: Field, new: Field) -> Losses:
    """What is lost where a field gained or lost the difference between unset and zero.

    Without presence a zero is not sent (https://protobuf.dev/programming-guides/field_presence/).
    """
    return {
        ("explicit", "implicit"): EVERYTHING_LOST,
        ("implicit", "explicit"): lost(_OLD),
    }.get((old.presence, new.presence), NOTHING)


def required(old: Field, new: Field) -> Losses:
    """What is lost where a field became required, or no longer is."""
    became, ceased = (side.cardinality == "required" for side in (new, old))
    return NOTHING if became == ceased else lost(_OLD if became else _NEW)


def oneof(old: Field, of_old: Message, new: Field, of_new: Message) -> Losses:
    """What is lost where a field went into, out of or between oneofs.

    Of the members of a oneof a reader keeps the last. Who wrote them side by side loses all but one;
    a field alone in a oneof that is new has nobody to lose to.
    """
    released = set(of_old.fields)
    return _parted(_rivals(old, of_old), _rivals(new, of_new), released, was_in_oneof=bool(old.oneof))


def _parted(before: set[K], after: set[K], released: AbstractSet[K], *, was_in_oneof: bool) -> Losses:
    """What is lost between one set of rivals and another, given by number or by name."""
    found = NOTHING
    if (after & released) - before:
        found |= lost(_OLD)
    if before - after or (was_in_oneof and after - released):
        found |= lost(_NEW)
    return found


def utf8(old: Field, new: Field) -> Losses:
    """What is lost where a reader began or ceased to refuse bytes that are not UTF-8."""
    found = NOTHING
    for option, was in old.options.items():
        now = new.options.get(option, was)
        if was != now and "VERIFY" in {was, now} and "utf8" in option:
            found |= lost(_OLD if now == "VERIFY" else _NEW, surfaces=[Surface.WIRE])
    return found


def _rivals(field: Field, message: Message) -> set[int]:
    """The numbers of the other members of a field's oneof."""
    return set(message.oneofs[field.oneof].members) - {field.number} if field.oneof else set()


def _new_fields(old: Message, new: Message) -> Iterator[Losses]:
    """What is lost to fields that only the new message has; members of oneofs count with their rivals."""
    if any(field.cardinality == "required" for number, field in new.fields.items() if number not in old.fields):
        yield lost(_OLD)


def _extensions(old: Message, new: Message) -> Losses:
    return EVERYTHING_LOST if uncovered(old.extension_ranges, new.extension_ranges) else NOTHING


def _is_entry(message: Message | None, of: Field) -> bool:
    """Whether a message is what a map is a list of: a key with number 1, a value with number 2."""
    if message is None or message.fields.keys() != {1, 2}:
        return False
    fields = [message.fields[number] for number in (1, 2)]
    singular = not any(field.cardinality in _MANY for field in fields)
    return singular and [field.type for field in fields] == [name for name, _ in _parts(of)]


def _message_and(before: str, after: str, *, grouped: bool) -> Losses:
    """What is lost between a message and something else: bytes hold a message, but not any bytes are one."""
    if grouped or "bytes" not in {before, after}:
        return EVERYTHING_LOST
    return lost(_NEW if after == "bytes" else _OLD, surfaces=[Surface.WIRE]) | lost(_OLD, _NEW, surfaces=[Surface.JSON])


def _parts(field: Field) -> list[tuple[str, str]]:
    """The types that a field's values are made of, each with whether it is a message or an enum."""
    if field.cardinality != "map":
        return [(field.type, field.composite)]
    key, value = field.type.removeprefix("map<").removesuffix(">").split(", ")
    return [(key, _SCALAR), (value, field.composite)]
