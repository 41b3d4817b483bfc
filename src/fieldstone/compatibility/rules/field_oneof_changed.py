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
    fix="move `{name}` back and add a new field",
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
    """Only the last member of a oneof that is read survives. If a field moves into a oneof, another member overwrites
    it in messages with both. If it moves out, both can be set, which old readers cannot represent. A plain field that
    joins a oneof can be absent, which its column does not support. A field alone in a new oneof has the same bytes and
    JSON if it had presence before.
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
    """Whether one oneof was removed and one with the same members was added, so that only the name differs."""
    if change.within is None or not change.old.oneof or not change.new.oneof:
        return False
    old, new = change.within.old, change.within.new
    if not isinstance(old, Message) or not isinstance(new, Message):
        return False
    if change.old.oneof in new.oneofs or change.new.oneof in old.oneofs:
        return False
    return old.oneofs[change.old.oneof].members == new.oneofs[change.new.oneof].members
