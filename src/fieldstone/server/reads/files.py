"""Files of releases by their digest: the same bytes for ever, so they are sent from memory once they were read.

Who asks is checked each time. `FromMemory` sends a file before any routing and without a thread, to callers that were
looked up a moment ago; all else takes the usual way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from fieldstone.schema.digest import file_digest
from fieldstone.server.observed import note_caller, note_route
from fieldstone.server.reads.kept import Kept
from fieldstone.server.reads.together import Together

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from fieldstone.registry.sql import SqlStore
    from fieldstone.server.access.callers import Callers

FOREVER = "private, max-age=31536000, immutable"
ROUTE = "/api/v1/modules/{}/files/{}"
_MOST = 64 * 2**20
"""The bytes of all files."""
_AT_ONCE = 32
"""The most files of one query."""


class Files:
    """Reads the files of a store.

    Args:
        store: the releases.
    """

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._together = Together(store.inside, most=_AT_ONCE)
        self._kept: Kept[tuple[str, Response]] = Kept(_MOST)

    def kept(self, path: str) -> tuple[str, Response] | None:
        """The module and the answer of a path, if it is in memory."""
        return self._kept.get(path)

    async def answer(self, module: str, digest: str) -> Response | None:
        """The answer with a file of a module; None if no release or draft of the module has it.

        Raises:
            Unavailable: the database or the object store cannot be reached.
        """
        path = ROUTE.format(module, digest)
        known = self._kept.get(path)
        if known is not None:
            return known[1]
        content = await self._content(module, digest)
        if content is None:
            return None
        answer = unchanging(digest, content, "application/octet-stream")
        if file_digest(content) == digest:
            self._kept.put(path, (module, answer), len(content))
        return answer

    async def _content(self, module: str, digest: str) -> bytes | None:
        content = await self._together.get((module, digest))
        return content if content is not None else await run_in_threadpool(self._store.by_digest, module, digest)


class FromMemory:
    """An ASGI application that sends the files in memory itself, and leaves the rest to another.

    Args:
        app: the other application.
        files: the files.
        callers: who calls.
    """

    def __init__(self, app: ASGIApp, files: Files, callers: Callers) -> None:
        self._app, self._files, self._callers = app, files, callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        answer = self._answer(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if answer is None:
            await self._app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": answer.raw_headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _answer(self, scope: Scope) -> Response | None:
        """The answer to a request, if it is in memory, its caller is known and may read it."""
        found = self._files.kept(scope["path"])
        if found is None:
            return None
        authorization = ""
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                return None
            if name == b"authorization" and not authorization:
                authorization = value.decode("latin-1")
        module, answer = found
        caller = self._callers.known(authorization)
        if caller is None or not caller.may("read", module):
            return None
        note_caller(scope, caller)
        note_route(scope, ROUTE)
        return answer


def unchanging(digest: str, content: bytes, kind: str) -> Response:
    """An answer whose content its digest names: clients may keep it for ever."""
    return Response(content, media_type=kind, headers={"ETag": f'"{digest}"', "Cache-Control": FOREVER})
