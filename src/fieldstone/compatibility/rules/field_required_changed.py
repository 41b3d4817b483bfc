"""A required field came, or a field became or stopped being required."""

from collections.abc import Iterator

from fieldstone.compatibility.pairing import Added, Kept
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field


@rule(
    on=[(Kept, Field), (Added, Field)],
    summary="What is required stays required, and nothing else becomes so.",
    message="`{name}` of `{parent}` {what}",
    fix="declare it `optional` if it is new, else leave it as it was released",
    breaks=EVERYTHING,
    buf=["MESSAGE_SAME_REQUIRED_FIELDS", "FIELD_SAME_CARDINALITY"],
    examples=[
        hit(
            'syntax = "proto2"; message Step { optional string id = 1; }',
            'syntax = "proto2"; message Step { required string id = 1; }',
        ),
        hit(
            'syntax = "proto2"; message Step { required string id = 1; }',
            'syntax = "proto2"; message Step { optional string id = 1; }',
        ),
        hit(
            'syntax = "proto2"; message Step { optional string id = 1; }',
            'syntax = "proto2"; message Step { optional string id = 1; required string run = 2; }',
        ),
        miss(
            'syntax = "proto2"; message Step { required string id = 1; }',
            'syntax = "proto2"; message Step { required string id = 1; optional string run = 2; }',
        ),
    ],
)
def field_required_changed(change: Kept[Field] | Added[Field], context: Context) -> Iterator[Hit]:
    """A parser rejects a whole message that lacks a required field. A new required field makes every
    message written before unreadable; one that stops being required lets new writers leave out what
    old readers insist on.
    """
    is_required = change.new.cardinality == "required"
    if isinstance(change, Added):
        if is_required and change.within is not None:
            yield Hit(what="is new and required")
    elif is_required != (change.old.cardinality == "required"):
        yield Hit(what="became required" if is_required else "is no longer required")
