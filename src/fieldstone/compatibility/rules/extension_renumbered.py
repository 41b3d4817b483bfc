"""An extension has another number."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.grouping import Group
from fieldstone.compatibility.losses import by_surface
from fieldstone.compatibility.pairing import Renumbered
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field

_BASE = 'syntax = "proto2"; message Step { extensions 100 to 199; } '


@rule(
    on=[(Renumbered, Field)],
    summary="A released extension keeps its number and the message that it extends.",
    group=Group.EXTENSIONS,
    message="extension `{name}` went from number {number} of `{extendee}` to {to} of `{to_extendee}`",
    fix="keep {released}",
    breaks=EVERYTHING,
    examples=[
        hit(
            _BASE + "extend Step { optional string note = 100; }",
            _BASE + "extend Step { optional string note = 101; }",
        ),
        hit(
            _BASE + "message Run { extensions 100; } extend Step { optional string note = 100; }",
            _BASE + "message Run { extensions 100; } extend Run { optional string note = 100; }",
        ),
        miss(
            _BASE + "extend Step { optional string note = 100; }",
            _BASE + "extend Step { optional string note = 100; optional string remark = 101; }",
        ),
    ],
)
def extension_renumbered(change: Renumbered[Field], context: Context) -> Iterator[Hit]:
    """The number in the extended message identifies the extension in the binary encoding: data under the old number
    becomes unknown. JSON keeps it under its name while it extends the same message. buf does not detect this.
    """
    if change.old.extendee:
        breaks = by_surface(context.structure.renumbered(change.old, change.new), Surface.SOURCE, Surface.STORAGE)
        yield Hit(breaks=breaks, extendee=change.old.extendee, to=change.new.number, to_extendee=change.new.extendee)
