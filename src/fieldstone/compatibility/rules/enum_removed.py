"""An enum left."""

from collections.abc import Iterator

from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum


@rule(
    on=[(Removed, Enum)],
    summary="A released enum stays until its sunset.",
    message="enum `{name}` left `{parent}`",
    fix="keep it; deprecate it with a sunset date, and remove it in a major release after that date",
    breaks=EVERYTHING,
    buf=["ENUM_NO_DELETE", "FILE_NO_DELETE", "FILE_SAME_PACKAGE"],
    examples=[
        hit("enum End { END_UNSPECIFIED = 0; END_GOAL = 1; }", "message Step {}"),
        miss(
            "enum End { END_UNSPECIFIED = 0; END_GOAL = 1; }",
            "enum End { option deprecated = true; END_UNSPECIFIED = 0; END_GOAL = 1; }",
        ),
    ],
)
def enum_removed(change: Removed[Enum], context: Context) -> Iterator[Hit]:
    """Its numbers are still in stored data and its names in stored JSON, and programs that name it no
    longer compile. An enum that was deprecated with a sunset date may leave once that date has passed.
    """
    if not context.is_retired(change.old):
        yield Hit(because=context.why_kept(change.old))
