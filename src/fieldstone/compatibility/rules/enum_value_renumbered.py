"""An enum value has another number."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept, Removed, Renumbered
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, EnumValue


@rule(
    on=[(Renumbered, EnumValue), (Kept, EnumValue), (Removed, EnumValue)],
    summary="A released enum value keeps its number.",
    message="`{name}` of `{parent}` went from {number} to {to}",
    fix="keep `{was}`",
    breaks=[Surface.WIRE, Surface.SOURCE, Surface.STORAGE],
    buf=["ENUM_VALUE_NO_DELETE", "ENUM_VALUE_SAME_NAME"],
    examples=[
        hit("enum End { END_NONE = 0; END_GOAL = 1; }", "enum End { END_NONE = 0; END_GOAL = 2; }"),
        hit("enum End { A = 0; B = 1; C = 2; }", "enum End { A = 0; C = 1; B = 2; }"),
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
    the number of another that left, old data is read as something that was never meant.
    """
    enum = change.within.new if change.within else None
    now = enum.number_of(change.old.name) if isinstance(enum, Enum) else None
    if now is not None and now != change.old.number:
        yield Hit(to=now)
