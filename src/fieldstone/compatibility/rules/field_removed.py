"""A field was removed, and its number and name are reserved."""

from collections.abc import Iterator

from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field
from fieldstone.schema.reservation import Reservation


@rule(
    on=[(Removed, Field)],
    summary="A released field stays.",
    message="`{name}` was removed from `{parent}`; its number {number} and its name are reserved",
    fix="restore {released} in place of its reservation, mark it `deprecated = true`, and stop writing it",
    breaks=EVERYTHING,
    buf=["FIELD_NO_DELETE", "MESSAGE_SAME_REQUIRED_FIELDS", "MESSAGE_NO_DELETE"],
    examples=[
        hit(
            "message Step { string id = 1; string note = 2; }",
            'message Step { reserved 2; reserved "note"; string id = 1; }',
        ),
        miss(
            "message Step { string id = 1; string note = 2; }",
            "message Step { string id = 1; string note = 2 [deprecated = true]; }",
        ),
    ],
)
def field_removed(change: Removed[Field], context: Context) -> Iterator[Hit]:
    """Readers of the new schema drop the field from every message ever written, and writers no longer send what old
    readers expect. Reserving the number prevents its reuse; it does not restore the data.
    """
    message = change.within.new if change.within else None
    reserved = getattr(message, "reserved", Reservation())
    if reserved.has_number(change.old.number) and reserved.has_name(change.old.name):
        yield Hit()
