"""The resources about consumers, below `/api/v1`: published uses, and where versions run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.consumers.published import Deployment, Known, Party, Published
from fieldstone.errors import NotFound
from fieldstone.registry.clock import now
from fieldstone.registry.consumers.sql import SqlConsumers
from fieldstone.registry.sql.audit import Actor
from fieldstone.server.api.body import as_json, decoded
from fieldstone.server.api.endpoint import endpoint

if TYPE_CHECKING:
    from starlette.requests import Request

    from fieldstone.registry.sql.catalog import Catalog
    from fieldstone.server.access.callers import Caller, Callers

_LARGEST = 16_000_000
"""The most bytes of published uses."""


def consumers(catalog: Catalog, callers: Callers) -> list[Route]:
    """The routes.

    Args:
        catalog: the registry.
        callers: who calls.
    """
    resources = _Resources(catalog)
    answered = partial(endpoint, callers)
    return [
        Route("/api/v1/consumers", answered(resources.known)),
        Route("/api/v1/consumers", answered(resources.publish), methods=["POST"]),
        Route("/api/v1/consumers/{consumer}", answered(resources.retire), methods=["DELETE"]),
        Route("/api/v1/deployments", answered(resources.deploy), methods=["POST"]),
    ]


class _Resources:
    """The answers."""

    def __init__(self, catalog: Catalog) -> None:
        self._database, self._registry = catalog.database, catalog.registry

    async def known(self, _request: Request, caller: Caller) -> Response:
        """The uses of modules that the caller may read, and the deployments of their versions."""
        caller.require("read")
        return as_json(_readable(await run_in_threadpool(SqlConsumers(self._database).known), caller))

    async def publish(self, request: Request, caller: Caller) -> Response:
        """Store the uses of a version: of modules that the caller may read, for a consumer that it publishes."""
        is_copy = _is_copy(request, caller)
        caller.require_own("read", "")
        published = await decoded(request, Published, _LARGEST)
        for evidence in published.uses.evidence:
            caller.require_own("read", evidence.module)
        if not is_copy:
            await run_in_threadpool(self._check_releases, published)
            published = replace(published, at=now(), publisher="")
        await run_in_threadpool(self._by(caller, is_copy=is_copy).publish, published)
        return Response(status_code=204)

    async def deploy(self, request: Request, caller: Caller) -> Response:
        """Store that a version runs: of a consumer that the caller publishes, or of a module that it may push."""
        is_copy = _is_copy(request, caller)
        caller.require_own("read", "")
        deployment = await decoded(request, Deployment, _LARGEST)
        if deployment.party is Party.MODULE:
            caller.require_own("push", deployment.name)
        if not is_copy:
            deployment = replace(deployment, at=now())
        await run_in_threadpool(self._by(caller, is_copy=is_copy).deploy, deployment)
        return Response(status_code=204)

    async def retire(self, request: Request, caller: Caller) -> Response:
        """Store that a consumer that the caller publishes is gone for good."""
        caller.require_own("read", "")
        await run_in_threadpool(self._by(caller).retire, request.path_params["consumer"])
        return Response(status_code=204)

    def _check_releases(self, published: Published) -> None:
        """Raise if evidence is about what is no release; the error names nothing that the caller may not read."""
        for evidence in published.uses.evidence:
            if evidence.release not in map(str, self._registry.versions(evidence.module)):
                raise NotFound(
                    f"there is no release {evidence.release} of {evidence.module}", fix="correct the file of uses"
                )

    def _by(self, caller: Caller, *, is_copy: bool = False) -> SqlConsumers:
        actor = Actor(caller.name, caller.credential)
        return SqlConsumers(self._database, actor, overrules=caller.is_admin, is_copy=is_copy)


def _is_copy(request: Request, caller: Caller) -> bool:
    """Whether a request copies another registry, which only an admin may do.

    Raises:
        Denied: it does, and the caller is none.
    """
    is_copy = request.query_params.get("copy") == "1"
    if is_copy:
        caller.require_admin()
    return is_copy


def _readable(known: Known, caller: Caller) -> Known:
    """Everything that is known, without the uses of modules that the caller may not read."""
    published = []
    for one in known.published:
        evidence = tuple(evidence for evidence in one.uses.evidence if caller.may("read", evidence.module))
        if evidence or not one.uses.evidence:
            published.append(replace(one, uses=replace(one.uses, evidence=evidence)))
    versions = {(one.consumer, one.version) for one in published}
    deployments = (
        one
        for one in known.deployments
        if (caller.may("read", one.name) if one.party is Party.MODULE else (one.name, one.version) in versions)
    )
    names = {one.consumer for one in published}
    return Known(tuple(published), tuple(deployments), tuple(name for name in known.retired if name in names))
