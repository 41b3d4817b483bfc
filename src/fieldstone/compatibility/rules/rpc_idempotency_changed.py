"""An rpc has another idempotency level."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Level, Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Rpc

_NO_SIDE_EFFECTS, _IDEMPOTENT, _UNKNOWN = "NO_SIDE_EFFECTS", "IDEMPOTENT", "IDEMPOTENCY_UNKNOWN"
_GET = "; a client that sends it as GET, as Connect allows, gets 405 Method Not Allowed"
_RETRY = "; a client that retries because of it repeats what may not be repeated"


def _get(level: str, *, streams: str = "") -> str:
    return (
        f"message A {{}} service S {{ rpc Get(A) returns ({streams} A) {{ option idempotency_level = {level}; }} "
        "rpc Put(A) returns (A); }"
    )


@rule(
    on=[(Kept, Rpc)],
    summary="A released rpc stays free of side effects.",
    message="the idempotency of `{name}` of `{parent}` went from {old} to {new}{what}",
    fix="keep idempotency_level = {old}",
    breaks=[Surface.HTTP],
    buf=["RPC_SAME_IDEMPOTENCY_LEVEL"],
    examples=[
        hit(_get(_NO_SIDE_EFFECTS), _get(_UNKNOWN)),
        hit(_get(_NO_SIDE_EFFECTS), _get(_IDEMPOTENT)),
        hit(_get(_NO_SIDE_EFFECTS, streams="stream"), _get(_UNKNOWN, streams="stream")),
        hit(_get(_IDEMPOTENT), _get(_UNKNOWN)),
        hit(_get(_UNKNOWN), _get(_IDEMPOTENT)),
        hit(_get(_UNKNOWN), _get(_NO_SIDE_EFFECTS)),
        miss(
            "message A {} service S { rpc Get(A) returns (A); rpc Put(A) returns (A); }",
            _get(_UNKNOWN),
        ),
    ],
)
def rpc_idempotency_changed(change: Kept[Rpc], context: Context) -> Iterator[Hit]:
    """Connect sends an rpc without side effects as GET, and a server without that promise refuses it
    (https://connectrpc.com/docs/protocol/#unary-get-request). This applies to unary calls; gRPC makes no such
    difference. No protocol acts on IDEMPOTENT, but a client may retry because of it: removing it is a warning and
    breaks nothing. A new promise is a note: released clients rely on less.
    """
    old, new = change.old.idempotency, change.new.idempotency
    if old == new:
        return
    if old == _NO_SIDE_EFFECTS and not (change.old.client_streaming or change.old.server_streaming):
        yield Hit(old=old, new=new, what=_GET)
    elif new == _UNKNOWN:
        yield Hit(breaks=(), level=Level.WARNING, old=old, new=new, what=_RETRY)
    else:
        yield Hit(breaks=(), level=Level.NOTE, old=old, new=new, what="")
