"""An enum value reuses a number that an earlier release used for another."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Added, Renumbered
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import EnumValue


@rule(
    on=[(Added, EnumValue), (Renumbered, EnumValue)],
    summary="A used enum number is never given to another value.",
    message="`{taker}` of `{parent}` takes number {taken}, which was `{earlier}` since {since}",
    fix="take a number that no release has used",
    breaks=[Surface.WIRE, Surface.SOURCE, Surface.STORAGE],
    examples=[
        hit(
            "enum End { END_NONE = 0; }",
            "enum End { END_NONE = 0; END_CRASH = 1; }",
            also=["enum-value-added"],
            history=["enum End { END_NONE = 0; END_GOAL = 1; }"],
        ),
        hit(
            "package acme.v1; enum End { END_NONE = 0; }",
            "package acme.v2; enum End { END_NONE = 0; END_CRASH = 1; }",
            also=["enum-value-added", "package-removed"],
            history=["package acme.v1; enum End { END_NONE = 0; END_GOAL = 1; }"],
        ),
        miss(
            "enum End { END_NONE = 0; }",
            "enum End { END_NONE = 0; END_CRASH = 2; }",
            also=["enum-value-added"],
            history=["enum End { END_NONE = 0; END_GOAL = 1; }"],
        ),
    ],
)
def enum_value_number_reused(change: Added[EnumValue] | Renumbered[EnumValue], context: Context) -> Iterator[Hit]:
    """Stored messages contain the number. Data that was written as the old value is read as the new one, without any
    error.
    """
    past = context.history(change.new.parent)
    use = past.number_taken(change.new.number, change.new.name, "value")
    if use and use.until is not None:
        yield Hit(taker=change.new.name, taken=change.new.number, earlier=use.name, since=use.since)
