"""The style and the scripts of the pages, at addresses that have their digest: browsers keep them for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from fieldstone.errors import NotFound
from fieldstone.server.refusing import refused

if TYPE_CHECKING:
    from starlette.requests import Request

_FOLDER = Path(__file__).parent / "static"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


@cache
def _files() -> dict[str, tuple[str, bytes]]:
    """The address and the content of each file that a browser may load, by its name."""
    contents = {path.name: path.read_bytes() for path in sorted(_FOLDER.iterdir()) if path.suffix in _KINDS}
    return {
        name: (f"/static/{hashlib.sha256(content).hexdigest()[:16]}/{name}", content)
        for name, content in contents.items()
    }


def address_of(name: str) -> str:
    """The address of a file; a name that is none is an error of a template."""
    return _files()[name][0]


def static_files() -> Route:
    """The route of all files."""

    async def answer(request: Request) -> Response:
        address, content = _files().get(request.path_params["name"], ("", b""))
        if address != request.url.path:
            return refused(NotFound(f"no {request.url.path} in this registry"))
        kind = _KINDS[Path(address).suffix]
        headers = {"Cache-Control": _FOREVER, "X-Content-Type-Options": "nosniff"}
        return Response(content, media_type=kind, headers=headers)

    return Route("/static/{digest}/{name}", answer)
