"""An enum value has another number."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept, Removed, Renumbered
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, EnumValue, Field

_BY_NUMBER = (Surface.WIRE, Surface.SOURCE, Surface.STORAGE)


@rule(
    on=[(Renumbered, EnumValue), (Kept, EnumValue), (Removed, EnumValue)],
    summary="A released enum value keeps its number.",
    message="`{name}` of `{parent}` went from {number} to {to}",
    fix="keep `{was}`",
    breaks=EVERYTHING,
    buf=["ENUM_VALUE_NO_DELETE", "ENUM_VALUE_SAME_NAME"],
    examples=[
        hit("enum End { END_NONE = 0; END_GOAL = 1; }", "enum End { END_NONE = 0; END_GOAL = 2; }"),
        hit("enum End { A = 0; B = 1; C = 2; }", "enum End { A = 0; C = 1; B = 2; }"),
        hit(
            "enum End { A = 0; B = 1; } message Step { End end = 1; }",
            "enum End { B = 0; A = 1; } message Step { End end = 1; }",
        ),
        hit(
            "enum End { A = 0; B = 1; C = 2; }",
            "enum End { reserved 1; A = 0; B = 2; }",
            also=["enum-value-renamed"],
        ),
        miss("enum End { END_NONE = 0; END_GOAL = 1; }", "enum End { END_NONE = 0; END_GOAL = 1; END_TIME = 2; }"),
    ],
)
def enum_value_renumbered(change: Kept[EnumValue] | Removed[EnumValue], context: Context) -> Iterator[Hit]:
    """Binary messages carry the number. Old data keeps the old one, which now has no name, and old
    readers get a number that they have no name for. Where two values swapped their numbers, or one took
    the number of another that left, old data is read as something that was never meant. JSON has the
    name, but not that of an unset field.
    """
    enum = change.within.new if change.within else None
    now = enum.number_of(change.old.name) if isinstance(enum, Enum) else None
    if isinstance(enum, Enum) and now is not None and now != change.old.number:
        is_zero = 0 in {now, change.old.number} and _is_left_out(enum, context)
        yield Hit(breaks=None if is_zero else _BY_NUMBER, to=now)


def _is_left_out(enum: Enum, context: Context) -> bool:
    """Whether a field of both versions has the zero of the enum where nothing was sent."""
    users = ((context.old.messages.get(message.full_name), message) for message in context.new.messages.values())
    return any(
        field.type == enum.full_name and field.unset == "0" and _is_same(old.fields.get(number), field)
        for old, new in users
        if old
        for number, field in new.fields.items()
    )


def _is_same(old: Field | None, new: Field) -> bool:
    return old is not None and (old.type, old.presence, old.json_name) == (new.type, new.presence, new.json_name)
