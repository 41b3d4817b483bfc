"""A registry with packages: two modules, of which one imports the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fieldstone.registry.sql import open_store, tokens
from tests.cli.workspace import pinned_environment
from tests.server.running import ORDER, Buf, Serving, serving

BASKET = """
syntax = "proto3";

package acme.basket.v1;

import "acme/shop/v1/shop.proto";

message Basket {
  acme.shop.v1.Order order = 1;
}
"""


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What every command runs under."""
    return pinned_environment(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A registry that nobody reads without a token, with shop 1.0.0 and 1.1.0, and basket 1.0.0."""
    root = tmp_path_factory.mktemp("packages")
    with serving(root / "data", "--no-anonymous-reads", "--npm-scope", "acme") as found:
        buf = Buf(root / "buf", found)
        buf.module("shop", {"acme/shop/v1/shop.proto": ORDER})
        assert buf("push", "--create", cwd="shop").code == 0
        buf.edit("shop/acme/shop/v1/shop.proto", "total = 2;", "total = 2;\n  string buyer = 3;")
        assert buf("push", cwd="shop").code == 0
        buf.module("basket", {"acme/basket/v1/basket.proto": BASKET}, "acme/shop")
        assert buf("dep", "update", cwd="basket").code == 0
        pushed = buf("push", "--create", cwd="basket")
        assert pushed.code == 0, pushed
        yield found


@pytest.fixture(scope="module")
def reader(registry: Serving) -> str:
    """A token that reads the module shop alone."""
    database = open_store(f"sqlite:///{registry.data}/registry.db").database
    with database.transaction() as connection:
        return tokens.create(connection, "team", ("read",), ("shop",), 1)[1]
