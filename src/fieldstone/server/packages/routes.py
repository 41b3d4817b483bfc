"""The resources of a package index: `/simple/` and `/files/` for pip and uv, `/npm/` for npm."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import json
from packaging.utils import canonicalize_name
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fieldstone.errors import Denied, FieldstoneError, NotFound
from fieldstone.packaging.index import npm, simple
from fieldstone.packaging.index.packages import by_name
from fieldstone.packaging.index.parsing import parse_package
from fieldstone.packaging.index.tree import metadata_files, python_pages
from fieldstone.registry import problem
from fieldstone.server.access.tokens import CHALLENGES
from fieldstone.server.index import page, redirect
from fieldstone.server.observed import note_caller
from fieldstone.server.refusing import later
from fieldstone.workflows.publishing import PYTHON, TYPESCRIPT

if TYPE_CHECKING:
    from starlette.requests import Request

    from fieldstone.packaging.index.packages import Package
    from fieldstone.registry.sql.packages import PackageFile
    from fieldstone.server.access.callers import Caller, Callers
    from fieldstone.server.packages.shelf import Shelf

_FOREVER = "private, max-age=31536000, immutable"
_METADATA = ".metadata"
_MOST_PAGES = 256
_UNAUTHORIZED = 401


def routes(shelf: Shelf, callers: Callers) -> list[Route]:
    """The routes of the index.

    Args:
        shelf: the packages.
        callers: who calls.
    """
    index = _Index(shelf)

    def answered(answer: Callable[[Request, Caller], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            caller = None
            try:
                caller = await callers.of(request.headers, str(request.base_url).rstrip("/"))
                note_caller(request.scope, caller)
                caller.require("read")
                return await answer(request, caller)
            except FieldstoneError as error:
                return _failure(request, error, caller)

        return endpoint

    return [
        Route("/simple", answered(index.root)),
        Route("/simple/", answered(index.projects)),
        Route("/simple/{name}", answered(index.without_slash)),
        Route("/simple/{name}/", answered(index.project)),
        Route("/files/{name}", answered(index.file)),
        Route("/npm/-/{name:path}", answered(index.file)),
        Route("/npm/{name:path}", answered(index.packument)),
    ]


class _Index:
    """The answers."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._pages = lru_cache(_MOST_PAGES)(self._rendered_pages)
        self._packument = lru_cache(_MOST_PAGES)(self._rendered_packument)

    async def root(self, _request: Request, _caller: Caller) -> Response:
        """Redirect to the list, which has a slash at the end."""
        return redirect("simple/")

    async def without_slash(self, request: Request, _caller: Caller) -> Response:
        """Redirect to a page, which has a slash at the end."""
        return redirect(f"{canonicalize_name(request.path_params['name'])}/")

    async def projects(self, request: Request, caller: Caller) -> Response:
        """The list of Python packages."""
        names = await self._shelf.names(PYTHON, caller)
        pages = {"simple/index.html": simple.root_html(names), "simple/index.json": simple.root_json(names)}
        return page(request, pages, "simple/")

    async def project(self, request: Request, caller: Caller) -> Response:
        """The files of a Python package; another spelling of its name is redirected."""
        name = request.path_params["name"]
        plain = canonicalize_name(name)
        if plain != name:
            return redirect(f"../{plain}/")
        files = await self._shelf.files(PYTHON, plain, caller)
        return page(request, await run_in_threadpool(self._pages, files), f"simple/{plain}/")

    async def packument(self, request: Request, caller: Caller) -> Response:
        """The versions of an npm package."""
        files = await self._shelf.files(TYPESCRIPT, request.path_params["name"], caller)
        body = await run_in_threadpool(self._packument, files, caller.address)
        return Response(body, media_type="application/json")

    async def file(self, request: Request, caller: Caller) -> Response:
        """A package file, or the metadata of a wheel."""
        path = request.scope["path"].lstrip("/")
        content = await self._shelf.file(path.removesuffix(_METADATA), caller)
        if path.endswith(_METADATA):
            content = await run_in_threadpool(_metadata, path.removesuffix(_METADATA), content)
        headers = {"Cache-Control": _FOREVER}
        return Response(content, media_type="application/octet-stream", headers=headers)

    def _rendered_pages(self, files: tuple[PackageFile, ...]) -> dict[str, bytes]:
        return python_pages([self._parsed(file) for file in files])

    def _rendered_packument(self, files: tuple[PackageFile, ...], address: str) -> bytes:
        (tarballs,) = by_name([self._parsed(file) for file in files]).values()
        return npm.packument(tarballs, address)

    def _parsed(self, file: PackageFile) -> Package:
        return _parse(file.path, self._shelf.content(file))


def _parse(path: str, content: bytes) -> Package:
    return parse_package(path, path.rpartition("/")[2], content)


def _metadata(path: str, content: bytes) -> bytes:
    """The metadata of a wheel (PEP 658).

    Raises:
        NotFound: it is no wheel.
    """
    found = metadata_files([_parse(path, content)])
    if not found:
        raise NotFound(f"no {path}{_METADATA} in this registry")
    return found[f"{path}{_METADATA}"]


def _failure(request: Request, error: FieldstoneError, caller: Caller | None) -> Response:
    """An error as text, for npm as the JSON that it shows."""
    status = problem.status_of(error)
    if isinstance(error, Denied) and (caller is None or caller.token is None):
        status = _UNAUTHORIZED
    if request.url.path.startswith("/npm/"):
        response = Response(json.encode({"error": str(error)}), status, media_type="application/json")
    else:
        response = PlainTextResponse(str(error), status)
    if status == _UNAUTHORIZED:
        for challenge in CHALLENGES:
            response.headers.append("WWW-Authenticate", challenge)
    response.headers.update(later(error))
    return response
