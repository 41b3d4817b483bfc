"""The resources of Fieldstone's protocol, below `/api/v1`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import json
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.errors import Invalid, NotFound
from fieldstone.registry.archive import MEDIA_TYPE
from fieldstone.registry.manifest import seal_of
from fieldstone.registry.remote import Modules, Versions
from fieldstone.server.api.endpoint import endpoint
from fieldstone.server.reads.files import unchanging
from fieldstone.workflows.pushing.messages import Sent

if TYPE_CHECKING:
    from starlette.requests import Request

    from fieldstone.registry.sql.catalog import Catalog
    from fieldstone.server.access.callers import Caller, Callers
    from fieldstone.server.reads.files import Files
    from fieldstone.server.work import Work

_JSON = "application/json"


def routes(catalog: Catalog, callers: Callers, work: Work, files: Files) -> list[Route]:
    """The routes of the protocol.

    Args:
        catalog: what can be read.
        callers: who calls.
        work: where releases are judged.
        files: the files of releases.
    """
    resources = _Resources(catalog, work, files)

    answered = partial(endpoint, callers)
    module = "/api/v1/modules/{module}"
    return [
        Route("/api/v1/modules", answered(resources.modules)),
        Route(f"{module}/releases", answered(resources.versions)),
        Route(f"{module}/releases", answered(resources.add), methods=["POST"]),
        Route(f"{module}/releases/{{version}}", answered(resources.manifest)),
        Route(f"{module}/files/{{digest}}", answered(resources.file)),
    ]


class _Resources:
    """The answers."""

    def __init__(self, catalog: Catalog, work: Work, files: Files) -> None:
        self._catalog, self._work, self._files = catalog, work, files

    async def modules(self, _request: Request, caller: Caller) -> Response:
        """The names of the modules with a release that the caller may read."""
        caller.require("read")
        names = await run_in_threadpool(self._catalog.store.modules)
        return _as_json(Modules([name for name in names if caller.may("read", name)]))

    async def versions(self, request: Request, caller: Caller) -> Response:
        """The releases of a module: the seal by the version."""
        name = await self._readable(request, caller)
        return _as_json(Versions(await run_in_threadpool(self._catalog.store.seals, name)))

    async def manifest(self, request: Request, caller: Caller) -> Response:
        """The manifest of a release."""
        name, version = await self._readable(request, caller), request.path_params["version"]
        text = await run_in_threadpool(self._catalog.store.manifest, name, version)
        if text is None:
            raise NotFound(f"no release {version} of {name} in this registry")
        return _unless_known(request, unchanging(seal_of(text.decode()), text, "application/toml"))

    async def file(self, request: Request, caller: Caller) -> Response:
        """A file of a module's releases, by its digest."""
        name, digest = str(request.path_params["module"]), str(request.path_params["digest"])
        caller.require("read", name)
        answer = await self._files.answer(name, digest) if name.isprintable() and digest.isprintable() else None
        if answer is None:
            await self._readable(request, caller)
            raise NotFound(f"no file {digest} of {name} in this registry")
        return _unless_known(request, answer)

    async def add(self, request: Request, caller: Caller) -> Response:
        """Judge a release, and add it; a copy of another registry's release needs an admin."""
        name, is_copy = request.path_params["module"], request.query_params.get("copy") == "1"
        caller.require("admin" if is_copy else "push", name)
        sent = Sent(
            module=name,
            archive=await _body(request),
            who=caller.name,
            credential=caller.credential,
            address=caller.address,
            is_copy=is_copy,
        )
        version = await self._work.accept(sent)
        return Response(json.encode({"version": version}), 201, media_type=_JSON)

    async def _readable(self, request: Request, caller: Caller) -> str:
        """The name of the module of a request.

        Raises:
            Denied: the caller may not read it, whether there is one or not.
            NotFound: there is none.
        """
        name = str(request.path_params["module"])
        caller.require("read", name)
        if await run_in_threadpool(self._catalog.module, name) is None:
            raise NotFound(f"no module {name} in this registry")
        return name


async def _body(request: Request) -> bytes:
    """The body of a request, within the limits of the server's guard.

    Raises:
        Invalid: it is of another type.
        TooLarge: it is too large.
        TooSlow: it does not arrive in time.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != MEDIA_TYPE:
        raise Invalid(f"a release comes as {MEDIA_TYPE}", fix="send it with `fieldstone release`")
    return await request.body()


def _unless_known(request: Request, answer: Response) -> Response:
    """An answer that never changes, without its content if the client has it."""
    headers = {name: answer.headers[name] for name in ("etag", "cache-control")}
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return answer


def _as_json(answer: Modules | Versions) -> Response:
    return Response(json.encode(answer), media_type=_JSON, headers={"Cache-Control": "no-store"})
