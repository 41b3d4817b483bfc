"""An enum value has another number."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.losses import on
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
            'syntax = "proto2"; enum End { A = 5; B = 6; } message Step { optional End end = 1; }',
            'syntax = "proto2"; enum End { B = 5; A = 6; } message Step { optional End end = 1; }',
        ),
        hit(
            "enum End { A = 0; B = 1; C = 2; }",
            "enum End { reserved 1; A = 0; B = 2; }",
            also=["enum-value-renamed"],
        ),
        miss(
            "enum End { END_NONE = 0; END_GOAL = 1; }",
            "enum End { END_NONE = 0; END_GOAL = 1; END_TIME = 2; }",
            also=["enum-value-added"],
        ),
    ],
)
def enum_value_renumbered(change: Kept[EnumValue] | Removed[EnumValue], context: Context) -> Iterator[Hit]:
    """Binary messages contain the number. Old data keeps the old one, which now has no name, and old readers get a
    number without a name. If two values swapped numbers, or one took the number of a removed one, old data gets another
    meaning. JSON has the name, except for unset fields.
    """
    enum = change.within.new if change.within else None
    now = enum.number_of(change.old.name) if isinstance(enum, Enum) else None
    if isinstance(enum, Enum) and now is not None and now != change.old.number:
        in_json = _is_unset_value(enum, {change.old.number, now}, context)
        yield Hit(breaks=None if in_json else _BY_NUMBER, to=now)


def _is_unset_value(enum: Enum, numbers: set[int], context: Context) -> bool:
    """Whether an unsent field of both versions has one of these numbers under a changed name."""
    unset = set(map(str, numbers))
    return any(
        new.type == enum.full_name and new.unset in unset and _loses_its_name(old, new, context)
        for old, new in _kept_fields(context)
    )


def _kept_fields(context: Context) -> Iterator[tuple[Field, Field]]:
    """The fields and extensions that both versions have."""
    came = context.renames.came
    for name, message in context.new.messages.items():
        before = context.old.messages.get(came.get(name, name))
        yield from ((before.fields[n], field) for n, field in message.fields.items() if before and n in before.fields)
    for (extendee, number), extension in context.new.extensions.items():
        released = context.old.extensions.get((came.get(extendee, extendee), number))
        if released:
            yield released, extension


def _loses_its_name(old: Field, new: Field, context: Context) -> bool:
    before = context.renames.types.get(old.type, old.type)
    same = (before, old.presence, old.json_name) == (new.type, new.presence, new.json_name)
    return same and bool(on(Surface.JSON, context.structure.default(old, new)))
