"""An enum left."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum

_END = "enum End { END_NONE = 0; END_GOAL = 1; }"


@rule(
    on=[(Removed, Enum)],
    summary="A released enum stays until its sunset.",
    message="enum `{name}` left `{parent}`",
    fix="keep it; deprecate it with a sunset date, and remove it in a major release after that date",
    breaks=[Surface.SOURCE],
    buf=["ENUM_NO_DELETE", "FILE_NO_DELETE", "FILE_SAME_PACKAGE"],
    examples=[
        hit(_END, "message Step {}"),
        hit(
            f"{_END} message Step {{ End end = 1; repeated End ends = 2; }}",
            "message Step { int32 end = 1; repeated int32 ends = 2; }",
            also=["field-type-changed"],
        ),
        hit(
            f"{_END} message Step {{ End end = 1; }}",
            "enum Finish { END_NONE = 0; END_GOAL = 1; END_CRASH = 2; } message Step { Finish end = 1; }",
            also=["field-type-changed"],
        ),
        hit(
            f"{_END} message Step {{ End end = 1; }}",
            "enum Finish { FINISH_NONE = 0; FINISH_GOAL = 1; } message Step { Finish end = 1; }",
            also=["field-type-changed"],
        ),
        miss(_END, "enum End { option deprecated = true; END_NONE = 0; END_GOAL = 1; }"),
        miss(_END, "enum Finish { END_NONE = 0; END_GOAL = 1; }", also=["type-renamed"]),
    ],
)
def enum_removed(change: Removed[Enum], context: Context) -> Iterator[Hit]:
    """Programs that name it no longer compile. Nothing in bytes or JSON names an enum: stored data is
    read by what its fields are now, and the rules on fields tell if that loses anything. An enum that
    was deprecated with a sunset date may leave once that date has passed.
    """
    if not context.is_retired(change.old):
        yield Hit(because=context.why_kept(change.old))
