"""An rpc has another idempotency level."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Rpc


@rule(
    on=[(Kept, Rpc)],
    summary="A released rpc keeps its idempotency level.",
    message="the idempotency of `{name}` of `{parent}` went from {old} to {new}",
    fix="keep idempotency_level = {old}",
    breaks=[Surface.WIRE, Surface.JSON, Surface.SOURCE],
    buf=["RPC_SAME_IDEMPOTENCY_LEVEL"],
    examples=[
        hit(
            "message A {} service S { rpc Get(A) returns (A) { option idempotency_level = NO_SIDE_EFFECTS; } }",
            "message A {} service S { rpc Get(A) returns (A); }",
        ),
        miss(
            "message A {} service S { rpc Get(A) returns (A); }",
            "message A {} service S { rpc Get(A) returns (A) { option idempotency_level = IDEMPOTENCY_UNKNOWN; } }",
        ),
    ],
)
def rpc_idempotency_changed(change: Kept[Rpc], context: Context) -> Iterator[Hit]:
    """Clients and proxies retry and cache by this promise, and Connect sends an rpc without side
    effects as GET, which a server without that promise refuses. A client that was told that a call may be
    repeated will repeat it: no bytes change then, but what generated code does with a call that failed.
    """
    old, new = change.old.idempotency, change.new.idempotency
    if old != new:
        as_get = "NO_SIDE_EFFECTS" in {old, new}
        yield Hit(breaks=[Surface.WIRE, Surface.JSON] if as_get else [Surface.SOURCE], old=old, new=new)
