"""A field has another number."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.losses import ALL_ON_WIRE, by_surface
from fieldstone.compatibility.pairing import Renumbered
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field, Message

# buf's reports about a map's entry message, which is named after the field, whatever its number.
_OF_MAPS = (
    "MESSAGE_NO_DELETE",
    "FIELD_SAME_TYPE",
    "FIELD_SAME_UTF8_VALIDATION",
    "FIELD_SAME_JAVA_UTF8_VALIDATION",
)


@rule(
    on=[(Renumbered, Field)],
    summary="A released field keeps its number.",
    message="`{name}` of `{parent}` went from number {number} to {to}",
    fix="keep {released}, or add an optional field of another name with number {to}",
    breaks=EVERYTHING,
    buf=["FIELD_NO_DELETE", "MESSAGE_SAME_REQUIRED_FIELDS", *_OF_MAPS],
    examples=[
        hit("message Step { double reward = 1; }", "message Step { double reward = 2; }"),
        hit(
            'syntax = "proto2"; message Step { required double reward = 1; }',
            'syntax = "proto2"; message Step { required double reward = 2; }',
        ),
        hit("message Step { map<string, int32> tags = 1; }", "message Step { string tags = 2; }"),
        hit("message Step { map<string, int32> tags = 1; }", "message Step { map<string, bytes> tags = 2; }"),
        hit(
            "message Step { oneof end { int32 a = 1; int32 b = 2; } }",
            "message Step { oneof end { int32 a = 1; } optional int32 b = 3; }",
        ),
        hit(
            "message Step { optional int32 a = 1; oneof end { int32 b = 2; } }",
            "message Step { oneof end { int32 b = 2; int32 a = 3; } }",
        ),
        miss("message Step { double reward = 1; }", "message Step { double reward = 1; double reward_sum = 2; }"),
    ],
)
def field_renumbered(change: Renumbered[Field], context: Context) -> Iterator[Hit]:
    """The number identifies the field in the binary encoding. Under another number, all old data reads as unset, and
    old readers do not see new data. JSON identifies the field by its name and keeps it, unless its type changed, too,
    or it moved into or out of a oneof.
    """
    within = change.within
    if within is None or not isinstance(within.old, Message) or not isinstance(within.new, Message):
        return
    losses = ALL_ON_WIRE | context.structure.named(change.old, within.old, change.new, within.new)
    yield Hit(breaks=by_surface(losses, Surface.SOURCE, Surface.STORAGE), to=change.new.number)
