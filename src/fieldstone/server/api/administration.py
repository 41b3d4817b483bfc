"""The resources for admins, below `/api/v1`: tokens, policy, audit."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.errors import Invalid
from fieldstone.project.server_policy import LARGEST, load
from fieldstone.registry.sql import audit
from fieldstone.server.api.body import as_json, decoded
from fieldstone.server.api.endpoint import endpoint
from fieldstone.workflows.administering.database import DatabaseAdministration
from fieldstone.workflows.administering.messages import NewPolicy, TokenWish
from fieldstone.workflows.server_policy import newest_policy

if TYPE_CHECKING:
    from starlette.requests import Request

    from fieldstone.registry.sql.database import Database
    from fieldstone.server.access.callers import Caller, Callers
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
    ]


class _Resources:
    """The answers."""

    def __init__(self, database: Database, callers: Callers) -> None:
        self._database, self._callers = database, callers

    async def tokens(self, _request: Request, caller: Caller) -> Response:
        """All tokens, without their secrets."""
        caller.require_admin()
        return as_json(await run_in_threadpool(self._by(caller).tokens))

    async def create_token(self, request: Request, caller: Caller) -> Response:
        """A new token."""
        caller.require_admin()
        wish = await decoded(request, TokenWish, 2 * LARGEST)
        return as_json(await run_in_threadpool(self._by(caller).create_token, wish), 201)

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
        return as_json(await run_in_threadpool(self._by(caller).policy))

    async def set_policy(self, request: Request, caller: Caller) -> Response:
        """A new policy: by an admin; or by those whom the policy lets change waivers, if it has other waivers only."""
        new = await decoded(request, NewPolicy, 2 * LARGEST)
        if not caller.may_waive():
            caller.require_admin()
        elif not caller.is_admin:
            old = await run_in_threadpool(newest_policy, self._database)
            old.refuse_other_than_waivers(load(new.content), caller.names)
        added = await run_in_threadpool(self._by(caller).set_policy, new)
        self._callers.forget()
        return as_json(added)

    async def audit(self, request: Request, caller: Caller) -> Response:
        """The rows of the audit after a number, at most 1,000."""
        caller.require_admin()
        since = request.query_params.get("since", "0")
        if not since.isdecimal() or len(since) > len(str(_LARGEST_NUMBER)) or int(since) > _LARGEST_NUMBER:
            raise Invalid(f"{since[:40]!r} is no number of a row", fix="give since=N")
        return as_json(await run_in_threadpool(audit.page, self._database, int(since)))

    def _by(self, caller: Caller) -> DatabaseAdministration:
        return DatabaseAdministration(self._database, audit.Actor(caller.name, caller.credential))
