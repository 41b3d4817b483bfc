"""An enum value has another number."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Renumbered
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import EnumValue


@rule(
    on=[(Renumbered, EnumValue)],
    summary="A released enum value keeps its number.",
    message="`{name}` of `{parent}` went from {number} to {to}",
    fix="keep `{was}`",
    breaks=[Surface.WIRE, Surface.SOURCE, Surface.STORAGE],
    buf=["ENUM_VALUE_NO_DELETE", "ENUM_VALUE_SAME_NAME"],
    examples=[
        hit("enum End { END_NONE = 0; END_GOAL = 1; }", "enum End { END_NONE = 0; END_GOAL = 2; }"),
        miss("enum End { END_NONE = 0; END_GOAL = 1; }", "enum End { END_NONE = 0; END_GOAL = 1; END_TIME = 2; }"),
    ],
)
def enum_value_renumbered(change: Renumbered[EnumValue], context: Context) -> Iterator[Hit]:
    """Binary messages carry the number. Old data keeps the old one, which now has no name, and old
    readers get a number that they have no name for.
    """
    yield Hit(to=change.new.number)
