"""A server tells of each request in a line of JSON and in its metrics, and never a secret."""

from __future__ import annotations

import json
import re
import socket
from base64 import b64encode

import httpx

from tests.server.buf.calling import UPLOAD
from tests.server.running import ORDER, Buf, Serving


def lines(registry: Serving) -> list[dict[str, object]]:
    """The lines of the log about requests."""
    return [json.loads(line) for line in registry.log.splitlines() if line.startswith("{")]


def get(registry: Serving, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{registry.url}{path}", headers={"Authorization": f"Bearer {registry.token}", **headers})


def test_client_and_log_share_an_id(registry: Serving) -> None:
    given = get(registry, "/api/v1/modules", **{"X-Request-Id": "from-the-proxy.1"})
    made = get(registry, "/api/v1/modules", **{"X-Request-Id": "two words"})
    assert given.headers["x-request-id"] == "from-the-proxy.1"
    assert re.fullmatch("[0-9a-f]{32}", made.headers["x-request-id"])
    told = [line for line in lines(registry) if line["id"] == "from-the-proxy.1"]
    assert [(line["method"], line["path"], line["status"], line["who"]) for line in told] == [
        ("GET", "/api/v1/modules", 200, "admin")
    ]


def test_no_secret_is_told(registry: Serving, buf: Buf) -> None:
    buf.module("quiet", {"acme/quiet/v1/quiet.proto": ORDER.replace("shop", "quiet")})
    assert buf("push", "--create", cwd="quiet").code == 0
    secrets = {registry.token, "fst_" + "s" * 40, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2VjcmV0"}
    for secret in secrets:
        basic = b64encode(f"user:{secret}".encode()).decode()
        with_host = registry.url.replace("://", f"://user:{secret}@")
        for path in ("/api/v1/modules", "/simple/", "/npm/x", "/api/v1/tokens", "/no/such/place", UPLOAD):
            for headers in ({"Authorization": f"Bearer {secret}"}, {"Authorization": f"Basic {basic}"}):
                for method in ("GET", "POST", "PUT"):
                    httpx.request(method, f"{registry.url}{path}", headers=headers, content=b"{")
            httpx.get(f"{with_host}{path}?token={secret}&access_token={secret}")
        assert secret not in registry.log
        assert basic not in registry.log
    assert "token=" not in registry.log
    assert "Traceback" not in registry.log


def test_a_secret_in_a_path_is_not_told(registry: Serving) -> None:
    get(registry, f"/api/v1/tokens/{registry.token}")
    httpx.post(f"{registry.url}/{registry.token}/{registry.token}")
    with socket.create_connection(("127.0.0.1", registry.port)) as broken:
        broken.sendall(f"GET /{registry.token} HTTP/9\r\nno header {registry.token}\r\n\r\n".encode())
        broken.recv(1000)
    assert registry.token not in registry.log


def test_metrics_count_routes_and_not_addresses(registry: Serving) -> None:
    get(registry, "/api/v1/modules/none/releases/1.0.0")
    get(registry, "/no/such/place")
    text = get(registry, "/metrics").text
    known = 'fieldstone_requests_total{method="GET",route="/api/v1/modules/{}/releases/{}",status="404"} 1.0'
    assert known in text.splitlines()
    assert "none" not in text
    assert "/no/such/place" not in text
    assert "fieldstone_request_seconds_bucket" in text
