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
    """The name of a oneof is in no message, binary or JSON, but generated code carries it: the
    method or type that tells which member is set has another name.
    """
    yield Hit()
