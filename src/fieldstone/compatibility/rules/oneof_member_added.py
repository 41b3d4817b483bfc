"""A oneof has another member."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Direction
from fieldstone.compatibility.losses import by_surface, lost
from fieldstone.compatibility.pairing import Added
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field, Message


@rule(
    on=[(Added, Field)],
    summary="A released oneof keeps its members and gets no others.",
    message="oneof `{oneof}` of `{parent}` has a new member `{name}`",
    fix="add `{name}` outside of the oneof, or to a oneof of a new version of the message",
    breaks=by_surface(lost(Direction.READ_BY_OLD)),
    examples=[
        hit(
            "message Step { oneof kind { int32 a = 1; int32 b = 2; } }",
            "message Step { oneof kind { int32 a = 1; int32 b = 2; int32 c = 3; } }",
        ),
        miss(
            "message Step { oneof kind { int32 a = 1; int32 b = 2; } }",
            "message Step { oneof kind { int32 a = 1; int32 b = 2; } oneof sort { int32 c = 3; int32 d = 4; } }",
        ),
        miss(
            "message Step { oneof kind { int32 a = 1; int32 b = 2; } }",
            "message Step { oneof kind { int32 a = 1; int32 b = 2; } int32 c = 3; }",
        ),
    ],
)
def oneof_member_added(change: Added[Field], context: Context) -> Iterator[Hit]:
    """A oneof says that one of these is set, and code that was written for it handles each. Old code
    sees none where the new member is set: the choice is lost, and what it does then was often never
    tried. It is an error all the same as any other break, because nothing in old code can be mended
    later; a module whose readers handle "none is set" turns the rule off.
    """
    oneof = change.new.oneof
    old = change.within.old if change.within else None
    if oneof and isinstance(old, Message) and oneof in old.oneofs:
        yield Hit(oneof=oneof)
