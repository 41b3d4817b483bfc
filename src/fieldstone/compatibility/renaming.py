"""Which messages and enums of the new schema are old ones under another name, judged by structure.

A message that left and one that came are a pair where they have the same fields and where each type
that they hold has the same name on both sides, or is such a pair itself. All that could be pairs are
taken for pairs first, and those that hold something else are dropped until none is left to drop: so
messages that hold themselves or each other can be told, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from fieldstone.schema.model import Enum, Field, Message, Schema


def renamed_types(old: Schema, new: Schema) -> dict[str, str]:
    """The full names of the messages and enums that have another name, each with the new one.

    Empty messages, and several of the same structure, cannot be told apart and are left out.
    """
    gone, came = _only_in(old, new), _only_in(new, old)
    pairs = dict(_told_apart(gone, came))
    holders: dict[str, list[str]] = defaultdict(list)
    for name in pairs:
        for held in _held(gone[name]):
            holders[held].append(name)
    doubtful = list(pairs)
    while doubtful:
        name = doubtful.pop()
        if name in pairs and not _hold_the_same(gone[name], came[pairs[name]], pairs):
            del pairs[name]
            doubtful += holders[name]
    return pairs


def _only_in(mine: Schema, other: Schema) -> dict[str, Message | Enum]:
    messages = {name: message for name, message in mine.messages.items() if name not in other.messages}
    return messages | {name: enum for name, enum in mine.enums.items() if name not in other.enums}


def _told_apart(gone: Mapping[str, Message | Enum], came: Mapping[str, Message | Enum]) -> Iterable[tuple[str, str]]:
    """Pairs of elements that are alike in all but the names of types that left or came."""
    new_by_look = _by_look(came)
    for look, names in _by_look(gone).items():
        others = new_by_look.get(look, [])
        if len(names) == len(others) == 1:
            yield names[0], others[0]


def _by_look(elements: Mapping[str, Message | Enum]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name, element in elements.items():
        look = _look(element, elements)
        if look:
            found[look].append(name)
    return found


def _look(element: Message | Enum, unsettled: Mapping[str, Message | Enum]) -> str:
    """The shape of an element without the names of unsettled types; empty where there is little to tell.

    What is nested in an unsettled message keeps its own name: that of the message around it changes.
    """
    nested = element.name if element.parent in unsettled else ""
    if isinstance(element, Enum):
        return f"{nested} {element.shape}" if len(element.values) > 1 else ""
    fields = [f"{f.name} {_shape(f, unsettled)}" for _, f in sorted(element.fields.items())]
    oneofs = sorted(oneof.shape for oneof in element.oneofs.values())
    return f"{nested} message {fields} {oneofs}" if fields else ""


def _shape(field: Field, unsettled: Mapping[str, Message | Enum]) -> str:
    held = field.holds
    return field.shape.replace(held, "?", 1) if held in unsettled else field.shape


def _held(element: Message | Enum) -> list[str]:
    """The full names of the types that a message holds, in the order of its fields' numbers."""
    return [f.holds for _, f in sorted(element.fields.items())] if isinstance(element, Message) else []


def _hold_the_same(old: Message | Enum, new: Message | Enum, pairs: Mapping[str, str]) -> bool:
    return all(pairs.get(before, before) == after for before, after in zip(_held(old), _held(new), strict=True))
