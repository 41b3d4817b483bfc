"""A field moved into, out of or between oneofs."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.losses import Losses, by_surface
from fieldstone.compatibility.losses.fields import oneof, presence
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field, Message


@rule(
    on=[(Kept, Field)],
    summary="A released field stays in its oneof, or outside of any.",
    message="`{name}` of `{parent}` moved from {old} to {new}",
    fix="leave `{name}` where it was and add a new field",
    breaks=EVERYTHING,
    buf=["FIELD_SAME_ONEOF", "FIELD_SAME_CARDINALITY"],
    examples=[
        hit(
            "message Step { oneof kind { int32 a = 1; int32 b = 2; } optional int32 c = 3; }",
            "message Step { oneof kind { int32 a = 1; int32 b = 2; int32 c = 3; } }",
        ),
        hit(
            "message Step { oneof kind { int32 a = 1; int32 b = 2; } }",
            "message Step { oneof kind { int32 a = 1; } optional int32 b = 2; }",
        ),
        hit(
            "message Step { oneof kind { int32 a = 1; } oneof sort { int32 b = 2; } }",
            "message Step { oneof sort { int32 a = 1; } oneof kind { int32 b = 2; } }",
        ),
        hit(
            "message Step { optional int32 a = 1; }",
            "message Step { oneof kind { int32 a = 1; } }",
        ),
        miss(
            "message Step { oneof kind { int32 a = 1; int32 b = 2; } }",
            "message Step { oneof sort { int32 a = 1; int32 b = 2; } }",
            also=["oneof-renamed"],
        ),
    ],
)
def field_oneof_changed(change: Kept[Field], context: Context) -> Iterator[Hit]:
    """Of the members of a oneof only the last one read survives. A field that moves into a oneof is
    wiped out by another member in messages that carry both; one that leaves lets both be set, which
    old readers cannot hold. A plain field that joins a oneof can be absent, which its column has no
    place for. A field alone in a new oneof is the same in bytes and in JSON if it could be told from
    zero before.
    """
    old, new = change.old.oneof, change.new.oneof
    if old != new and not _only_renamed(change):
        same_column = change.old.presence == change.new.presence
        beyond = (Surface.SOURCE,) if same_column else (Surface.SOURCE, Surface.STORAGE)
        yield Hit(breaks=by_surface(_losses(change), *beyond), old=_words(old), new=_words(new))


def _losses(change: Kept[Field]) -> Losses:
    found = presence(change.old, change.new)
    if change.within and isinstance(change.within.old, Message) and isinstance(change.within.new, Message):
        found |= oneof(change.old, change.within.old, change.new, change.within.new)
    return found


def _words(oneof: str | None) -> str:
    return f"oneof `{oneof}`" if oneof else "outside of any oneof"


def _only_renamed(change: Kept[Field]) -> bool:
    """Whether one oneof left and one with the same members came, so that only the name differs."""
    if change.within is None or not change.old.oneof or not change.new.oneof:
        return False
    old, new = change.within.old, change.within.new
    if not isinstance(old, Message) or not isinstance(new, Message):
        return False
    if change.old.oneof in new.oneofs or change.new.oneof in old.oneofs:
        return False
    return old.oneofs[change.old.oneof].members == new.oneofs[change.new.oneof].members
