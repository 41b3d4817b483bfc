"""A reserved number is free again."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, Message
from fieldstone.schema.reservation import Reservation, first_numbers, uncovered


@rule(
    on=[(Kept, Message), (Kept, Enum)],
    summary="A reserved number stays reserved.",
    message="`{name}` no longer reserves {numbers}",
    fix="write `reserved {numbers};` again",
    breaks=EVERYTHING,
    buf=["RESERVED_MESSAGE_NO_DELETE", "RESERVED_ENUM_NO_DELETE"],
    examples=[
        hit(
            'message Step { reserved 2; reserved "note"; string id = 1; }',
            'message Step { reserved "note"; string id = 1; }',
            history=["message Step { string id = 1; string note = 2; }"],
        ),
        hit("message Step { reserved 2, 5 to 9; }", "message Step { reserved 2, 5 to 7; }"),
        hit("enum End { reserved 3; END_NONE = 0; }", "enum End { END_NONE = 0; }"),
        miss("message Step { reserved 2, 3; }", "message Step { reserved 2 to 4; }"),
    ],
)
def reserved_number_dropped(change: Kept[Message | Enum], context: Context) -> Iterator[Hit]:
    """A number is reserved because data of an earlier meaning still exists. If it is used again, that data gets another
    meaning. If a release of this module had the number, its data is affected; if none had, only the schema's own
    promise is broken.
    """
    missing = uncovered(change.old.reserved.ranges, change.new.reserved.ranges)
    if missing:
        freed = Reservation(ranges=tuple(missing))
        past = context.ledger.type(change.old.full_name).members
        was_used = any(use.until and use.number is not None and freed.has_number(use.number) for use in past)
        yield Hit(
            breaks=None if was_used else [Surface.SOURCE],
            parts=first_numbers(change.old.reserved.ranges, missing),
            numbers=", ".join(str(a) if a == b else f"{a} to {b}" for a, b in missing),
        )
