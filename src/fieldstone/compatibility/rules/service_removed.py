"""A service was removed."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses import by_surface, lost
from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Service


@rule(
    on=[(Removed, Service)],
    summary="A released service stays until its sunset.",
    message="service `{name}` was removed from `{parent}`",
    fix="keep it; deprecate it with a sunset date, and remove it in a major release after that date",
    breaks=by_surface(lost(Direction.READ_BY_OLD), Surface.SOURCE),
    buf=["SERVICE_NO_DELETE", "FILE_NO_DELETE", "FILE_SAME_PACKAGE"],
    follows=["package-removed", "file-removed"],
    examples=[
        hit(
            "message A {} service Steps { rpc Get(A) returns (A); } service Runs { rpc List(A) returns (A); }",
            "message A {} service Steps { rpc Get(A) returns (A); }",
        ),
        miss(
            "message A {} service Steps { rpc Get(A) returns (A); }",
            "message A {} service Steps { option deprecated = true; rpc Get(A) returns (A); }",
        ),
    ],
)
def service_removed(change: Removed[Service], context: Context) -> Iterator[Hit]:
    """Every call from a released client is answered with UNIMPLEMENTED. A new client makes none. A service that was
    deprecated with a sunset date may be removed after that date.
    """
    if not context.is_retired(change.old):
        yield Hit(because=context.why_kept(change.old))
