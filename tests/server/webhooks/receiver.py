"""A receiver of webhooks on loopback, which answers as a test wants."""

from __future__ import annotations

import queue
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from msgspec import json

LONGEST = 60
"""Seconds that a request may take to arrive."""
Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True, slots=True)
class Received:
    """A request that arrived."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def message(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        return json.decode(self.body, type=dict[str, Any])


@dataclass
class Receiver:
    """The receiver.

    Attributes:
        answers: the answers to the next requests; after them each is 204.
        requests: what arrived, in order.
    """

    port: int = 0
    scheme: str = "http"
    answers: queue.SimpleQueue[Answer] = field(default_factory=queue.SimpleQueue)
    requests: queue.SimpleQueue[Received] = field(default_factory=queue.SimpleQueue)

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}/hook?key=s3cret"

    def next(self) -> Received:
        """The next request."""
        return self.requests.get(timeout=LONGEST)

    def answered_with(self, *answers: Answer) -> None:
        for answer in answers:
            self.answers.put(answer)


def status(code: int, **headers: str) -> Answer:
    """An answer of a status, without a body."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@contextmanager
def receiving(certificate: Path | None = None) -> Iterator[Receiver]:
    """A receiver on a free port, with TLS if it has a certificate (with its key, as PEM)."""
    receiver = Receiver(scheme="https" if certificate else "http")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                answer = receiver.answers.get_nowait()
            except queue.Empty:
                answer = status(204)
            receiver.requests.put(Received(headers, body))
            answer(self)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # a client that is gone
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
