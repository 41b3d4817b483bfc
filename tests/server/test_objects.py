"""A server with its contents in S3 (moto), which goes away, comes back, and has lost everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.relay.servers import CREDENTIALS, Server, make_bucket, running_s3
from tests.server.buf.calling import create, push, upload
from tests.server.replicas.writers import fieldstone, source
from tests.server.running import Serving, serving

pytestmark = pytest.mark.slow


@pytest.fixture
def s3() -> Iterator[Server]:
    with running_s3() as server:
        make_bucket(server, "acme")
        yield server


@pytest.fixture
def served(s3: Server, tmp_path: Path) -> Iterator[Serving]:
    environment = {**CREDENTIALS, "AWS_ENDPOINT": f"http://{s3.address}", "AWS_ALLOW_HTTP": "true"}
    with serving(tmp_path / "data", "--objects", "s3://acme/contracts", environment=environment) as found:
        create(found, "shop")
        yield found


def test_an_object_store_that_goes_away_and_comes_back_empty(served: Serving, s3: Server, tmp_path: Path) -> None:
    first, second = (
        upload("shop", {"acme/shop/v1/shop.proto": source("shop", "shop", fields).encode()})
        for fields in (["id"], ["id", "total"])
    )
    assert push(served, first).status_code == 200
    s3.kill()
    down = push(served, second)
    assert (down.status_code, down.json()["code"]) == (503, "unavailable"), down.text
    assert "of s3://acme/contracts: " in down.json()["message"]
    s3.start()
    make_bucket(s3, "acme")
    lost = push(served, second)
    assert (lost.status_code, lost.json()["code"]) == (500, "internal"), lost.text
    assert "of s3://acme/contracts is missing; restore it from a backup of the object store" in lost.json()["message"]
    verified = fieldstone(served, tmp_path, "registry", "verify", served.url)
    assert verified.code == 1, verified
    assert "error[registry-file-changed]: shop 1.0.0: the object" in verified.out
    assert "1.1.0" not in verified.out, "nothing was released on top of what is lost"
