"""The peer of the registry's benchmark: an ASGI application that does nothing but send bytes from its memory.

    python benchmarks/registry_peer.py FILE

It runs on uvicorn, as the registry does, and prints its port.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn

Send = Callable[[dict[str, Any]], Awaitable[None]]


def main() -> None:
    """Serve the file until the process is stopped."""
    body = Path(sys.argv[1]).read_bytes()
    headers = [(b"content-type", b"application/octet-stream"), (b"content-length", str(len(body)).encode())]

    async def app(scope: dict[str, Any], _receive: object, send: Send) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    settings = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, lifespan="off")
    uvicorn.Server(settings).run(sockets=[listener])


if __name__ == "__main__":
    main()
