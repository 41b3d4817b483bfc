"""The events that webhooks send: which writes of the audit they tell, and the body of each.

The body has the structure of the Standard Webhooks specification (`type`, `timestamp`, `data`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, json

if TYPE_CHECKING:
    from fieldstone.registry.sql.audit import Row  # it imports the database, and commands name the events

LAYOUT = 1
"""The layout of the bodies. Keys are only added to it."""
_LONGEST, _MOST = 4_000, 100
"""The most characters of a text in a body, and the most entries of a list: findings can be many."""
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""Characters that end a script or begin a tag, wherever a receiver may show the body."""


class Event(Struct, frozen=True):
    """A kind of event.

    Attributes:
        name: its name, which webhooks ask for.
        facts: the details of the audit's entry that the body has, as far as the entry has them.
    """

    name: str
    facts: tuple[str, ...]


_PROPOSED = ("number", "revision", "compared_with", "digest", "breaks", "affected")
OF_ACTIONS: Mapping[str, Event] = {
    "release": Event("release", ("version", "bump", "previous", "digest", "waivers")),
    "refuse": Event("refusal", ("version", "labels", "why")),
    "propose": Event("proposal", _PROPOSED),
    "judge-proposal": Event("proposal", _PROPOSED),
    "decide-proposal": Event("decision", (*_PROPOSED, "decision", "of", "reason", "state")),
}
"""The event of each action of the audit that has one."""
EVENTS = tuple(dict.fromkeys(event.name for event in OF_ACTIONS.values()))
"""The names of all events."""


def body(row: Row) -> bytes:
    """The body that tells of a row of the audit whose action has an event: the same bytes each time.

    Args:
        row: the row.

    Raises:
        Damaged: the row is no entry.
    """
    entry = row.entry
    event = OF_ACTIONS[entry.action]
    facts = {name: _short(entry.details[name]) for name in event.facts if name in entry.details}
    data = {"row": row.number, "module": entry.module, "who": entry.who, "facts": facts}
    text = json.encode({"type": event.name, "timestamp": entry.at, "layout": LAYOUT, "data": data}).decode()
    for character, escape in _ESCAPED.items():
        text = text.replace(character, escape)
    return text.encode()


def _short(value: object) -> object:
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[:_LONGEST]}..."
    if isinstance(value, list):
        return [_short(one) for one in value[:_MOST]]
    return value
