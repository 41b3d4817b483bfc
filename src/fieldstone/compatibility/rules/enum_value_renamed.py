"""An enum value has another name."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, EnumValue


@rule(
    on=[(Kept, EnumValue)],
    summary="A released enum value keeps its name.",
    message="value {number} of `{parent}` was `{name}` and is now `{new_name}`",
    fix="keep the name `{name}`",
    breaks=[Surface.JSON, Surface.SOURCE, Surface.STORAGE],
    buf=["ENUM_VALUE_SAME_NAME"],
    examples=[
        hit("enum End { END_NONE = 0; END_GOAL = 1; }", "enum End { END_NONE = 0; END_TARGET = 1; }"),
        miss(
            "enum End { END_NONE = 0; END_GOAL = 1; }",
            "enum End { END_NONE = 0; END_GOAL = 1; END_TARGET = 2; }",
            also=["enum-value-added"],
        ),
    ],
)
def enum_value_renamed(change: Kept[EnumValue], context: Context) -> Iterator[Hit]:
    """JSON, generated constants and tables that store enums by name know only the old name. If the name continues under
    another number, `enum-value-renumbered` reports it.
    """
    enum = change.within.new if change.within else None
    lives_on = isinstance(enum, Enum) and enum.number_of(change.old.name) is not None
    if change.old.name != change.new.name and not lives_on:
        yield Hit()
