"""An enum value was removed, and its number or name can be used again."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses import by_surface, lost
from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, EnumValue


@rule(
    on=[(Removed, EnumValue)],
    summary="A released enum value stays; if one is removed, its number and name are reserved.",
    message="`{name}` ({number}) was removed from `{parent}` and its {free} can be taken again",
    fix=(
        'keep `{was}`; to remove it all the same, write `reserved {number}; reserved "{name}";` '
        "and waive `enum-value-removed`"
    ),
    breaks=by_surface(lost(Direction.READING_OLD), Surface.SOURCE, Surface.STORAGE),
    buf=["ENUM_VALUE_NO_DELETE", "ENUM_VALUE_SAME_NAME"],
    examples=[
        hit("enum End { END_NONE = 0; END_GOAL = 1; END_TIME = 2; }", "enum End { END_NONE = 0; END_GOAL = 1; }"),
        miss(
            "enum End { END_NONE = 0; END_GOAL = 1; END_TIME = 2; }",
            'enum End { reserved 2; reserved "END_TIME"; END_NONE = 0; END_GOAL = 1; }',
            also=["enum-value-removed"],
        ),
    ],
)
def enum_value_removed_without_reserve(change: Removed[EnumValue], context: Context) -> Iterator[Hit]:
    """If the number returns under another name, every stored value gets another meaning. With `reserved` the compiler
    refuses that. If the name continues under another number, `enum-value-renumbered` reports it.
    """
    enum = change.within.new if change.within else None
    if not isinstance(enum, Enum) or enum.number_of(change.old.name) is not None:
        return
    still_used = change.old.number in enum.numbers
    taken = {
        "number": still_used or enum.reserved.has_number(change.old.number),
        "name": enum.reserved.has_name(change.old.name),
    }
    free = [what for what, is_reserved in taken.items() if not is_reserved]
    if free:
        on = [Surface.JSON] if still_used else [Surface.WIRE, Surface.JSON]
        breaks = by_surface(lost(Direction.READING_OLD, surfaces=on), Surface.SOURCE, Surface.STORAGE)
        yield Hit(breaks=breaks, free=" and ".join(free))
