"""A oneof was removed."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses import by_surface, lost
from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Message, Oneof


@rule(
    on=[(Removed, Oneof)],
    summary="A released oneof stays.",
    message="oneof `{name}` was removed from `{parent}`",
    fix="keep oneof `{name}`",
    breaks=by_surface(lost(Direction.READ_BY_OLD), Surface.SOURCE),
    buf=["ONEOF_NO_DELETE"],
    examples=[
        hit(
            "message Step { oneof kind { int32 a = 1; int32 b = 2; } }",
            "message Step { optional int32 a = 1; optional int32 b = 2; }",
            also=["field-oneof-changed"],
        ),
        miss(
            "message Step { oneof kind { int32 a = 1; } }",
            "message Step { oneof kind { int32 a = 1; } int32 b = 2; }",
        ),
    ],
)
def oneof_removed(change: Removed[Oneof], context: Context) -> Iterator[Hit]:
    """Without the oneof a writer may set several members at once; an old reader keeps only the last of them. Code that
    asks which member is set no longer compiles. Nothing else breaks if the oneof had one member, or if all of them
    moved into another oneof.
    """
    message = change.within.new if change.within else None
    fields = message.fields if isinstance(message, Message) else {}
    staying = [fields[number].oneof for number in change.old.members if number in fields]
    are_rivals = len(set(staying)) == 1 and staying[0] is not None
    yield Hit(breaks=None if len(staying) > 1 and not are_rivals else [Surface.SOURCE])
