"""An enum was removed."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum

_END = "enum End { END_NONE = 0; END_GOAL = 1; }"


@rule(
    on=[(Removed, Enum)],
    summary="A released enum stays until its sunset.",
    message="enum `{name}` was removed from `{parent}`",
    fix="keep it; deprecate it with a sunset date, and remove it in a major release after that date",
    breaks=[Surface.SOURCE],
    buf=["ENUM_NO_DELETE", "FILE_NO_DELETE", "FILE_SAME_PACKAGE"],
    follows=["package-removed", "file-removed"],
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
    """Programs that use it no longer compile. Neither bytes nor JSON name an enum: stored data is read by the new type
    of its fields, and the rules for fields report any loss. An enum that was deprecated with a sunset date may be
    removed after that date.
    """
    if not context.is_retired(change.old):
        yield Hit(because=context.why_kept(change.old))
