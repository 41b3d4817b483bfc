"""A field has another default."""

from collections.abc import Iterator

from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field


@rule(
    on=[(Kept, Field)],
    summary="A released field keeps its default.",
    message="the default of `{name}` of `{parent}` went from {old} to {new}",
    fix="keep `{was}`",
    breaks=EVERYTHING,
    buf=["FIELD_SAME_DEFAULT"],
    examples=[
        hit(
            'syntax = "proto2"; message Step { optional int32 tries = 1 [default = 3]; }',
            'syntax = "proto2"; message Step { optional int32 tries = 1 [default = 5]; }',
        ),
        hit(
            'syntax = "proto2"; message Step { optional int32 tries = 1; }',
            'syntax = "proto2"; message Step { optional int32 tries = 1 [default = 5]; }',
        ),
        miss(
            'syntax = "proto2"; message Step { optional int32 tries = 1; }',
            'syntax = "proto2"; message Step { optional int32 tries = 1; optional int32 max = 2 [default = 5]; }',
        ),
    ],
)
def field_default_changed(change: Kept[Field], context: Context) -> Iterator[Hit]:
    """A value that was not sent is read as the default of the reader's schema. Writer and reader of
    different versions then hold different values for the same bytes, and neither notices.
    """
    old, new = change.old.default, change.new.default
    if old != new and change.old.type == change.new.type:
        yield Hit(old="none" if old is None else old, new="none" if new is None else new)
