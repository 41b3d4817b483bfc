"""Every minor version of buf since 1.32 pushes, resolves, builds and compares; by default the lowest and two between.

FIELDSTONE_BUFS=all takes all that npm has: `make soak`. The newest one is the one that all other tests use.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fieldstone.toolchain.node import run_npm
from tests.server.buf.test_push import order_of
from tests.server.buf.test_workspaces import CHAIN
from tests.server.running import Buf, Serving

BETWEEN = ("1.32.0", "1.47.2", "1.61.0")
LOWEST = (1, 32)


def versions() -> list[str]:
    """The versions to test: of every minor the newest one, if all are wanted."""
    if os.environ.get("FIELDSTONE_BUFS") != "all":
        return [*BETWEEN]
    listed = json.loads(run_npm(["view", "@bufbuild/buf", "versions", "--json"], cwd=Path.cwd()))
    newest = {tuple(map(int, version.split(".")[:2])): version for version in listed if "-" not in version}
    return [version for minor, version in sorted(newest.items()) if minor >= LOWEST]


@pytest.fixture(params=versions())
def old(request: pytest.FixtureRequest, registry: Serving, tmp_path: Path) -> Buf:
    """One version of buf, from npm."""
    folder = tmp_path / "npm"
    folder.mkdir()
    run_npm(["install", f"@bufbuild/buf@{request.param}"], cwd=folder)
    return Buf(tmp_path / "buf", registry, program=str(folder / "node_modules/.bin/buf"))


@pytest.mark.installs
def test_a_version_of_buf(old: Buf) -> None:
    buf, host = old, old.registry.host
    number = "n" + buf("--version").out.strip().replace(".", "x")
    path = f"{number}/acme/{number}/v1/{number}.proto"
    create = ("push", "--create", "--create-visibility", "private")
    buf.module(number, order_of(number))
    first = buf(*create, cwd=number)
    assert first.code == 0, first
    assert buf(*create, cwd=number).out == first.out
    buf.edit(path, "total = 2;", "total = 2;\n  string buyer = 3;")
    assert buf("push", cwd=number).code == 0
    buf.edit(path, "int64 total", "int32 total")
    refused = buf("push", cwd=number)
    assert (refused.code, "went from int64 to int32" in refused.err) == (1, True), refused
    drafted = buf("push", "--label", "try", cwd=number)
    assert (drafted.code, "as a release it would be refused" in drafted.err) == (0, True), drafted
    ran = buf("breaking", "--against", f"{host}/acme/{number}", cwd=number)
    assert (ran.code, "int32" in ran.out) == (100, True), ran

    user = f"u{number}"
    text = CHAIN.format(name=user, other=number, type="Order")
    for config in ("v2", "v1"):
        buf.module(user, {f"acme/{user}/v1/{user}.proto": text}, f"acme/{number}:v1.0.0")
        if config == "v1":
            deps = f"version: v1\nname: {host}/acme/{user}\ndeps:\n  - {host}/acme/{number}:v1.0.0\n"
            (buf.home / user / "buf.yaml").write_text(deps, "utf-8")
        buf.forget()
        updated = buf("dep", "update", cwd=user)
        assert updated.code == 0, updated
        lock = (buf.home / user / "buf.lock").read_text("utf-8")
        assert ("digest: b5:" if config == "v2" else "digest: shake256:") in lock
        buf.forget()
        assert buf("build", cwd=user).code == 0
        pushed = buf(*create, cwd=user)
        assert pushed.code == 0, pushed
    buf.forget()
    exported = buf("export", f"{host}/acme/{user}", "-o", "out")
    assert exported.code == 0, exported
    assert "buyer" not in (buf.home / f"out/acme/{number}/v1/{number}.proto").read_text("utf-8")
    login = buf("registry", "login", host, "--username", "admin", "--token-stdin", given=buf.registry.token, token="")
    assert login.code == 0, login
