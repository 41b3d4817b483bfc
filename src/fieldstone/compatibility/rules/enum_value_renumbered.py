"""An enum value has another number."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept, Renumbered
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, EnumValue


@rule(
    on=[(Renumbered, EnumValue), (Kept, EnumValue)],
    summary="A released enum value keeps its number.",
    message="`{name}` of `{parent}` went from {number} to {to}",
    fix="keep `{was}`",
    breaks=[Surface.WIRE, Surface.SOURCE, Surface.STORAGE],
    buf=["ENUM_VALUE_NO_DELETE", "ENUM_VALUE_SAME_NAME"],
    examples=[
        hit("enum End { END_NONE = 0; END_GOAL = 1; }", "enum End { END_NONE = 0; END_GOAL = 2; }"),
        hit("enum End { A = 0; B = 1; C = 2; }", "enum End { A = 0; C = 1; B = 2; }"),
        miss("enum End { END_NONE = 0; END_GOAL = 1; }", "enum End { END_NONE = 0; END_GOAL = 1; END_TIME = 2; }"),
    ],
)
def enum_value_renumbered(change: Kept[EnumValue], context: Context) -> Iterator[Hit]:
    """Binary messages carry the number. Old data keeps the old one, which now has no name, and old
    readers get a number that they have no name for. Where two values swapped their numbers, both read
    the one as the other.
    """
    enum = change.within.new if change.within else None
    if isinstance(change, Renumbered):
        yield Hit(to=change.new.number)
    elif isinstance(enum, Enum) and change.old.name != change.new.name:
        numbers = [value.number for value in enum.values if value.name == change.old.name]
        if numbers:
            yield Hit(to=numbers[0])
