"""A message or enum left and one of the same shape came."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Renamed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, Message


@rule(
    on=[(Renamed, Message), (Renamed, Enum)],
    summary="A released message or enum keeps its full name.",
    message="`{was_full}` is now `{now_full}`",
    fix="keep `{was_full}`, and deprecate it in favour of `{now_full}`",
    breaks=[Surface.JSON, Surface.SOURCE, Surface.STORAGE],
    buf=["MESSAGE_NO_DELETE", "ENUM_NO_DELETE", "FILE_NO_DELETE", "FILE_SAME_PACKAGE"],
    examples=[
        hit("message Step { string id = 1; }", "message Move { string id = 1; }"),
        hit("enum End { END_NONE = 0; END_GOAL = 1; }", "enum Finish { END_NONE = 0; END_GOAL = 1; }"),
        hit(
            "message Step { Step next = 1; Tag tag = 2; } message Tag { string name = 1; }",
            "message Move { Move next = 1; Label tag = 2; } message Label { string name = 1; }",
        ),
        miss("message Step { string id = 1; }", "message Step { string id = 1; } message Move { string id = 1; }"),
    ],
)
def type_renamed(change: Renamed[Message | Enum], context: Context) -> Iterator[Hit]:
    """The bytes of a message do not carry its name, but generated classes, tables and a schema
    registry's subject do, and all of them look for the old one. JSON does not carry it either, except
    in `google.protobuf.Any`: there `@type` names the message, and nobody can read the rest without
    it. Nothing but code and tables names an enum.
    """
    breaks = None if isinstance(change.old, Message) else [Surface.SOURCE, Surface.STORAGE]
    yield Hit(breaks=breaks, was_full=change.old.full_name, now_full=change.new.full_name)
