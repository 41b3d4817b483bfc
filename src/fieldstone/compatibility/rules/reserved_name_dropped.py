"""A reserved name is free again."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, Message


@rule(
    on=[(Kept, Message), (Kept, Enum)],
    summary="A reserved name stays reserved.",
    message="`{name}` no longer reserves the name `{free}`",
    fix='write `reserved "{free}";` again',
    breaks=[Surface.JSON, Surface.SOURCE, Surface.STORAGE],
    buf=["RESERVED_MESSAGE_NO_DELETE", "RESERVED_ENUM_NO_DELETE"],
    examples=[
        hit(
            'message Step { reserved 2; reserved "note"; string id = 1; }',
            "message Step { reserved 2; string id = 1; }",
            history=["message Step { string id = 1; string note = 2; }"],
        ),
        hit('message Step { reserved "note", "remark"; }', 'message Step { reserved "note"; }'),
        miss('message Step { reserved "note"; }', 'message Step { reserved "remark", "note"; }'),
    ],
)
def reserved_name_dropped(change: Kept[Message | Enum], context: Context) -> Iterator[Hit]:
    """A name is reserved because JSON, code and columns of an earlier release used it. If it is used again, they get
    another meaning. If a release of this module had the name, its JSON is affected; if none had, only the schema's own
    promise is broken.
    """
    past = {use.name for use in context.ledger.type(change.old.full_name).members if use.until}
    for name in sorted(change.old.reserved.names - change.new.reserved.names):
        yield Hit(breaks=None if name in past else [Surface.SOURCE], parts=[name], free=name)
