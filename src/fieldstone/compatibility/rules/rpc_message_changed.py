"""An rpc has another request or response type."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.losses import by_surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Rpc

_SWAPPED = (
    "message A {{ string x = 2; }} message B {{ string y = 2; string x = 3; }} "
    "service Steps {{ rpc Get({}) returns (A); }}"
)
_EXTENDED = (
    'syntax = "proto2"; message A {{ extensions 100; }} message B {{ extensions 100; }} '
    "extend A {{ optional string note = 100; }} service Steps {{ rpc Get({}) returns (A); }}"
)


@rule(
    on=[(Kept, Rpc)],
    summary="A released rpc keeps its request and response types.",
    message="the {side} of `{name}` of `{parent}` went from `{old}` to `{new}`",
    fix="keep `{was}` and add another rpc",
    breaks=[Surface.WIRE, Surface.JSON, Surface.SOURCE],
    buf=["RPC_SAME_REQUEST_TYPE", "RPC_SAME_RESPONSE_TYPE"],
    examples=[
        hit(
            "message A { string id = 1; } message B { int32 id = 1; } service Steps { rpc Get(A) returns (A); }",
            "message A { string id = 1; } message B { int32 id = 1; } service Steps { rpc Get(B) returns (A); }",
        ),
        hit(
            "message A {} message B {} service Steps { rpc Get(A) returns (A); }",
            "message A {} message B {} service Steps { rpc Get(A) returns (B); }",
        ),
        hit(
            _SWAPPED.format("A"),
            _SWAPPED.format("B"),
        ),
        hit(
            _EXTENDED.format("A"),
            _EXTENDED.format("B"),
        ),
        miss(
            "message A {} message B {} service Steps { rpc Get(A) returns (A); }",
            "message A { string id = 1; } message B {} service Steps { rpc Get(A) returns (A); }",
        ),
    ],
)
def rpc_message_changed(change: Kept[Rpc], context: Context) -> Iterator[Hit]:
    """A released client encodes the old request and decodes the old response; the server now reads and writes others. A
    message of the same structure has the same bytes and JSON, but another name in generated code.
    """
    for side in ("request", "response"):
        old, new = getattr(change.old, side), getattr(change.new, side)
        if old != new:
            breaks = by_surface(context.structure.message(old, new), Surface.SOURCE)
            yield Hit(breaks=breaks, side=side, old=old, new=new, buf=[f"RPC_SAME_{side.upper()}_TYPE"])
