"""The resources about webhooks, below `/api/v1`, for admins."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.errors import Invalid
from fieldstone.registry.sql.audit import Actor
from fieldstone.registry.webhooks.hooks import check_url
from fieldstone.server.api.body import as_json, decoded
from fieldstone.server.api.endpoint import endpoint
from fieldstone.server.webhooks.addresses import Network, RefusedAddressError, addresses_of
from fieldstone.workflows.webhooks.database import DatabaseWebhooks
from fieldstone.workflows.webhooks.messages import WebhookWish

if TYPE_CHECKING:
    from starlette.requests import Request

    from fieldstone.registry.sql.database import Database
    from fieldstone.server.access.callers import Caller, Callers

_LARGEST = 64_000
"""The most bytes of a webhook to create."""


def webhooks(database: Database, callers: Callers, permitted: Sequence[Network]) -> list[Route]:
    """The routes.

    Args:
        database: the database of the registry.
        callers: who calls.
        permitted: networks that webhooks may be sent to, besides public addresses.
    """
    resources = _Resources(database, permitted)
    answered = partial(endpoint, callers)
    one = "/api/v1/webhooks/{id}"
    return [
        Route("/api/v1/webhooks", answered(resources.every)),
        Route("/api/v1/webhooks", answered(resources.create), methods=["POST"]),
        Route(one, answered(resources.remove), methods=["DELETE"]),
        Route(f"{one}/enable", answered(resources.enable), methods=["POST"]),
        Route(f"{one}/deliveries", answered(resources.deliveries)),
        Route(f"{one}/deliveries/{{number:int}}", answered(resources.redeliver), methods=["POST"]),
    ]


class _Resources:
    """The answers."""

    def __init__(self, database: Database, permitted: Sequence[Network]) -> None:
        self._database, self._permitted = database, permitted

    async def every(self, _request: Request, caller: Caller) -> Response:
        """All webhooks, without their secrets."""
        return as_json(await run_in_threadpool(self._by(caller).every))

    async def create(self, request: Request, caller: Caller) -> Response:
        """A new webhook, whose host must have an address that may be sent to."""
        opened = self._by(caller)
        wish = await decoded(request, WebhookWish, _LARGEST)
        check_url(wish.url)
        parts = urlsplit(wish.url)
        try:
            await addresses_of(parts.hostname or "", parts.port or 0, self._permitted)
        except RefusedAddressError as error:
            raise Invalid(f"a webhook cannot be sent there: {error}") from error
        return as_json(await run_in_threadpool(opened.create, wish), 201)

    async def remove(self, request: Request, caller: Caller) -> Response:
        """Remove a webhook."""
        await run_in_threadpool(self._by(caller).remove, request.path_params["id"])
        return Response(status_code=204)

    async def enable(self, request: Request, caller: Caller) -> Response:
        """Let a webhook go on."""
        await run_in_threadpool(self._by(caller).enable, request.path_params["id"])
        return Response(status_code=204)

    async def deliveries(self, request: Request, caller: Caller) -> Response:
        """The newest deliveries of a webhook."""
        return as_json(await run_in_threadpool(self._by(caller).deliveries, request.path_params["id"]))

    async def redeliver(self, request: Request, caller: Caller) -> Response:
        """Have a delivery made again."""
        id_, number = request.path_params["id"], request.path_params["number"]
        await run_in_threadpool(self._by(caller).redeliver, id_, min(number, 2**62))
        return Response(status_code=204)

    def _by(self, caller: Caller) -> DatabaseWebhooks:
        """The webhooks, for an admin of all modules: who makes one could read all that it may send."""
        caller.require_admin()
        return DatabaseWebhooks(self._database, Actor(caller.name, caller.credential))
