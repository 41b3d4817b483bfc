"""A message, enum or service moved to another file."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, Message, Service


@rule(
    on=[(Kept, Message), (Kept, Enum), (Kept, Service)],
    summary="What was released stays in its file.",
    message="`{name}` moved from {old} to {new}",
    fix="move it back to {old}",
    breaks=[Surface.SOURCE],
    buf=["MESSAGE_NO_DELETE", "ENUM_NO_DELETE", "SERVICE_NO_DELETE"],
    examples=[
        hit(
            {"acme/v1/a.proto": "message Step { string id = 1; } message Tag { string name = 1; }"},
            {"acme/v1/a.proto": "message Step { string id = 1; }", "acme/v1/b.proto": "message Tag { string name = 1; }"},
        ),
        miss(
            {"acme/v1/a.proto": "message Step { string id = 1; } message Tag { string name = 1; }"},
            {"acme/v1/a.proto": "message Tag { string name = 1; } message Step { string id = 1; }"},
        ),
    ],
)
def type_moved(change: Kept[Message | Enum | Service], context: Context) -> Iterator[Hit]:
    """Most languages generate one module, header or outer class a file, and importers name that file.
    Bytes and JSON do not change, but every program that includes the old one stops compiling. A whole
    file that went is told by `file-removed`.
    """
    old, new = change.old.file, change.new.file
    nested = change.old.parent in context.old.messages
    if old != new and old in context.new.files and not nested:
        yield Hit(old=old, new=new)
