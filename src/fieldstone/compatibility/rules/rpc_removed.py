"""An rpc was removed."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses import by_surface, lost
from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Rpc


@rule(
    on=[(Removed, Rpc)],
    summary="A released rpc stays until its sunset.",
    message="rpc `{name}` was removed from `{parent}`",
    fix="keep it; deprecate it with a sunset date, and remove it in a major release after that date",
    breaks=by_surface(lost(Direction.READ_BY_OLD), Surface.SOURCE),
    buf=["RPC_NO_DELETE"],
    examples=[
        hit(
            "message A {} message B {} service Steps { rpc Get(A) returns (A); rpc Put(B) returns (A); }",
            "message A {} message B {} service Steps { rpc Get(A) returns (A); }",
        ),
        miss(
            "message A {} service Steps { rpc Get(A) returns (A); }",
            "message A {} service Steps { rpc Get(A) returns (A) { option deprecated = true; } }",
        ),
    ],
)
def rpc_removed(change: Removed[Rpc], context: Context) -> Iterator[Hit]:
    """Every call from a released client is answered with UNIMPLEMENTED. A new client does not call it, so nothing
    breaks against an old server. An rpc that was deprecated with a sunset date may be removed after that date.
    """
    if not context.is_retired(change.old):
        yield Hit(because=context.why_kept(change.old))
