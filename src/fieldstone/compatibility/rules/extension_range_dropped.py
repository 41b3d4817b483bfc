"""A message no longer accepts extensions in a released range."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.grouping import Group
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Message
from fieldstone.schema.reservation import first_numbers, uncovered


@rule(
    on=[(Kept, Message)],
    summary="A released extension range stays.",
    group=Group.EXTENSIONS,
    message="`{name}` no longer accepts extensions {first} to {last}",
    fix="write `extensions {first} to {last};` again",
    breaks=EVERYTHING,
    buf=["EXTENSION_MESSAGE_NO_DELETE"],
    examples=[
        hit(
            'syntax = "proto2"; message Step { extensions 100 to 199; }',
            'syntax = "proto2"; message Step { extensions 100 to 149; }',
        ),
        hit(
            'syntax = "proto2"; message Step { extensions 3; } extend Step { optional string note = 3; }',
            'syntax = "proto2"; message Step { optional string note = 3; }',
            also=["extension-removed", "field-number-reused"],
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
    """Others, unknown to this schema, may have extended the message in that range. Their schemas no longer compile, and
    a new field may read their data. If known extensions used all of its numbers and are fields now, `extension-removed`
    reports the losses.
    """
    for first, last in uncovered(change.old.extension_ranges, change.new.extension_ranges):
        breaks = [Surface.SOURCE] if _became_fields(change, first, last, context) else None
        parts = first_numbers(change.old.extension_ranges, [(first, last)])
        yield Hit(breaks=breaks, parts=parts, first=first, last=last)


def _became_fields(change: Kept[Message], first: int, last: int, context: Context) -> bool:
    """Whether every number of a range belonged to a known extension and is a field now: nobody else used it."""
    known, fields = context.old.extensions, change.new.fields
    few = last - first < len(fields)
    return few and all((change.old.full_name, n) in known and n in fields for n in range(first, last + 1))
