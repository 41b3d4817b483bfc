"""Calls: what a client of one version gets from a server of the other.

gRPC addresses a call by its path and answers a path that it does not know with UNIMPLEMENTED
(https://github.com/grpc/grpc/blob/master/doc/statuscodes.md); a call of one message that gets a second one
fails (https://grpc.io/docs/what-is-grpc/core-concepts/#rpc-life-cycle). Connect sends what has no side
effects as GET, and a server that does not take GET answers 405
(https://connectrpc.com/docs/protocol/#unary-get-request).
"""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface, Witness
from fieldstone.compatibility.witness.images import Version
from fieldstone.compatibility.witness.search import direction, routes
from fieldstone.schema.model import Rpc

_NO_SIDE_EFFECTS = "NO_SIDE_EFFECTS"


def of_service(old: Version, new: Version, name: str, surface: Surface, *, exact: bool = False) -> Iterator[Witness]:
    """Calls of a service of the older version that are not answered as before.

    Args:
        old: the older version.
        new: the newer one.
        name: the full name of the service.
        surface: `wire` or `json`.
        exact: whether the service left in between, so that the same path leads to something else.
    """
    rpcs = old.schema.services[name].rpcs
    for rpc in rpcs:
        yield from of_rpc(old, new, name, rpc, surface, exact=exact)
    if not rpcs and name not in new.schema.services:
        yield _call(old, new, f"/{name}/", "answers UNIMPLEMENTED, whatever follows", surface)


def of_rpc(
    old: Version, new: Version, service: str, name: str, surface: Surface, *, exact: bool = False
) -> Iterator[Witness]:
    """Calls of one rpc of the older version that the newer one does not answer as before, or the other way round."""
    before = old.schema.services[service].rpcs[name]
    after = new.schema.services[service].rpcs.get(name) if service in new.schema.services else None
    path = f"/{service}/{name}"
    if after is None:
        yield _call(old, new, path, "answers UNIMPLEMENTED", surface)
        return
    yield from _streams(old, new, path, before, after, surface)
    yield from _messages(old, new, path, before, after, surface, exact=exact)
    yield from _sent_as_get(old, new, path, before, after, surface)
    if exact:
        answer = f"answers with another rpc of that name, which takes {after.request}"
        yield _call(old, new, f"{path} with {before.request}", answer, surface)


def _call(
    caller: Version, callee: Version, path: str, answer: str, surface: Surface, *, is_old: bool = True
) -> Witness:
    return Witness(
        surface=surface,
        direction=direction(is_old_data=is_old),
        writer=caller.label,
        reader=callee.label,
        message=path,
        value=f"calls {path}",
        encoded="",
        reads=answer,
        proven_by="specification",
    )


def _streams(old: Version, new: Version, path: str, before: Rpc, after: Rpc, surface: Surface) -> Iterator[Witness]:
    """The side that streams sends two messages where the other takes one."""
    if before.client_streaming != after.client_streaming:
        caller, callee = (old, new) if before.client_streaming else (new, old)
        answer = "takes one message and fails at the second"
        yield _call(caller, callee, f"{path} with two messages", answer, surface, is_old=caller is old)
    if before.server_streaming != after.server_streaming:
        caller, callee = (new, old) if before.server_streaming else (old, new)
        answer = "answers with two messages, of which the caller takes one"
        yield _call(caller, callee, path, answer, surface, is_old=caller is old)


def _messages(
    old: Version, new: Version, path: str, before: Rpc, after: Rpc, surface: Surface, *, exact: bool
) -> Iterator[Witness]:
    for side in ("request", "response"):
        names = getattr(before, side), getattr(after, side)
        if names[0] != names[1] or exact:
            for route in routes(old, new, names, surface, exact=exact, called=f"{path} {side}"):
                yield from route.search(route.reading.writer.fields(route.writer))
                yield from (witness for field in route.reader.fields for witness in route.missing(field))


def _sent_as_get(old: Version, new: Version, path: str, before: Rpc, after: Rpc, surface: Surface) -> Iterator[Witness]:
    promised = before.idempotency == _NO_SIDE_EFFECTS, after.idempotency == _NO_SIDE_EFFECTS
    if promised[0] != promised[1]:
        caller, callee = (old, new) if promised[0] else (new, old)
        call = f"{path} as GET, as Connect allows"
        yield _call(caller, callee, call, "answers 405 Method Not Allowed", surface, is_old=caller is old)


def all_calls(old: Version, new: Version, surface: Surface) -> Iterator[Witness]:
    """What is wrong with any call of a service that both versions have."""
    for name in old.schema.services.keys() & new.schema.services.keys():
        yield from of_service(old, new, name, surface)
