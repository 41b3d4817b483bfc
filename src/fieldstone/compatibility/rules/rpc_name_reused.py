"""An rpc reuses a name that an earlier release used."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Added, Renamed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Rpc


@rule(
    on=[(Added, Rpc), (Renamed, Rpc)],
    summary="A used rpc name is never given to another rpc.",
    message="rpc `{taken}` of `{parent}` was in use since {since}, and was removed",
    fix="take a name that no release has used",
    breaks=[Surface.WIRE, Surface.JSON, Surface.SOURCE],
    examples=[
        hit(
            "message A {} service Steps { rpc Get(A) returns (A); }",
            "message A {} message B {} service Steps { rpc Get(A) returns (A); rpc Put(B) returns (A); }",
            history=["message A {} service Steps { rpc Get(A) returns (A); rpc Put(A) returns (A); }"],
        ),
        miss(
            "message A {} service Steps { rpc Get(A) returns (A); }",
            "message A {} message B {} service Steps { rpc Get(A) returns (A); rpc Post(B) returns (A); }",
            history=["message A {} service Steps { rpc Get(A) returns (A); rpc Put(A) returns (A); }"],
        ),
    ],
)
def rpc_name_reused(change: Added[Rpc] | Renamed[Rpc], context: Context) -> Iterator[Hit]:
    """A client of the old release still calls the path with the old request, and would reach the new rpc."""
    use = context.history(change.new.parent).name_taken(change.new.name, None)
    if use:
        yield Hit(taken=change.new.name, since=use.since)
