"""A field has another default."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field, Schema

_MANY = ("repeated", "map")


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
        hit(
            'syntax = "proto2"; enum End { A = 0; B = 1; } message Step { optional End end = 1; }',
            'syntax = "proto2"; enum End { B = 1; A = 0; } message Step { optional End end = 1; }',
        ),
        miss(
            'syntax = "proto2"; message Step { optional int32 tries = 1; optional double x = 2; }',
            'syntax = "proto2"; message Step { optional int32 tries = 1 [default = 0]; '
            "optional double x = 2 [default = -0.0]; }",
        ),
        miss(
            'syntax = "proto2"; message Step { optional int32 tries = 1; }',
            'syntax = "proto2"; message Step { optional int32 tries = 1; optional int32 max = 2 [default = 5]; }',
        ),
    ],
)
def field_default_changed(change: Kept[Field], context: Context) -> Iterator[Hit]:
    """A value that was not sent is read as the default of the reader's schema. Writer and reader of
    different versions then hold different values for the same bytes, and neither notices. An enum
    without a declared default has its first value; JSON knows that by its name. A required field is
    always sent, so that its default shows in generated code alone.
    """
    old, new = change.old, change.new
    same_kind = (old.type, old.cardinality in _MANY) == (new.type, new.cardinality in _MANY)
    if old.unset != new.unset and same_kind:
        always_sent = old.cardinality == new.cardinality == "required"
        same_name = _names(context.old, old) & _names(context.new, new)
        breaks = [s for s in EVERYTHING if not (same_name and s is Surface.JSON)]
        breaks = [Surface.SOURCE] if always_sent else breaks
        yield Hit(breaks=breaks, old=old.unset or "empty", new=new.unset or "empty")


def _names(schema: Schema, field: Field) -> set[str]:
    """What JSON calls the default of an enum field."""
    enum = schema.enums.get(field.type)
    return {value.name for value in enum.values if str(value.number) == field.unset} if enum else set()
