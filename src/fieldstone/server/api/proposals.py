"""The resources about proposals, below `/api/v1`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.routing import Route

from fieldstone.errors import Invalid
from fieldstone.proposals.proposal import State
from fieldstone.proposals.shown import without_credentials
from fieldstone.registry.sql.proposals import LARGEST_NUMBER, missing
from fieldstone.server.api.body import as_json, decoded
from fieldstone.server.api.endpoint import endpoint
from fieldstone.workflows.proposals.messages import Deciding, Wish
from fieldstone.workflows.pushing.upload import LARGEST

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from fieldstone.server.access.callers import Caller, Callers
    from fieldstone.server.proposals import ServedProposals

_LARGEST_DECISION = 2**16


def proposals(served: ServedProposals, callers: Callers) -> list[Route]:
    """The routes.

    Args:
        served: the proposals.
        callers: who calls.
    """
    resources = _Resources(served)
    answered = partial(endpoint, callers)
    one = "/api/v1/proposals/{number}"
    return [
        Route("/api/v1/proposals", answered(resources.every)),
        Route("/api/v1/modules/{module}/proposals", answered(resources.propose), methods=["POST"]),
        Route(one, answered(resources.one)),
        Route(f"{one}/decisions", answered(resources.decide), methods=["POST"]),
        Route(f"{one}/release", answered(resources.release), methods=["POST"]),
    ]


class _Resources:
    """The answers."""

    def __init__(self, served: ServedProposals) -> None:
        self._served = served

    async def every(self, request: Request, caller: Caller) -> Response:
        """The proposals that the caller may see, oldest first; only those of a state, or of a module."""
        query = request.query_params
        return as_json(await self._served.every(caller, state_of(query.get("state", "")), query.get("module", "")))

    async def one(self, request: Request, caller: Caller) -> Response:
        """A proposal with its revisions, decisions and standing."""
        return as_json(without_credentials(await self._served.one(caller, _number(request))))

    async def propose(self, request: Request, caller: Caller) -> Response:
        """Judge a change, and store it as a proposal."""
        caller.require("push", request.path_params["module"])
        wish = await decoded(request, Wish, 2 * LARGEST)
        return as_json(
            without_credentials(await self._served.propose(caller, request.path_params["module"], wish)), 201
        )

    async def decide(self, request: Request, caller: Caller) -> Response:
        """Decide about a revision of a proposal."""
        deciding = await decoded(request, Deciding, _LARGEST_DECISION)
        return as_json(without_credentials(await self._served.decide(caller, _number(request), deciding)))

    async def release(self, request: Request, caller: Caller) -> Response:
        """Release an approved proposal."""
        return as_json(without_credentials(await self._served.release(caller, _number(request))))


def state_of(word: str) -> State | None:
    """The state that a query names; None if it is empty.

    Raises:
        Invalid: it names none.
    """
    if word and word not in [*State]:
        raise Invalid(f"{word[:40]!r} is no state of a proposal", fix=f"give one of {', '.join(State)}")
    return State(word) if word else None


def _number(request: Request) -> int:
    text = request.path_params["number"]
    if not text.isdecimal() or len(text) > len(str(LARGEST_NUMBER)):
        raise missing(text[:40])
    return int(text)
