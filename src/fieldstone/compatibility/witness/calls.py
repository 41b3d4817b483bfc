"""Calls: the answers that a client of one version gets from a server of the other.

gRPC addresses a call by its path and answers an unknown path with UNIMPLEMENTED
(https://github.com/grpc/grpc/blob/master/doc/statuscodes.md). A call of one message that gets a second one fails
(https://grpc.io/docs/what-is-grpc/core-concepts/#rpc-life-cycle).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from fieldstone.compatibility.finding import Direction, Witness
from fieldstone.compatibility.witness.definitions import dropped_ranges
from fieldstone.compatibility.witness.pair import Pair
from fieldstone.compatibility.witness.search import routes
from fieldstone.schema.model import Rpc


def of_service(pair: Pair, name: str) -> Iterator[Witness]:
    """Calls of a service of the older version that are answered differently."""
    rpcs = pair.old.schema.services[name].rpcs
    for rpc in rpcs:
        yield from of_rpc(pair, name, rpc)
    if not rpcs and name not in pair.new.schema.services:
        yield _unanswered(pair, f"/{name}/", "answers UNIMPLEMENTED, whatever follows")


def of_rpc(pair: Pair, service: str, name: str) -> Iterator[Witness]:
    """Calls of one rpc of the older version that the newer one answers differently, or the reverse."""
    services = pair.new.schema.services
    before = pair.old.schema.services[service].rpcs[name]
    after = services[service].rpcs.get(name) if service in services else None
    path = f"/{service}/{name}"
    if after is None:
        yield _unanswered(pair, path, "answers UNIMPLEMENTED")
        return
    yield from _streams(pair, path, before, after)
    yield from _messages(pair, path, before, after)
    if pair.is_history:
        answer = f"answers with another rpc of that name, which takes {after.request}"
        yield _call(pair, f"{path} with {before.request}", answer)


def _call(pair: Pair, path: str, answer: str, *, by_old: bool = True) -> Witness:
    caller, callee, direction = pair.writing(old=by_old)
    return Witness(
        surface=pair.surface,
        direction=direction,
        writer=caller.label,
        reader=callee.label,
        message=path.partition(" ")[0],
        value=f"calls {path}",
        encoded="",
        reads=answer,
        proven_by="specification",
    )


def _unanswered(pair: Pair, path: str, answer: str) -> Witness:
    """A call of old code that gets no answer: old code breaks; new code does not make the call."""
    return replace(_call(pair, path, answer), direction=Direction.READ_BY_OLD)


def _streams(pair: Pair, path: str, before: Rpc, after: Rpc) -> Iterator[Witness]:
    """The side that streams sends two messages where the other takes one."""
    if before.client_streaming != after.client_streaming:
        answer = "takes one message and fails at the second"
        yield _call(pair, f"{path} with two messages", answer, by_old=before.client_streaming)
    if before.server_streaming != after.server_streaming:
        answer = "answers with two messages, of which the caller takes one"
        yield _call(pair, path, answer, by_old=not before.server_streaming)


def _messages(pair: Pair, path: str, before: Rpc, after: Rpc) -> Iterator[Witness]:
    for side in ("request", "response"):
        names = getattr(before, side), getattr(after, side)
        if names[0] != names[1] or pair.is_history:
            for route in routes(pair.looking_inside(), names, called=f"{path} {side}"):
                yield from route.search(route.exchange.writer.fields(route.writer))
                yield from (witness for field in route.reader.fields for witness in route.missing(field))
            yield from dropped_ranges(pair, names)


def all_calls(pair: Pair) -> Iterator[Witness]:
    """Witnesses for the calls of all services that both versions have."""
    for name in sorted(pair.old.schema.services.keys() & pair.new.schema.services.keys()):
        yield from of_service(pair, name)
