"""The protocol below buf: every method with every kind of token, other protocols, and random bytes."""

from __future__ import annotations

import random
import socket
import sqlite3
from contextlib import closing
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from fieldstone.registry.clock import after
from fieldstone.registry.sql import tokens
from fieldstone.registry.sql.database import Database
from fieldstone.server.buf.messages import methods
from tests.conftest import SEED
from tests.server.buf.calling import UPLOAD, ask, create, order_of, post, push, upload
from tests.server.running import Serving

pytestmark = pytest.mark.slow

ERRORS = {
    "not_found",
    "invalid_argument",
    "permission_denied",
    "unauthenticated",
    "failed_precondition",
    "already_exists",
    "aborted",
}
ROUNDS = 150


def token(served: Serving, scopes: tuple[str, ...], modules: tuple[str, ...] = ("*",), *, expired: bool = False) -> str:
    """A new token of a server."""
    database = Database(f"sqlite:///{served.data}/registry.db")
    with database.transaction() as connection:
        made, secret = tokens.create(connection, "tester", scopes, modules, days=1)
        if expired:
            query = text("UPDATE tokens SET expires_at = :then WHERE id = :id")
            connection.execute(query, {"then": after(-1), "id": made.id})
    return secret


def dump(served: Serving) -> list[str]:
    """All that the database has, but for the days of use of tokens."""
    with closing(sqlite3.connect(served.data / "registry.db")) as connection:
        return [line for line in connection.iterdump() if 'INTO "tokens"' not in line]


def test_every_method_with_tokens_that_are_none(registry: Serving) -> None:
    create(registry, "closed")
    assert push(registry, upload("closed", order_of("closed"))).status_code == 200
    dice, before = random.Random(SEED), dump(registry)
    expired, foreign = token(registry, ("read", "push"), expired=True), token(registry, ("read", "push"), ("other*",))
    for path in methods():
        wrong = dice.choice(["fst_unknown", registry.token[:-1], expired])
        answer = post(registry, path, b"", wrong)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), path
    named = {"owner": "acme", "module": "closed"}
    calls: dict[str, dict[str, Any]] = {
        "GraphService/GetGraph": {"resourceRefs": [{"name": named}]},
        "CommitService/GetCommits": {"resourceRefs": [{"name": named}]},
        "DownloadService/Download": {"values": [{"resourceRef": {"name": named}}]},
        "ModuleService/GetModules": {"moduleRefs": [{"name": named}]},
        "ModuleService/UpdateModules": {"values": [{"moduleRef": {"name": named}, "description": "mine"}]},
        "ModuleService/DeleteModules": {"moduleRefs": [{"name": named}]},
        "ModuleService/CreateModules": {"values": [{"ownerRef": {"name": "acme"}, "name": "closed2"}]},
        "LabelService/ListLabels": {"resourceRef": {"name": named}},
        "LabelService/ArchiveLabels": {"labelRefs": [{"name": {**named, "label": "main"}}]},
    }
    for path, body in calls.items():
        answer = ask(registry, f"/buf.registry.module.v1.{path}", body, foreign)
        # Loopback allows reading without a token, and a token never takes that away.
        assert answer.status_code in {200, 403, 404}, (path, answer.text)
        if not path.split("/")[1].startswith(("Get", "List", "Download")):
            assert answer.status_code in {403, 404}, (path, answer.text)
    reader = token(registry, ("read",))
    refused = push(registry, upload("closed", order_of("closed")), token=reader)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert dump(registry) == before


def test_methods_and_protocols_that_are_not_there(registry: Serving) -> None:
    missing = "/buf.alpha.registry.v1alpha1.PluginCurationService/GetLatestCuratedPlugin"
    for answer in (post(registry, missing, b""), httpx.get(f"{registry.url}{missing}")):
        assert (answer.status_code, answer.json()["code"]) == (501, "unimplemented")
    known = "/buf.registry.module.v1.ModuleService/GetModules"
    assert httpx.get(f"{registry.url}{known}").status_code == 405
    wrong = post(registry, known, b"", **{"content-type": "text/plain"})
    assert (wrong.status_code, "application/proto" in wrong.headers["accept-post"]) == (415, True)
    for kind in ("application/grpc", "application/grpc-web+proto"):
        answer = post(registry, known, b"\0\0\0\0\0", **{"content-type": kind})
        assert (answer.status_code, answer.headers["grpc-status"]) == (200, "12")
        assert answer.headers["content-type"] == kind
    packed = post(registry, known, b"no gzip", **{"content-encoding": "gzip"})
    assert (packed.status_code, packed.json()["code"]) == (400, "invalid_argument")
    assert post(registry, known, b"", **{"content-encoding": "br"}).status_code == 400


def test_random_requests_change_nothing_and_break_nothing(registry: Serving) -> None:
    create(registry, "random")
    assert push(registry, upload("random", order_of("random"))).status_code == 200
    print(f"FIELDSTONE_SEED={SEED}")
    dice, before = random.Random(SEED), dump(registry)
    paths = sorted(methods())
    with httpx.Client(base_url=registry.url, headers={"authorization": f"Bearer {registry.token}"}) as client:
        for _ in range(ROUNDS):
            path, body = dice.choice(paths), dice.randbytes(dice.randrange(60))
            kind = dice.choice(["application/proto", "application/json"])
            if dice.random() < 0.5:
                body = dice.choice([b'{"pageToken":"', b'{"', b"\x0a", b"\x0a\x05\x0a\x03"]) + body
            answer = client.post(path, content=body, headers={"content-type": kind})
            assert answer.status_code == 200 or answer.json()["code"] in ERRORS, (path, body, answer.text)
    assert dump(registry) == before


def test_page_tokens_and_orders(registry: Serving) -> None:
    listing = "/buf.registry.module.v1.ModuleService/ListModules"
    create(registry, "pages1", "pages2", "pages3")
    for wrong in ("x", "-1", "9" * 5000, "٣"):
        assert ask(registry, listing, {"pageToken": wrong}).json()["code"] == "invalid_argument"
    names, following = [], ""
    while True:
        page = ask(registry, listing, {"pageToken": following, "pageSize": 2, "order": 2}).json()
        names += [module["name"] for module in page["modules"]]
        following = page.get("nextPageToken", "")
        if not following:
            break
    assert names == sorted(names, reverse=True)
    assert {"pages1", "pages2", "pages3"} <= {*names}


def test_a_request_that_ends_too_early(registry: Serving) -> None:
    before = dump(registry)
    with socket.create_connection(("127.0.0.1", registry.port)) as half:
        head = f"POST {UPLOAD} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {registry.token}\r\n"
        half.sendall(f"{head}Content-Type: application/proto\r\nContent-Length: 5000\r\n\r\nabc".encode())
    assert httpx.get(f"{registry.url}/readyz").status_code == 200
    assert dump(registry) == before
