"""A repository of Fieldstone whose module depends on one of a server, which its buf.lock pins."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.server.buf.test_push import order_of
from tests.server.buf.test_workspaces import CHAIN
from tests.server.running import LONGEST, Buf, Ran


def fieldstone(buf: Buf, *arguments: str, token: str | None = None) -> Ran:
    """Run Fieldstone in the repository `own`, with what buf has in its environment."""
    secret = buf.registry.token if token is None else token
    environment = {**os.environ, **buf.settings(token), "FIELDSTONE_TOKEN": secret}
    ran = subprocess.run(
        [str(Path(sys.executable).with_name("fieldstone")), *arguments],
        cwd=buf.home / "own",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def test_a_repository_compiles_against_a_released_module_of_a_server(buf: Buf) -> None:
    buf.module("theirs", order_of("theirs"))
    assert buf("push", "--create", cwd="theirs").code == 0
    buf.module("own", {"acme/own/v1/own.proto": CHAIN.format(name="own", other="theirs", type="Order")}, "acme/theirs")
    subprocess.run(["git", "init", "-q", "."], cwd=buf.home / "own", check=True)
    assert buf("dep", "update", cwd="own").code == 0
    buf.forget()
    checked = fieldstone(buf, "check", "--no-style")
    assert checked.code == 0, checked
    released = fieldstone(buf, "release", "own")
    assert released.code == 0, released
    (manifest,) = (buf.home / "own/registry").rglob("release.toml")
    assert f"{buf.registry.host}/acme/theirs" in manifest.read_text("utf-8")
    buf.edit("own/acme/own/v1/own.proto", "held = 1;", "held = 2;")
    refused = fieldstone(buf, "check", "--no-style")
    assert (refused.code, "field-renumbered" in refused.out) == (1, True), refused


def test_a_release_to_a_server_names_the_releases_that_it_was_compiled_with(buf: Buf) -> None:
    buf.module("needed", order_of("needed"))
    assert buf("push", "--create", cwd="needed").code == 0
    files = {"acme/own2/v1/own2.proto": CHAIN.format(name="own2", other="needed", type="Order")}
    buf.module("own", {**files, "fieldstone.toml": f'registry = "{buf.registry.url}"\n'}, "acme/needed")
    buf.edit("own/buf.yaml", "acme/own", "acme/own2")
    subprocess.run(["git", "init", "-q", "."], cwd=buf.home / "own", check=True)
    assert buf("dep", "update", cwd="own").code == 0
    released = fieldstone(buf, "release", "own2")
    assert released.code == 0, released
    buf.forget()
    exported = buf("export", f"{buf.registry.host}/contracts/own2", "-o", "out")
    assert exported.code == 0, exported
    assert (buf.home / "out/acme/needed/v1/needed.proto").is_file()
    other = buf("export", f"{buf.registry.host}/acme/own2", "-o", "out")
    assert (other.code, "it has contracts/own2" in other.err) == (1, True), other
    missing = buf("export", f"{buf.registry.host}/acme/nothing", "-o", "out")
    assert "it has" not in missing.err


def test_a_folders_name_is_not_made_permanent_for_all(buf: Buf) -> None:
    settings = f'registry = "{buf.registry.url}"\n'
    files = {f"proto/{path}": text for path, text in order_of("nameless").items()}
    buf.module("own", {**files, "fieldstone.toml": settings})
    (buf.home / "own/buf.yaml").write_text("version: v2\nmodules:\n  - path: proto\n", "utf-8")
    subprocess.run(["git", "init", "-q", "."], cwd=buf.home / "own", check=True)
    refused = fieldstone(buf, "release", "proto", "--no-style")
    assert (refused.code, "module proto has only its folder's name" in refused.err) == (2, True), refused
    named = f'{settings}[modules.nameless]\npath = "proto"\n'
    (buf.home / "own/fieldstone.toml").write_text(named, "utf-8")
    released = fieldstone(buf, "release", "nameless", "--no-style")
    assert released.code == 0, released
