"""The index over HTTP: the files and pages of `packaging.index`, in the form that each client requests.

Everything is read into memory before the first request. So all files have the digests that the pages announce, even if
the files on disk change. Client packages are small; for an index of gigabytes, use `fieldstone index build` and a web
server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from packaging.utils import canonicalize_name
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fieldstone.packaging.index import npm
from fieldstone.packaging.index.packages import Package, by_name
from fieldstone.packaging.index.tree import metadata_files, package_files, python_pages
from fieldstone.server.access.tokens import CHALLENGES, TokenBackend
from fieldstone.server.negotiation import JSON, OFFERED, choose

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection, Request

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def create_app(packages: Sequence[Package], tokens: Iterable[str], lifespan: Lifespan | None = None) -> Starlette:
    """The index as an ASGI application.

    Args:
        packages: its packages.
        tokens: the tokens that give access; empty gives everybody access.
        lifespan: runs around the application.
    """
    served = _Served(packages)
    routes = [
        Route("/simple", served.root),
        Route("/simple/", served.projects),
        Route("/simple/{name}", served.without_slash),
        Route("/simple/{name}/", served.project),
        Route("/files/{name}", served.file),
        Route("/npm/-/{name:path}", served.file),
        Route("/npm/{name:path}", served.packument),
    ]
    keys = list(tokens)
    guard = [Middleware(AuthenticationMiddleware, backend=TokenBackend(keys), on_error=_refused)] if keys else []
    app = Starlette(routes=routes, middleware=guard, lifespan=lifespan)
    app.router.redirect_slashes = False  # it would redirect to an absolute address, which may be wrong behind a proxy
    return app


class _Served:
    """The handlers of the routes."""

    def __init__(self, packages: Sequence[Package]) -> None:
        self._files = package_files(packages) | metadata_files(packages)
        self._pages = python_pages(packages)
        self._tarballs = by_name(packages)

    async def root(self, _request: Request) -> Response:
        """Redirect to the list, which has a slash at the end."""
        return redirect("simple/")

    async def projects(self, request: Request) -> Response:
        """The list of Python packages."""
        return page(request, self._pages, "simple/")

    async def project(self, request: Request) -> Response:
        """The files of a Python package; another spelling of its name is redirected."""
        name = request.path_params["name"]
        plain = canonicalize_name(name)
        if plain != name:
            return redirect(f"../{plain}/")
        return page(request, self._pages, f"simple/{plain}/")

    async def without_slash(self, request: Request) -> Response:
        """Redirect to a page, which has a slash at the end."""
        return redirect(f"{canonicalize_name(request.path_params['name'])}/")

    async def file(self, request: Request) -> Response:
        """A package file, or its metadata."""
        path = request.scope["path"].lstrip("/")
        if path not in self._files:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no {path}")
        return Response(self._files[path], media_type="application/octet-stream")

    async def packument(self, request: Request) -> Response:
        """The versions of an npm package."""
        name = request.path_params["name"]
        if name not in self._tarballs:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no npm package {name}")
        body = npm.packument(self._tarballs[name], str(request.base_url).rstrip("/"))
        return Response(body, media_type="application/json")


def page(request: Request, pages: Mapping[str, bytes], folder: str) -> Response:
    """A page of a Python index, in the form that a client prefers.

    Args:
        request: the request.
        pages: the pages by path, as `python_pages` writes them.
        folder: the folder of the page: `simple/`, or `simple/NAME/`.

    Raises:
        HTTPException: there is no such page, or none in a form that the client takes.
    """
    if f"{folder}index.html" not in pages:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"no {folder}")
    kind = choose(",".join(request.headers.getlist("accept")))
    if kind is None:
        said = f"this page comes as {', '.join(OFFERED)}"
        raise HTTPException(HTTPStatus.NOT_ACCEPTABLE, said, headers={"Vary": "Accept"})
    content = pages[f"{folder}index.json" if kind == JSON else f"{folder}index.html"]
    return Response(content, headers={"Content-Type": kind, "Vary": "Accept"})


def redirect(target: str) -> Response:
    """A redirect to a relative address, which holds behind a proxy."""
    return Response(status_code=HTTPStatus.PERMANENT_REDIRECT, headers={"Location": quote(target)})


def _refused(_connection: HTTPConnection, error: Exception) -> Response:
    response = PlainTextResponse(str(error), HTTPStatus.UNAUTHORIZED)
    for challenge in CHALLENGES:
        response.headers.append("WWW-Authenticate", challenge)
    return response
