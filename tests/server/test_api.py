"""Fieldstone's own protocol: what may be kept, what is refused, and that nothing is half-written."""

from __future__ import annotations

import io
import random
import socket
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest
from msgspec.structs import replace

from fieldstone.registry import manifest
from fieldstone.registry.archive import LARGEST, MEDIA_TYPE, pack
from fieldstone.registry.release import NAME, Link, Release
from fieldstone.schema.digest import b5, file_digest
from fieldstone.schema.digest import manifest as digests
from tests.conftest import SEED
from tests.registry.compiled import compiled
from tests.server.running import Serving, empty

FOREVER = "private, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def shop() -> tuple[Release, dict[str, bytes]]:
    return compiled()


@pytest.fixture
def client(registry: Serving) -> Iterator[httpx.Client]:
    """The admin, at a server without a release."""
    empty(registry)
    headers = {"Authorization": f"Bearer {registry.token}"}
    with httpx.Client(base_url=f"{registry.url}/api/v1/", headers=headers, timeout=60) as found:
        yield found


def send(client: httpx.Client, body: bytes, module: str = "shop", kind: str = MEDIA_TYPE) -> httpx.Response:
    return client.post(f"modules/{module}/releases", content=body, headers={"Content-Type": kind})


def packed(release: Release, files: dict[str, bytes]) -> bytes:
    return pack(manifest.to_toml(release).encode(), files)


def rows(served: Serving) -> list[tuple[str, int]]:
    """How much the database has of what a release writes."""
    tables = ("contents", "declared", "module_contents", "modules", "releases")
    with closing(sqlite3.connect(served.data / "registry.db")) as connection:
        return [(name, connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in tables]  # noqa: S608


def test_what_never_changes_may_be_kept(client: httpx.Client, shop: tuple[Release, dict[str, bytes]]) -> None:
    release, files = shop
    answer = send(client, packed(release, files))
    assert (answer.status_code, answer.json()) == (201, {"version": "1.0.0"}), answer.text
    listed = client.get("modules/shop/releases")
    (seal,) = listed.json()["versions"].values()
    assert listed.headers["cache-control"] == client.get("modules").headers["cache-control"] == "no-store"
    digest = release.files["image.binpb"]
    for path, tag in (("modules/shop/releases/1.0.0", seal), (f"modules/shop/files/{digest}", digest)):
        found = client.get(path)
        assert (found.headers["etag"], found.headers["cache-control"]) == (f'"{tag}"', FOREVER)
        again = client.get(path, headers={"If-None-Match": found.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", f'"{tag}"')
    assert client.get(f"modules/shop/files/{digest}").content == files["image.binpb"]
    for path in ("modules/other/releases", "modules/shop/releases/9.9.9", "modules/shop/files/shake256:00", "none"):
        assert client.get(path).status_code == 404
    replayed = send(client, packed(release, files))
    assert (replayed.status_code, replayed.json()["kind"]) == (409, "Conflict")


def test_who_may_not(client: httpx.Client, registry: Serving, shop: tuple[Release, dict[str, bytes]]) -> None:
    body = packed(*shop)
    for token, status in (("", 401), ("fst_unknown", 401)):
        headers = {"Content-Type": MEDIA_TYPE, **({"Authorization": f"Bearer {token}"} if token else {})}
        answer = httpx.post(f"{registry.url}/api/v1/modules/shop/releases", content=body, headers=headers)
        assert (answer.status_code, answer.json()["kind"]) == (status, "Denied")
        assert "Bearer" in answer.headers["www-authenticate"]


def test_a_release_is_what_it_says(
    client: httpx.Client, registry: Serving, shop: tuple[Release, dict[str, bytes]]
) -> None:
    release, files = shop
    source = next(path for path in files if path.startswith("schemas/"))
    other = {**files, source: files[source].replace(b"total", b"sum")}
    stray = {**files, "schemas/buf.yaml": b"version: v2"}
    outside = {**files, "README.md": b""}
    cases = {
        "is not the one that shop 1.0.0 names": (release, other),
        "does not have exactly the files that it names: schemas/buf.yaml": (release, stray),
        "buf.yaml in the upload of shop is neither a .proto file nor": (replace(release, files=digests(stray)), stray),
        "README.md is no file of a release": (replace(release, files=digests(outside)), outside),
        "imports evil.example/a/b, which is in another registry": (
            replace(release, dependencies=(Link("evil.example/a/b", "0" * 32, "b5:00"),)),
            files,
        ),
        "says that it is history, which only a copy": (replace(release, accepted="history"), files),
        "its b5 digest is not that of its sources": (replace(release, files=digests(other)), other),
        "its sources do not produce its image.binpb": (
            replace(
                release,
                files=digests(other),
                digest=b5(digests({source.removeprefix("schemas/"): other[source]}), []),
            ),
            other,
        ),
        "it is a first release, and says minor": (replace(release, bump="minor"), files),
        "it says that it was made at 2999": (replace(release, released_at="2999-01-01T00:00:00Z"), files),
        "which is no time": (replace(release, released_at="soon"), files),
        "1.0 is not valid SemVer": (replace(release, version="1.0"), files),
        "1.0.0+a has build metadata": (replace(release, version="1.0.0+a"), files),
        "rules of version 99 judged it": (replace(release, rules=99), files),
        "is based on 0.9.0": (replace(release, previous=Link("shop", "0.9.0", "b5:00", "shake256:00")), files),
        "no release 1.0.0 of money": (replace(release, dependencies=(Link("money", "1.0.0", "b5:00"),)), files),
        "the release is one of basket, and was sent to shop": (replace(release, name="basket"), files),
    }
    for problem, (claimed, sent) in cases.items():
        answer = send(client, packed(claimed, sent))
        assert 400 <= answer.status_code < 500, (problem, answer.text)
        assert problem in answer.json()["problem"], (problem, answer.text)
    edited = manifest.to_toml(release).replace("first release", "another release").encode()
    assert "does not match its seal" in send(client, pack(edited, files)).json()["problem"]
    assert "cannot be the name of a module" in send(client, packed(release, files), "%2E%2E").text
    assert {count for _, count in rows(registry)} == {0}


def test_of_many_at_once_one_is_taken(
    client: httpx.Client, registry: Serving, shop: tuple[Release, dict[str, bytes]]
) -> None:
    release, files = shop
    bodies = [packed(replace(release, commit=f"{number:040}"), files) for number in range(6)]
    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = [*pool.map(lambda body: send(client, body), bodies)]
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert dict(rows(registry))["releases"] == 1


def lying(files: dict[str, bytes]) -> bytes:
    """An archive with much in little."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return buffer.getvalue()


def test_an_upload_without_end(client: httpx.Client, registry: Serving, shop: tuple[Release, dict[str, bytes]]) -> None:
    release, files = shop
    text = manifest.to_toml(release).encode()
    started = time.monotonic()
    bomb = lying({NAME: text, "image.binpb": bytes(LARGEST + 1)})
    many = lying({NAME: text, **{f"schemas/{number}.proto": b"" for number in range(20_000)}})
    twice = pack(text, files).replace(b"ledger.json", b"image.binpb")
    bodies = {
        "the release is no zip archive": b"",
        "a release of more than 20,000 files, or 67,108,864 bytes": bomb,
        "a release of more than 20,000 files": many,
        "a file twice, or no release.toml": lying(files),
        "the archive of a release has a file": twice,
    }
    for problem, body in bodies.items():
        answer = send(client, body)
        assert (answer.status_code, problem in answer.json()["problem"]) == (422, True), (problem, answer.text)
    assert "comes as application/zip" in send(client, b"{}", kind="application/json").json()["problem"]
    assert time.monotonic() - started < 30
    assert {count for _, count in rows(registry)} == {0}


def test_half_of_a_request(client: httpx.Client, registry: Serving, shop: tuple[Release, dict[str, bytes]]) -> None:
    body = packed(*shop)
    head = (
        f"POST /api/v1/modules/shop/releases HTTP/1.1\r\nHost: {registry.host}\r\nContent-Type: {MEDIA_TYPE}\r\n"
        f"Authorization: Bearer {registry.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    for half in (0, len(body) // 2, len(body) - 1):
        with socket.create_connection(("127.0.0.1", registry.port)) as connection:
            connection.sendall(head.encode() + body[:half])
    with socket.create_connection(("127.0.0.1", registry.port)) as connection:
        endless = head.replace(f"Content-Length: {len(body)}", "Transfer-Encoding: chunked")
        connection.sendall(endless.encode())
        with pytest.raises(ConnectionError):
            connection.sendall((b"100000\r\n" + bytes(2**20) + b"\r\n") * (2 * LARGEST // 2**20))
    assert {count for _, count in rows(registry)} == {0}
    assert send(client, body).status_code == 201


def test_broken_bytes(client: httpx.Client, registry: Serving, shop: tuple[Release, dict[str, bytes]]) -> None:
    """A release with a few bytes changed is refused, or is the release: what zip does not cover may change."""
    body = packed(*shop)
    chance = random.Random(SEED)
    for number in range(40):
        broken = bytearray(body)
        for _ in range(chance.randint(1, 4)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        answer = send(client, bytes(broken[: chance.choice([len(broken), chance.randrange(len(broken))])]))
        assert answer.status_code in {201, 409, 422}, (SEED, number, answer.text)
    digest = shop[0].files["image.binpb"]
    found = client.get(f"modules/shop/files/{digest}")
    assert found.status_code == 404 or file_digest(found.content) == digest
