"""An alias was placed before a released enum value."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses import by_surface, lost
from fieldstone.compatibility.pairing import Added, Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, EnumValue


@rule(
    on=[(Added, EnumValue), (Kept, EnumValue)],
    summary="A released enum value stays the first name of its number.",
    message="the new `{name}` of `{parent}` is placed before the released name `{first}`",
    fix="place `{name}` after `{first}`",
    breaks=by_surface(lost(Direction.READ_BY_OLD, surfaces=[Surface.JSON])),
    since="0.2.0",
    examples=[
        hit(
            "enum End { END_NONE = 0; END_GOAL = 1; } message Step { End end = 1; }",
            "enum End { option allow_alias = true; END_NONE = 0; END_TARGET = 1; END_GOAL = 1; } "
            "message Step { End end = 1; }",
        ),
        hit(
            "enum End { END_GOAL = 0; END_NONE = 1; } message Step { End end = 1; }",
            "enum End { option allow_alias = true; END_NONE = 0; END_RED = 1; END_GOAL = 1; } "
            "message Step { End end = 1; }",
            also=["enum-value-renumbered"],
        ),
        miss(
            "enum End { END_NONE = 0; END_GOAL = 1; } message Step { End end = 1; }",
            "enum End { option allow_alias = true; END_NONE = 0; END_GOAL = 1; END_TARGET = 1; } "
            "message Step { End end = 1; }",
        ),
        miss(
            "enum End { option allow_alias = true; END_NONE = 0; END_GOAL = 1; END_TARGET = 1; }",
            "enum End { option allow_alias = true; END_NONE = 0; END_TARGET = 1; END_GOAL = 1; }",
        ),
    ],
)
def enum_alias_placed_first(change: Added[EnumValue] | Kept[EnumValue], context: Context) -> Iterator[Hit]:
    """JSON writes the first declared name of a number (https://protobuf.dev/programming-guides/json/). Old code knows
    the number but not the new name. It refuses the JSON or, if lenient, ignores the field. The order of released names
    may change.
    """
    old, new = (change.within.old, change.within.new) if change.within else (None, None)
    if not isinstance(old, Enum) or not isinstance(new, Enum):
        return
    names = [value.name for value in new.values if value.number == change.new.number]
    released = [name for name in names if old.number_of(name) is not None]
    if released and names[0] == change.new.name and old.number_of(names[0]) is None:
        yield Hit(name=names[0], first=released[0])
