"""A message, enum or service reuses a name that an earlier release used."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Added, Renamed
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, Message, Service


@rule(
    on=[(kind, element) for kind in (Added, Renamed) for element in (Message, Enum, Service)],
    summary="A used name of a message, enum or service is never given to another.",
    message="`{taken}` was a {kind} of this module since {since}, and was removed",
    fix="take a name that no release has used",
    breaks=EVERYTHING,
    examples=[
        hit(
            "message Step { string id = 1; }",
            "message Step { string id = 1; } message Tag { int32 n = 1; }",
            history=["message Step { string id = 1; } message Tag { string name = 1; }"],
        ),
        hit(
            "message Step { string id = 1; }",
            "message Step { string id = 1; } enum End { END_NONE = 0; END_CRASH = 1; }",
            history=["message Step { string id = 1; } enum End { END_NONE = 0; END_GOAL = 1; }"],
        ),
        miss(
            "message Step { string id = 1; }",
            "message Step { string id = 1; } message Label { int32 n = 1; }",
            history=["message Step { string id = 1; } message Tag { string name = 1; }"],
        ),
    ],
)
def type_name_reused(change: Added[Message | Enum | Service], context: Context) -> Iterator[Hit]:
    """Stored messages, `google.protobuf.Any`, tables and clients of the old release still use the name, and would read
    the new element instead of the old one. Only code depends on the name of an enum, or of a renamed type.
    """
    past = context.ledger.type(change.new.full_name)
    if past.until or past.kind not in {"", type(change.new).__name__.lower()}:
        lives_on = past.kind == "enum" or change.new.full_name in context.renames.types
        breaks = [Surface.SOURCE] if lives_on else None
        yield Hit(breaks=breaks, taken=change.new.full_name, kind=past.kind, since=past.since)
