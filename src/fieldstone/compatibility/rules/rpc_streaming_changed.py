"""An rpc changed between a single message and a stream."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Rpc


@rule(
    on=[(Kept, Rpc)],
    summary="A released rpc keeps streaming, or not streaming, on each side.",
    message="the {side} of `{name}` of `{parent}` went from {old} to {new}",
    fix="keep `{was}` and add another rpc",
    breaks=[Surface.WIRE, Surface.JSON, Surface.SOURCE],
    buf=["RPC_SAME_CLIENT_STREAMING", "RPC_SAME_SERVER_STREAMING"],
    examples=[
        hit(
            "message A {} service Steps { rpc Get(A) returns (A); }",
            "message A {} service Steps { rpc Get(A) returns (stream A); }",
        ),
        hit(
            "message A {} service Steps { rpc Put(stream A) returns (A); }",
            "message A {} service Steps { rpc Put(A) returns (A); }",
        ),
        miss(
            "message A {} service Steps { rpc Get(stream A) returns (A); }",
            "message A {} service Steps { rpc Get(stream A) returns (A) { option deprecated = true; } }",
        ),
    ],
)
def rpc_streaming_changed(change: Kept[Rpc], context: Context) -> Iterator[Hit]:
    """A client that expects a single message fails on the second, and one that expects a stream is cut off after the
    first. Generated methods have other signatures.
    """
    sides = {"request": "client_streaming", "response": "server_streaming"}
    words = {True: "a stream", False: "one message"}
    for side, attribute in sides.items():
        old, new = getattr(change.old, attribute), getattr(change.new, attribute)
        if old != new:
            yield Hit(side=side, old=words[old], new=words[new], buf=[f"RPC_SAME_{attribute.upper()}"])
