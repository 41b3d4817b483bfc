"""An rpc was removed and one with the same request and response was added."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses import by_surface, lost
from fieldstone.compatibility.pairing import Renamed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Rpc


@rule(
    on=[(Renamed, Rpc)],
    summary="A released rpc keeps its name.",
    message="rpc `{name}` of `{parent}` is now `{new_name}`",
    fix="keep `{name}` beside `{new_name}`, and deprecate it",
    breaks=by_surface(lost(Direction.READ_BY_OLD), Surface.SOURCE),
    buf=["RPC_NO_DELETE"],
    examples=[
        hit(
            "message A {} service Steps { rpc Get(A) returns (A); }",
            "message A {} service Steps { rpc Fetch(A) returns (A); }",
        ),
        miss(
            "message A {} service Steps { rpc Get(A) returns (A); }",
            "message A {} service Steps { rpc Get(A) returns (A); rpc Fetch(A) returns (A); }",
        ),
    ],
)
def rpc_renamed(change: Renamed[Rpc], context: Context) -> Iterator[Hit]:
    """The name is the last part of every call's path. A released client calls the old path and gets UNIMPLEMENTED. The
    new path is an addition: an old server never promised it.
    """
    yield Hit()
