"""A registry behind a proxy with TLS: the shipped files for systemd, nginx, Caddy and Compose."""

from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from fieldstone.cli.serve import command as serve
from tests.cli.workspace import HERE
from tests.server.running import LONGEST, ORDER, Buf, Serving

DEPLOY = HERE / "deploy"
BIN = Path(sys.executable).parent
OPTIONS = "{{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n\tstorage file_system {folder}\n}}\n"


@contextmanager
def caddy(registry: Serving, folder: Path) -> Iterator[tuple[int, Path]]:
    """Caddy with the shipped Caddyfile, and a certificate of its own: the port, and its authority's certificate."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    folder.mkdir()
    (folder / "Caddyfile").write_text(OPTIONS.format(folder=folder) + f"import {DEPLOY / 'Caddyfile'}\n")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [str(BIN / "caddy"), "run", "--config", "Caddyfile", "--adapter", "caddyfile"],
            cwd=folder,
            env={**os.environ, "SITE": f"localhost:{port}", "REGISTRY": registry.host, "HOME": str(folder)},
            stderr=log,
        )
    try:
        authority = folder / "pki/authorities/local/root.crt"
        latest = time.monotonic() + LONGEST
        while not authority.is_file() or not _answers(port):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < latest, (folder / "log").read_text()
            time.sleep(0.05)
        yield port, authority
    finally:
        process.terminate()
        process.wait(LONGEST)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def get(url: str, trusted: Path | None = None, /, **headers: str) -> tuple[int, str]:
    context = ssl.create_default_context(cafile=str(trusted)) if trusted else None
    sent = {name.replace("_", "-"): text for name, text in headers.items()}
    request = urllib.request.Request(url, headers=sent)  # noqa: S310 - a server of the test
    try:
        with urllib.request.urlopen(request, timeout=LONGEST, context=context) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.slow
def test_stock_buf_and_packages_work_through_caddy(registry: Serving, tmp_path: Path) -> None:
    with caddy(registry, tmp_path / "caddy") as (port, authority):
        host = f"localhost:{port}"
        buf = Buf(tmp_path / "buf", registry, environment={"SSL_CERT_FILE": str(authority)})
        (buf.home / "config/config.yaml").write_text("version: v1\n")
        buf.module("shop", {"acme/shop/v1/order.proto": ORDER})
        buf.edit("shop/buf.yaml", registry.host, host)
        pushed = buf("push", "--create", cwd="shop")
        assert (pushed.code, pushed.out.startswith(f"{host}/acme/shop:")) == (0, True), pushed
        assert buf("export", f"{host}/acme/shop", "-o", "out", token="").code == 1
        bearer = f"Bearer {registry.token}"
        code, body = get(f"https://{host}/npm/shop-contracts", authority, Authorization=bearer)
        assert (code, f'"https://{host}/npm/' in body) == (200, True), body
        code, body = get(f"https://{host}/simple/shop-contracts/", authority, Authorization=bearer)
        assert code == 200, body
        files = re.findall(r'href="([^"#]+)', body)
        assert files
        assert not [file for file in files if file.startswith("http:")]


def test_reading_without_a_token_is_for_this_machine_alone(registry: Serving) -> None:
    modules = f"{registry.url}/api/v1/modules"
    assert get(modules)[0] == 200
    for header in ("X_Forwarded_For", "X_Forwarded_Proto", "Forwarded", "Via", "X_Real_Ip"):
        assert get(modules, **{header: "127.0.0.1"})[0] == 401
    assert get(modules, Host="contracts.example.com")[0] == 401
    assert get(modules, Host="contracts.example.com", Authorization=f"Bearer {registry.token}")[0] == 200


def test_the_files_are_what_their_programs_take() -> None:
    def lint(*command: str | Path) -> None:
        done = subprocess.run([BIN / command[0], *command[1:]], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    lint("check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")
    lint("caddy", "validate", "--config", DEPLOY / "Caddyfile", "--adapter", "caddyfile")
    lint("caddy", "fmt", "--diff", DEPLOY / "Caddyfile")


def test_the_unit_and_the_container_start_the_server_with_options_that_it_has() -> None:
    unit = (DEPLOY / "fieldstone.service").read_text("utf-8")
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["registry"]["command"]
    (started,) = re.findall(r"^ExecStart=\S+ (.*) \$FIELDSTONE_OPTIONS$", unit, re.MULTILINE)
    for line in (started, re.sub(r"\$\{BUCKET:[^}]*\}", "s3://contracts/registry", composed)):
        verb, *arguments = line.split()
        options = serve.make_context(verb, arguments).params
        assert (verb, options["anonymous_reads"], options["data"].is_absolute()) == ("serve", False, True)
