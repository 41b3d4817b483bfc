"""pip, uv and npm install the packages of a registry, each with those that it imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.running import LONGEST, Serving

pytestmark = pytest.mark.installs

BIN = Path(sys.executable).parent
OTHERS = ("PYTHON", "VIRTUAL_ENV", "FIELDSTONE_")
PYTHON = """
from basket_contracts.acme.basket.v1.basket_pb2 import Basket
from shop_contracts.acme.shop.v1.shop_pb2 import Order
basket = Basket(order=Order(id="1", total=2))
print(basket.SerializeToString().hex(), Basket.FromString(basket.SerializeToString()) == basket)
"""
NODE = """
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BasketSchema } from "@acme/basket-contracts/acme/basket/v1/basket_pb.js";
const bytes = toBinary(BasketSchema, create(BasketSchema, { order: { id: "1", total: 2n } }));
console.log(Buffer.from(bytes).toString("hex"), fromBinary(BasketSchema, bytes).order.id === "1");
"""


def run(*command: str | Path, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a program as another team would; how this machine reaches its registries stays."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OTHERS)}
    environment = kept | {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1", "HOME": str(cwd)} | more
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=2 * LONGEST
    )


def index(registry: Serving, token: str) -> str:
    return f"http://{f'token:{token}@' if token else ''}{registry.host}/simple/"


def test_pip(registry: Serving, reader: str, tmp_path: Path) -> None:
    def install(token: str) -> subprocess.CompletedProcess[str]:
        options = ["--no-input", "--disable-pip-version-check", "--target", "site"]
        pip = [sys.executable, "-m", "pip", "install", *options, "--extra-index-url", index(registry, token)]
        return run(*pip, "basket-contracts==1.0.0", cwd=tmp_path)

    for refused in ("", reader):
        assert install(refused).returncode != 0
    installed = install(registry.token)
    assert installed.returncode == 0, installed.stderr
    said = run(sys.executable, "-c", PYTHON, cwd=tmp_path, PYTHONPATH=str(tmp_path / "site"))
    assert said.stdout == "0a050a01311002 True\n", said.stderr


def test_uv(registry: Serving, reader: str, tmp_path: Path) -> None:
    def install(token: str) -> subprocess.CompletedProcess[str]:
        options = ["--python", sys.executable, "--target", "site", "--index", index(registry, token)]
        return run(BIN / "uv", "pip", "install", *options, "basket-contracts", cwd=tmp_path)

    for refused in ("", reader):
        assert install(refused).returncode != 0
    installed = install(registry.token)
    assert installed.returncode == 0, installed.stderr
    said = run(sys.executable, "-c", PYTHON, cwd=tmp_path, PYTHONPATH=str(tmp_path / "site"))
    assert said.stdout == "0a050a01311002 True\n", said.stderr


def test_npm(registry: Serving, reader: str, tmp_path: Path) -> None:
    address = f"{registry.host}/npm/"
    (tmp_path / "package.json").write_text(json.dumps({"type": "module", "private": True}))
    (tmp_path / ".npmrc").write_text(f"@acme:registry=http://{address}\n//{address}:_authToken=${{TOKEN}}\n")

    def install(token: str) -> subprocess.CompletedProcess[str]:
        options = ["--no-audit", "--no-fund", "--no-update-notifier"]
        return run("npm", "install", *options, "@acme/basket-contracts", cwd=tmp_path, TOKEN=token)

    assert "no package @acme/basket-contracts in this registry" in install(reader).stderr
    installed = install(registry.token)
    assert installed.returncode == 0, installed.stderr
    (tmp_path / "program.js").write_text(NODE)
    said = run("node", "program.js", cwd=tmp_path)
    assert said.stdout == "0a050a01311002 True\n".replace("True", "true"), said.stderr
