"""Limits of a server: on the rate of a caller, and on slow, half-sent and endless requests."""

from __future__ import annotations

import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest

from fieldstone.schema.digest import file_digest
from fieldstone.server.guards.rate import Rate
from tests.server.buf.calling import UPLOAD
from tests.server.running import LONGEST, Serving, new_token, serving

LISTING = "/buf.registry.module.v1.ModuleService/ListModules"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A registry with small limits."""
    limits = ("--rate", "10", "--connections", "12", "--request-seconds", "1")
    with serving(tmp_path_factory.mktemp("strict") / "data", *limits) as found:
        yield found


def get(served: Serving, path: str, token: str = "") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(f"{served.url}{path}", headers=headers, timeout=LONGEST)


def head(served: Serving, length: str, path: str = UPLOAD) -> bytes:
    """The head of a push whose body has a length."""
    kind = "Content-Type: application/proto\r\n"
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {served.token}\r\n{kind}{length}\r\n\r\n".encode()


def said(connection: socket.socket) -> bytes:
    """What the server says until it ends the connection."""
    connection.settimeout(LONGEST)
    answer = b""
    try:
        while part := connection.recv(65536):
            answer += part
    except ConnectionResetError:
        pass
    return answer


def keep_sending(connection: socket.socket, part: bytes, pause: float) -> None:
    """Send on until the server ends the connection."""
    latest = time.monotonic() + LONGEST
    while time.monotonic() < latest:
        connection.sendall(part)
        time.sleep(pause)


def test_the_rate_of_one_caller_is_limited_and_others_are_not(strict: Serving) -> None:
    with httpx.Client(base_url=strict.url, headers={"Authorization": f"Bearer {strict.token}"}) as client:
        client.get("/api/v1/modules")
        answers = [client.get("/api/v1/modules") for _ in range(200)]
        refused = next(answer for answer in answers if answer.status_code == 429)
        wait = int(refused.headers["retry-after"])
        assert 1 <= wait <= 3
        told = refused.json()
        assert (told["code"], told["kind"]) == ("resource_exhausted", "Exhausted")
        assert "more than 10 requests a second" in told["message"]
        called = client.post(LISTING, json={})
        assert (called.status_code, called.json()["code"]) == (429, "resource_exhausted")
        assert client.get("/readyz").status_code == client.get("/healthz").status_code == 200
        assert get(strict, "/api/v1/modules").status_code == 200  # by its address, without a token
        latest = time.monotonic() + LONGEST
        while client.get("/api/v1/modules").status_code == 429:
            assert time.monotonic() < latest
            time.sleep(0.2)


def test_a_rate_allows_twice_as_many_at_once_and_no_more() -> None:
    rate = Rate(100)
    waits = [rate.wait("a") for _ in range(1_000)]
    allowed = waits.count(0.0)
    assert 200 <= allowed < 1_000
    assert 0 < max(waits) < 0.1
    assert rate.wait("b") == 0.0
    assert {Rate(0).wait("a") for _ in range(1_000)} == {0.0}


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", b""),
        (b"GET /healthz HTTP/1.1\r\nHost:", b""),
        ("half a body", b"HTTP/1.1 408"),
    ],
)
def test_a_request_that_stops_arriving_is_ended(strict: Serving, sent: bytes | str, answer: bytes) -> None:
    with socket.create_connection(("127.0.0.1", strict.port)) as half:
        half.sendall(head(strict, "Content-Length: 5000") + b"abc" if isinstance(sent, str) else sent)
        assert get(strict, "/healthz").status_code == 200
        assert said(half).startswith(answer)


def test_a_request_that_trickles_is_ended(strict: Serving) -> None:
    with socket.create_connection(("127.0.0.1", strict.port)) as slow:
        slow.sendall(head(strict, "Content-Length: 5000"))
        with pytest.raises(ConnectionError):
            keep_sending(slow, b"x", pause=0.05)


def test_what_is_too_large_is_refused_before_it_is_read(strict: Serving) -> None:
    for path in (UPLOAD, "/api/v1/modules/shop/releases"):
        with socket.create_connection(("127.0.0.1", strict.port)) as large:
            large.sendall(head(strict, "Content-Length: 100000000", path))
            large.settimeout(LONGEST)
            answer = b""
            while b"}" not in answer:  # header and body may come apart
                answer += large.recv(65536)
        assert answer.startswith(b"HTTP/1.1 413"), answer
        assert b"a request of more than 67,108,864 bytes" in answer
    with socket.create_connection(("127.0.0.1", strict.port)) as endless:
        endless.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        with pytest.raises(ConnectionError):
            keep_sending(endless, b"x" * 65536, pause=0)


def test_who_may_not_push_sends_no_large_request(strict: Serving) -> None:
    body = b"\x0a" * (2**20 + 1)
    for token in ("", new_token(strict, "reader", "read")):
        headers = {"Content-Type": "application/proto", **({"Authorization": f"Bearer {token}"} if token else {})}
        answer = httpx.post(f"{strict.url}{UPLOAD}", content=body, headers=headers, timeout=LONGEST)
        assert (answer.status_code, answer.json()["code"]) == (413, "invalid_argument")


def test_idle_connections_are_ended_and_make_place(strict: Serving) -> None:
    with ExitStack() as opened:
        for _ in range(12):
            opened.enter_context(socket.create_connection(("127.0.0.1", strict.port)))
        latest, seen = time.monotonic() + LONGEST, set()
        while 200 not in seen:
            assert time.monotonic() < latest
            seen.add(get(strict, "/healthz").status_code)
        assert seen <= {200, 503}


def test_nested_requests_are_refused(registry: Serving) -> None:
    deep = b""
    for _ in range(200):
        deep = b"\x0a" + _length(deep) + deep
    for kind, body in (
        ("application/proto", deep),
        ("application/json", b'{"values":' * 5_000 + b"{}" + b"}" * 5_000),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"unknown":' + b"[" * 900 + b"]" * 900 + b"}"),
    ):
        headers = {"Authorization": f"Bearer {registry.token}", "Content-Type": kind}
        path = "/buf.registry.module.v1.ModuleService/CreateModules"
        answer = httpx.post(f"{registry.url}{path}", content=body, headers=headers, timeout=LONGEST)
        assert answer.status_code in {200, 400}, answer.text
        assert answer.status_code == 400 or answer.json() == {}


def _length(body: bytes) -> bytes:
    """The length of a field, as a varint."""
    size, out = len(body), bytearray()
    while size > 0x7F:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([*out, size])


def test_what_is_not_there_is_told_in_json(registry: Serving) -> None:
    for path in ("/no/such/place", "/api/v1/none", "/simple/no-such-package/", "/%00", "/api/v1/modules/%2e%2e"):
        answer = get(registry, path, registry.token)
        assert answer.status_code == 404, path
        if not path.startswith("/simple"):
            assert (answer.json()["kind"], bool(answer.json()["problem"])) == ("NotFound", True), path
    wrong = httpx.delete(f"{registry.url}/api/v1/modules")
    assert (wrong.status_code, wrong.json()["kind"], "GET" in wrong.headers["allow"]) == (405, "Invalid", True)


def test_head_is_answered_where_get_is(registry: Serving) -> None:
    headers = {"Authorization": f"Bearer {registry.token}"}
    for path in ("/healthz", "/readyz", "/metrics", "/api/v1/modules", "/simple/", "/api/v1/policy", "/none"):
        full, short = (
            httpx.request(method, f"{registry.url}{path}", headers=headers, timeout=LONGEST)
            for method in ("GET", "HEAD")
        )
        assert (short.status_code, short.content) == (full.status_code, b""), path
        assert short.headers["content-type"] == full.headers["content-type"]


def is_open(server: str, client: str) -> bool:
    """Whether the server still has a connection: https://docs.kernel.org/networking/proc_net_tcp.html."""
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        local, remote, state = line.split()[1:4]
        if local.endswith(server) and remote.endswith(client):
            return state == "01"
    return False


@pytest.mark.slow
def test_who_takes_no_answer_is_cut_off(registry: Serving) -> None:
    content = bytes(40 * 2**20)
    digest = file_digest(content)
    with closing(sqlite3.connect(registry.data / "registry.db")) as connection:
        connection.execute("INSERT INTO modules (name, id, created_at) VALUES ('huge', 'h', '')")
        connection.execute("INSERT INTO contents VALUES (?, ?, ?)", (digest, len(content), content))
        connection.execute("INSERT INTO module_contents VALUES ('huge', ?)", (digest,))
        connection.commit()
    with socket.create_connection(("127.0.0.1", registry.port)) as deaf:
        deaf.sendall(
            f"GET /api/v1/modules/huge/files/{digest} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {registry.token}\r\n\r\n".encode()
        )
        ends = f":{registry.port:04X}", f":{deaf.getsockname()[1]:04X}"
        latest = time.monotonic() + LONGEST
        while is_open(*ends):
            assert time.monotonic() < latest
            time.sleep(0.1)
    assert get(registry, f"/api/v1/modules/huge/files/{digest}", registry.token).content == content
