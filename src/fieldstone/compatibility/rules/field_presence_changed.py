"""A field gained or lost the distinction between unset and zero."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.losses import by_surface
from fieldstone.compatibility.losses.fields import presence
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field


@rule(
    on=[(Kept, Field)],
    summary="A released field keeps its presence.",
    message="`{name}` of `{parent}` went from {old} to {new} presence",
    fix="keep {released}",
    breaks=EVERYTHING,
    buf=["FIELD_SAME_CARDINALITY", "FIELD_SAME_ONEOF"],
    follows=["file-syntax-changed"],
    examples=[
        hit("message Step { optional int64 seed = 1; }", "message Step { int64 seed = 1; }"),
        hit("message Step { int64 seed = 1; }", "message Step { optional int64 seed = 1; }"),
        miss(
            "message Step { Seed seed = 1; } message Seed {}",
            "message Step { optional Seed seed = 1; } message Seed {}",
        ),
    ],
)
def field_presence_changed(change: Kept[Field], context: Context) -> Iterator[Hit]:
    """With explicit presence a reader can distinguish "not set" from zero; with implicit presence it cannot, and zero
    is not even sent. Without presence every absent value becomes zero; with new presence every written zero becomes
    absent. `has_` methods are added or removed, and a column's NULLs lose their meaning.
    """
    presences = {"explicit", "implicit"}
    old, new = change.old, change.new
    if {old.presence, new.presence} == presences and old.oneof == new.oneof:
        breaks = by_surface(presence(old, new), Surface.SOURCE, Surface.STORAGE)
        yield Hit(breaks=breaks, old=old.presence, new=new.presence)
