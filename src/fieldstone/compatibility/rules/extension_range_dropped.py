"""A message no longer takes extensions that it took."""

from collections.abc import Iterator

from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Message
from fieldstone.schema.reservation import uncovered


@rule(
    on=[(Kept, Message)],
    summary="A released extension range stays.",
    message="`{name}` no longer takes extensions {first} to {last}",
    fix="write `extensions {first} to {last};` again",
    breaks=EVERYTHING,
    buf=["EXTENSION_MESSAGE_NO_DELETE"],
    examples=[
        hit(
            'syntax = "proto2"; message Step { extensions 100 to 199; }',
            'syntax = "proto2"; message Step { extensions 100 to 149; }',
        ),
        miss(
            'syntax = "proto2"; message Step { extensions 100 to 199; }',
            'syntax = "proto2"; message Step { extensions 100 to 299; }',
        ),
        miss(
            'syntax = "proto2"; message Step { extensions 100 to 199; }',
            'syntax = "proto2"; message Step { extensions 100 to 149; extensions 150 to 199; }',
        ),
    ],
)
def extension_range_dropped(change: Kept[Message], context: Context) -> Iterator[Hit]:
    """Others, whom this schema does not know, may have extended the message in that range: their
    schemas no longer compile, and their data may be given to a field.
    """
    for first, last in uncovered(change.old.extension_ranges, change.new.extension_ranges):
        yield Hit(first=first, last=last)
