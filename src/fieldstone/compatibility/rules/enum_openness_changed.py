"""An enum changed between open and closed."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses import by_surface, lost
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum


@rule(
    on=[(Kept, Enum)],
    summary="A released enum stays open or closed.",
    message="enum `{name}` of `{parent}` went from {old} to {new}",
    fix="keep it {old}",
    breaks=EVERYTHING,
    buf=["ENUM_SAME_TYPE"],
    follows=["file-syntax-changed"],
    examples=[
        hit(
            'edition = "2023"; enum End { END_NONE = 0; END_GOAL = 1; }',
            'edition = "2023"; enum End { option features.enum_type = CLOSED; END_NONE = 0; END_GOAL = 1; }',
        ),
        miss(
            'edition = "2023"; enum End { END_NONE = 0; END_GOAL = 1; }',
            'edition = "2023"; enum End { option features.enum_type = OPEN; END_NONE = 0; END_GOAL = 1; }',
        ),
    ],
)
def enum_openness_changed(change: Kept[Enum], context: Context) -> Iterator[Hit]:
    """An open enum keeps an unknown number; a closed one moves the field to the unknown fields, so it reads as unset.
    The same bytes mean another value, and adding a value later is safe for one kind only.
    """
    if change.old.closed != change.new.closed:
        words = {True: "closed", False: "open"}
        to_whom = Direction.READING_OLD if change.new.closed else Direction.READ_BY_OLD
        breaks = by_surface(lost(to_whom), Surface.SOURCE, Surface.STORAGE)
        yield Hit(breaks=breaks, old=words[change.old.closed], new=words[change.new.closed])
