"""An enum value reuses a name that an earlier release used for another number."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Added, Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, EnumValue


@rule(
    on=[(Added, EnumValue), (Kept, EnumValue)],
    summary="A used enum value name is never given to another number.",
    message="value {taken} of `{parent}` takes the name `{taker}`, which was {earlier} since {since}",
    fix="take a name that no release has used",
    breaks=[Surface.JSON, Surface.SOURCE, Surface.STORAGE],
    examples=[
        hit(
            "enum End { END_NONE = 0; }",
            "enum End { END_NONE = 0; END_GOAL = 2; }",
            also=["enum-value-added"],
            history=["enum End { END_NONE = 0; END_GOAL = 1; }"],
        ),
        hit(
            "package acme.v1; enum End { END_NONE = 0; }",
            "package acme.v2; enum End { END_NONE = 0; END_GOAL = 2; }",
            also=["enum-value-added", "package-removed"],
            history=["package acme.v1; enum End { END_NONE = 0; END_GOAL = 1; }"],
        ),
        miss(
            "enum End { END_NONE = 0; }",
            "enum End { END_NONE = 0; END_TARGET = 2; }",
            also=["enum-value-added"],
            history=["enum End { END_NONE = 0; END_GOAL = 1; }"],
        ),
    ],
)
def enum_value_name_reused(change: Added[EnumValue] | Kept[EnumValue], context: Context) -> Iterator[Hit]:
    """Stored JSON contains the name, and so do tables that store enums by name. Data that an earlier release wrote
    under it is read as another number. If a name moves to another number in one step, `enum-value-renumbered` reports
    it.
    """
    enum = change.within.old if change.within else None
    if isinstance(enum, Enum) and any(value.name == change.new.name for value in enum.values):
        return
    use = context.history(change.new.parent).name_taken(change.new.name, change.new.number)
    if use and use.number != change.new.number:
        yield Hit(taken=change.new.number, taker=change.new.name, earlier=use.number, since=use.since)
