"""A field has another default."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.losses import by_surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field

_MANY = ("repeated", "map")


@rule(
    on=[(Kept, Field)],
    summary="A released field keeps its default.",
    message="the default of `{name}` of `{parent}` went from {old} to {new}",
    fix="keep {released}",
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
        hit(
            'syntax = "proto2"; message Step { optional int32 tries = 1 [default = 7]; }',
            'syntax = "proto2"; message Step { optional int64 tries = 1; }',
            also=["field-type-changed"],
        ),
        hit(
            'syntax = "proto2"; enum End { A = 0; B = 1; } enum Stop { D = 1; C = 0; } '
            "message Step { optional End end = 1; }",
            'syntax = "proto2"; enum End { A = 0; B = 1; } enum Stop { D = 1; C = 0; } '
            "message Step { optional Stop end = 1; }",
            also=["field-type-changed"],
        ),
        miss(
            'syntax = "proto2"; message Step { optional int32 tries = 1 [default = 7]; }',
            'syntax = "proto2"; message Step { optional int64 tries = 1 [default = 7]; }',
            also=["field-type-changed"],
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
    """An unsent value is read as the default of the reader's schema. Writer and reader of different versions then see
    different values for the same bytes, without an error. An enum without a declared default has its first value; JSON
    identifies it by name. A required field is always sent, so its default only matters to generated code. If the type
    changed too, this is reported only if the types alone would keep the data.
    """
    old, new = change.old, change.new
    losses = context.structure.default(old, new)
    if (old.type, old.composite) != (new.type, new.composite):
        if not losses <= context.structure.cardinality(old, new):
            by_number = old.unset != new.unset
            words = [_unset(old), _unset(new)] if by_number else ["the first value of its enum", "another first value"]
            breaks = by_surface(losses, Surface.SOURCE, Surface.STORAGE)
            yield Hit(breaks=breaks, buf=None if by_number else [], old=words[0], new=words[1])
    elif old.unset != new.unset and (old.cardinality in _MANY) == (new.cardinality in _MANY):
        beyond = [Surface.SOURCE, Surface.STORAGE] if losses else [Surface.SOURCE]
        yield Hit(breaks=by_surface(losses, *beyond), old=_unset(old), new=_unset(new))


def _unset(field: Field) -> str:
    return field.unset or "empty"
