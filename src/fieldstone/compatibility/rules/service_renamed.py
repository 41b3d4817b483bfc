"""A service was removed and one with the same rpcs was added."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses import by_surface, lost
from fieldstone.compatibility.pairing import Renamed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Service


@rule(
    on=[(Renamed, Service)],
    summary="A released service keeps its full name.",
    message="service `{parent}.{name}` is now `{now_full}`",
    fix="keep `{parent}.{name}` beside `{now_full}`, and deprecate it",
    breaks=by_surface(lost(Direction.READ_BY_OLD), Surface.SOURCE),
    buf=["SERVICE_NO_DELETE", "FILE_NO_DELETE", "FILE_SAME_PACKAGE"],
    follows=["package-removed"],
    examples=[
        hit(
            "message A {} service Steps { rpc Get(A) returns (A); }",
            "message A {} service Moves { rpc Get(A) returns (A); }",
        ),
        miss(
            "message A {} service Steps { rpc Get(A) returns (A); }",
            "message A {} service Steps { rpc Get(A) returns (A); } service Moves { rpc Get(A) returns (A); }",
        ),
    ],
)
def service_renamed(change: Renamed[Service], context: Context) -> Iterator[Hit]:
    """The service's full name is in the path of every call (`/acme.v1.Steps/Get`). A released client calls the old path
    and gets UNIMPLEMENTED. The new path is an addition: an old server never promised it.
    """
    yield Hit(now_full=change.new.full_name)
