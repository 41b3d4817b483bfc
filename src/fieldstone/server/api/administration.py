"""The resources for admins, below `/api/v1`: tokens, policy, audit, proposals."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from msgspec import DecodeError, json
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.errors import Denied, Invalid
from fieldstone.project.server_policy import LARGEST, load
from fieldstone.registry.sql import audit
from fieldstone.server.api.endpoint import endpoint
from fieldstone.workflows.administering.database import DatabaseAdministration
from fieldstone.workflows.administering.messages import NewPolicy, TokenWish
from fieldstone.workflows.server_policy import newest_policy

if TYPE_CHECKING:
    from starlette.requests import Request

    from fieldstone.registry.sql.database import Database
    from fieldstone.server.callers import Caller, Callers

_Body = TypeVar("_Body")
_LARGEST_NUMBER = 2**62


def administration(database: Database, callers: Callers) -> list[Route]:
    """The routes.

    Args:
        database: the database of the registry.
        callers: who calls.
    """
    resources = _Resources(database, callers)
    answered = partial(endpoint, callers)
    return [
        Route("/api/v1/tokens", answered(resources.tokens)),
        Route("/api/v1/tokens", answered(resources.create_token), methods=["POST"]),
        Route("/api/v1/tokens/{id}", answered(resources.revoke_token), methods=["DELETE"]),
        Route("/api/v1/policy", answered(resources.policy)),
        Route("/api/v1/policy", answered(resources.set_policy), methods=["PUT"]),
        Route("/api/v1/audit", answered(resources.audit)),
        Route("/api/v1/proposals", answered(resources.proposals)),
    ]


class _Resources:
    """The answers."""

    def __init__(self, database: Database, callers: Callers) -> None:
        self._database, self._callers = database, callers

    async def tokens(self, _request: Request, caller: Caller) -> Response:
        """All tokens, without their secrets."""
        caller.require_admin()
        return _as_json(await run_in_threadpool(self._by(caller).tokens))

    async def create_token(self, request: Request, caller: Caller) -> Response:
        """A new token."""
        caller.require_admin()
        wish = await _decoded(request, TokenWish)
        return _as_json(await run_in_threadpool(self._by(caller).create_token, wish), 201)

    async def revoke_token(self, request: Request, caller: Caller) -> Response:
        """Revoke a token: on this server at once, on its replicas within seconds."""
        caller.require_admin()
        await run_in_threadpool(self._by(caller).revoke_token, request.path_params["id"])
        self._callers.forget()
        return Response(status_code=204)

    async def policy(self, _request: Request, caller: Caller) -> Response:
        """The policy; also for those whom it lets change waivers."""
        if not caller.may_waive():
            caller.require_admin()
        return _as_json(await run_in_threadpool(self._by(caller).policy))

    async def set_policy(self, request: Request, caller: Caller) -> Response:
        """A new policy: by an admin; or by those whom the policy lets change waivers, if it has other waivers only."""
        new = await _decoded(request, NewPolicy)
        if not caller.may_waive():
            caller.require_admin()
        elif not caller.is_admin:
            old = await run_in_threadpool(newest_policy, self._database)
            old.refuse_other_than_waivers(load(new.content), caller.names)
        added = await run_in_threadpool(self._by(caller).set_policy, new)
        self._callers.forget()
        return _as_json(added)

    async def audit(self, request: Request, caller: Caller) -> Response:
        """The rows of the audit after a number, at most 1,000."""
        caller.require_admin()
        since = request.query_params.get("since", "0")
        if not since.isdecimal() or len(since) > len(str(_LARGEST_NUMBER)) or int(since) > _LARGEST_NUMBER:
            raise Invalid(f"{since[:40]!r} is no number of a row", fix="give since=N")
        return _as_json(await run_in_threadpool(audit.page, self._database, int(since)))

    async def proposals(self, _request: Request, caller: Caller) -> Response:
        """The proposals for modules that the caller may decide about."""
        caller.require("approve")
        found = await run_in_threadpool(self._by(caller).proposals)
        return _as_json([proposal for proposal in found if caller.may("approve", proposal.module)])

    def _by(self, caller: Caller) -> DatabaseAdministration:
        return DatabaseAdministration(self._database, audit.Actor(caller.name, caller.credential))


async def _decoded(request: Request, kind: type[_Body]) -> _Body:
    """The body of a request.

    Raises:
        Denied: the request has no token; its body is not read.
        Invalid: it is too large, or not the JSON that is expected.
    """
    if not request.headers.get("authorization"):
        raise Denied("this needs the token of an admin", fix="set FIELDSTONE_TOKEN")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > 2 * LARGEST:
            raise Invalid(f"a body of more than {2 * LARGEST:,} bytes")
    try:
        return json.decode(body, type=kind)
    except (DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"the body is not what is expected here: {error}") from error


def _as_json(answer: object, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(json.encode(answer), status, headers, "application/json")
