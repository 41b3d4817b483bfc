"""An enum value was removed, and its number and name are reserved."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses import by_surface, lost
from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, EnumValue

_WITHOUT_NAME = lost(Direction.READING_OLD, surfaces=[Surface.JSON])


@rule(
    on=[(Removed, EnumValue)],
    summary="A released enum value stays.",
    message="`{name}` was removed from `{parent}`; its number {number} and its name are reserved",
    fix="restore `{was}` in place of its reservation, and mark it `deprecated = true`",
    breaks=by_surface(lost(Direction.READING_OLD), Surface.SOURCE, Surface.STORAGE),
    buf=["ENUM_VALUE_NO_DELETE", "ENUM_VALUE_SAME_NAME"],
    examples=[
        hit(
            "enum End { END_NONE = 0; END_GOAL = 1; END_TIME = 2; }",
            'enum End { reserved 2; reserved "END_TIME"; END_NONE = 0; END_GOAL = 1; }',
        ),
        hit(
            "enum End { option allow_alias = true; END_NONE = 0; END_GOAL = 1; END_TARGET = 1; }",
            'enum End { reserved "END_TARGET"; END_NONE = 0; END_GOAL = 1; }',
        ),
        miss(
            "enum End { END_NONE = 0; END_GOAL = 1; END_TIME = 2; }",
            "enum End { END_NONE = 0; END_GOAL = 1; END_TIME = 2 [deprecated = true]; }",
        ),
    ],
)
def enum_value_removed(change: Removed[EnumValue], context: Context) -> Iterator[Hit]:
    """Stored messages contain the number and stored JSON the name. Readers of the new schema have no name for the
    number, and refuse the name. For an alias only the name is lost.
    """
    enum = change.within.new if change.within else None
    if not isinstance(enum, Enum):
        return
    is_alias = change.old.number in enum.numbers
    if (is_alias or enum.reserved.has_number(change.old.number)) and enum.reserved.has_name(change.old.name):
        breaks = by_surface(_WITHOUT_NAME, Surface.SOURCE, Surface.STORAGE) if is_alias else None
        yield Hit(breaks=breaks)
