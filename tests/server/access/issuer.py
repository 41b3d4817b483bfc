"""An OpenID Connect issuer on loopback, as GitHub and GitLab are for their pipelines."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey


@dataclass
class Issuer:
    """An issuer.

    Attributes:
        url: its name.
        keys: the keys that it publishes; the first one signs.
        asked: the number of requests for its keys.
    """

    url: str
    keys: list[Any] = field(default_factory=list)
    asked: int = 0

    def rotate(self, kind: str = "RSA") -> Any:
        """Sign with a new key, and publish no other; returns it."""
        parameters: Any = {"kid": f"key-{time.monotonic_ns()}"}
        key = RSAKey.generate_key(2048, parameters) if kind == "RSA" else ECKey.generate_key("P-256", parameters)
        self.keys = [key]
        return key

    def token(self, key: Any = None, algorithm: str = "RS256", **changed: Any) -> str:
        """A token of a pipeline, with other claims than usual where some are given; None leaves one out."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": "https://contracts.example.com",
            "sub": "repo:acme/shop:ref:refs/heads/main",
            "iat": now,
            "exp": now + 300,
            **changed,
        }
        own = key or self.keys[0]
        header = {"alg": algorithm, "kid": own.kid}
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(header, kept, own, algorithms=[algorithm])


@contextmanager
def issuing() -> Iterator[Issuer]:
    """An issuer with a key."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/keys":
                issuer.asked += 1
                body: Any = KeySet(issuer.keys).as_dict(private=False)
            else:
                body = {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    issuer.rotate()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
