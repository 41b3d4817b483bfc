"""What may not happen to a service and its rpcs."""

from __future__ import annotations

from functools import partial

from fieldstone.compatibility.buf_rules.catalogue import Hits, declare, rule
from fieldstone.compatibility.buf_rules.wording import quoted
from fieldstone.schema.declarations import DeclaredRpc, DeclaredService
from fieldstone.schema.location import Location

_EVERYWHERE = "CSR FILE PACKAGE WIRE_JSON WIRE"


def _subject(rpc: DeclaredRpc) -> str:
    return f"RPC {quoted(rpc.name)} on service {quoted(rpc.service)}"


@rule("RPC_NO_DELETE", "Checks that rpcs are not deleted from a given service.", "FILE PACKAGE", over="services")
def rpc_no_delete(was: DeclaredService, now: DeclaredService) -> Hits:
    """An rpc is gone."""
    for name, rpc in was.rpcs.items():
        if name not in now.rpcs:
            yield now.place, f"Previously present {_subject(rpc)} was deleted."


@rule(
    "RPC_SAME_IDEMPOTENCY_LEVEL",
    "Checks that rpcs have the same value for the idempotency_level option.",
    _EVERYWHERE,
    over="rpcs",
)
def rpc_same_idempotency_level(was: DeclaredRpc, now: DeclaredRpc) -> Hits:
    """The option changed; where it is gone, buf points at the file."""
    if was.idempotency != now.idempotency:
        place = now.at("options", "idempotency_level") or Location(now.file.path)
        change = f"from {quoted(was.idempotency)} to {quoted(now.idempotency)}"
        yield place, f'{_subject(now)} changed option "idempotency_level" {change}.'


def _same_type(side: str, part: str, was: DeclaredRpc, now: DeclaredRpc) -> Hits:
    before, after = getattr(was, side), getattr(now, side)
    if before != after:
        change = f"changed {side} type from {quoted(before)} to {quoted(after)}"
        yield now.at(part) or now.place, f"{_subject(now)} {change}."


def _same_streaming(side: str, was: DeclaredRpc, now: DeclaredRpc) -> Hits:
    before, after = (f"{side} {'streaming' if rpc.streams(side) else 'unary'}" for rpc in (was, now))
    if before != after:
        yield now.place, f"{_subject(now)} changed from {before} to {after}."


for _side, _part in (("request", "input_type"), ("response", "output_type")):
    declare(
        f"RPC_SAME_{_side.upper()}_TYPE",
        f"Checks that rpcs are have the same {_side} type.",
        _EVERYWHERE,
        over="rpcs",
        check=partial(_same_type, _side, _part),
    )
for _side in ("client", "server"):
    declare(
        f"RPC_SAME_{_side.upper()}_STREAMING",
        f"Checks that rpcs have the same {_side} streaming value.",
        _EVERYWHERE,
        over="rpcs",
        check=partial(_same_streaming, _side),
    )
