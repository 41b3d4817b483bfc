"""A oneof has another name."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Renamed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Oneof


@rule(
    on=[(Renamed, Oneof)],
    summary="A released oneof keeps its name.",
    message="oneof `{name}` of `{parent}` is now `{new_name}`",
    fix="keep the name `{name}`",
    breaks=[Surface.SOURCE],
    buf=["ONEOF_NO_DELETE", "FIELD_SAME_ONEOF"],
    examples=[
        hit(
            "message Step { oneof kind { int32 a = 1; int32 b = 2; } }",
            "message Step { oneof sort { int32 a = 1; int32 b = 2; } }",
        ),
        miss(
            "message Step { oneof kind { int32 a = 1; } }",
            "message Step { oneof kind { int32 a = 1; } oneof sort { int32 b = 2; } }",
        ),
    ],
)
def oneof_renamed(change: Renamed[Oneof], context: Context) -> Iterator[Hit]:
    """Neither binary messages nor JSON contain a oneof's name, but generated code does: the method or type for the set
    member has another name.
    """
    yield Hit()
