"""Sessions, search and modules on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.codegen.server import PostgresServer
from tests.registry.test_sql import database_of
from tests.server.running import ORDER, Buf, serving

pytestmark = pytest.mark.slow


def test_a_person_signs_in_searches_and_signs_out(postgres: PostgresServer, tmp_path: Path) -> None:
    options = ("--no-anonymous-reads", "--database", database_of(postgres))
    with serving(tmp_path / "data", *options) as registry:
        buf = Buf(tmp_path / "buf", registry)
        buf.module("shop", {"acme/shop/v1/shop.proto": ORDER, "README.md": "# The shop"})
        assert buf("push", "--create", cwd="shop").code == 0
        headers = {"origin": registry.url, "sec-fetch-site": "same-origin"}
        with httpx.Client(base_url=registry.url, headers=headers, timeout=30) as browser:
            assert browser.post("/sign-in", data={"token": registry.token}).status_code == 303
            results = browser.get("/index.json?q=total").json()["results"]
            assert [one["name"] for one in results] == ["acme.shop.v1.Order.total"]
            assert browser.get("/modules/shop.json").json()["readme"] == "# The shop"
            word = browser.get("/").text.partition('name="word" value="')[2][:64]
            assert browser.post("/sign-out", data={"word": word}).status_code == 303
            assert browser.get("/modules/shop.json").status_code == 401
