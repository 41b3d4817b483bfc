"""The registry of a server: it judges releases by its own policy, and a check of what is known needs no network."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from fieldstone.registry.connection import Connection
from fieldstone.registry.remote import RemoteStore
from tests.cli.conftest import release_all
from tests.cli.workspace import SHOP, Repo, as_template, copy_repo, waiver
from tests.server.running import ORDER, Buf, Serving, restore, saved, serving

ADDITION = ("  Status status = 3;\n", "  Status status = 3;\n  string buyer = 9;\n")
BREAK = ("  string id = 1;\n", "  int32 id = 1;\n")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("served") / "data") as found:
        yield found


@pytest.fixture(scope="module")
def template(fresh_template: Repo, served: Serving, tmp_path_factory: pytest.TempPathFactory) -> tuple[Repo, Path]:
    """money and shop 1.0.0 on the server, what it has then, and their repository."""
    root = tmp_path_factory.mktemp("remote") / "repo"
    shutil.copytree(fresh_template.root, root)
    repo = Repo(root, fresh_template.environment)
    repo.settings(f'registry = "{served.url}"\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIELDSTONE_TOKEN", served.token)
        release_all(repo, "money", "shop")
    return as_template(repo), saved(served, root.with_name("registry.db"))


@pytest.fixture
def repo(
    template: tuple[Repo, Path],
    served: Serving,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Repo:
    monkeypatch.setenv("FIELDSTONE_TOKEN", served.token)
    restore(served, template[1])
    return copy_repo(template[0], tmp_path / "repo", capsys)


def versions(repo: Repo) -> list[str]:
    return [release["version"] for release in json.loads(repo.run("registry", "list", "shop", "--format", "json").out)]


def test_a_release_is_judged_by_the_policy_of_the_server(repo: Repo, served: Serving) -> None:
    repo.edit(SHOP, *ADDITION)
    ran = repo.release("shop")
    assert f"Released shop 1.1.0 (minor) as {served.url}/shop/1.1.0" in ran.out
    repo.edit(SHOP, "string buyer", "int32 buyer")
    weaker = f'registry = "{served.url}"\n[rules]\nfield-type-changed = "off"\n'
    permitted = f'registry = "{served.url}"\n' + waiver("field-type-changed", "acme.shop.v1.Order.buyer", "[[waivers]]")
    for settings, version, why in (
        (weaker, "1.2.0", "(field-type-changed), and it records no waiver for that"),
        (permitted, "2.0.0", "the policy of the registry has no such waiver (registry-waiver-wrong)"),
    ):
        repo.settings(settings)
        ran = repo.run("release", "shop")
        assert ran.code == 2, ran
        assert f"shop {version} is refused" in ran.err, ran
        assert why in ran.err
        assert "ask an admin to change the registry's policy" in ran.err
    assert versions(repo) == ["1.0.0", "1.1.0"]
    entries = sqlite3.connect(served.data / "registry.db").execute("SELECT entry FROM audit ORDER BY number").fetchall()
    last = [json.loads(entry) for (entry,) in entries[-3:]]
    assert [entry["action"] for entry in last] == ["release", "refuse", "refuse"]
    assert {entry["who"] for entry in last} == {"admin"}


def test_two_releases_on_one(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The one that comes later is judged against the other."""
    repo.edit(SHOP, *ADDITION)
    other = copy_repo(repo, repo.root.with_name("other"), capsys)
    other.edit(SHOP, "string buyer = 9;", "string buyer = 9;\n  string payer = 10;")
    add = RemoteStore.add

    def overtaken(*arguments: Any, **named: Any) -> None:
        monkeypatch.setattr(RemoteStore, "add", add)
        repo.release("shop")
        add(*arguments, **named)

    monkeypatch.setattr(RemoteStore, "add", overtaken)
    ran = other.run("release", "shop")
    told = "error: shop 1.1.0 was released meanwhile, and 1.1.0 is based on 1.0.0; release again on top of it"
    assert ran.error == told
    assert "Released shop 1.2.0" in other.release("shop").out


def test_a_line_goes_on_beside_newer_releases(repo: Repo) -> None:
    repo.edit(SHOP, *ADDITION)
    repo.release("shop")
    repo.edit(SHOP, *ADDITION[::-1])
    repo.edit(SHOP, "// What somebody ordered.", "// An order.")
    assert "Released shop 1.0.1 (patch, line 1.0)" in repo.release("shop", "--line", "1.0").out
    repo.edit(SHOP, "  STATUS_PAID = 1;\n", "  STATUS_PAID = 1;\n  STATUS_SENT = 2;\n")
    repo.edit(SHOP, *ADDITION)
    assert "Released shop 1.2.0 (minor)" in repo.release("shop").out
    assert versions(repo) == ["1.0.0", "1.0.1", "1.1.0", "1.2.0"]
    assert repo.run("registry", "verify").code == 0


def test_a_check_of_what_is_known_needs_no_network(
    repo: Repo, served: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = "http://127.0.0.1:9"
    assert repo.run("check").code == 0
    asked: list[str] = []
    ask = Connection.ask

    def noted(self: Connection, method: str, path: str, **more: Any) -> bytes:
        asked.append(path)
        return ask(self, method, path, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Connection, "ask", noted)
        assert repo.run("check").code == 0
    assert asked == ["modules/money/releases", "modules/shop/releases"]
    for path in [*(repo.root / ".fieldstone/registries").iterdir()]:
        path.rename(path.with_name(path.name.replace(str(served.port), "9")))
    repo.settings(f'registry = "{stopped}"\n')
    told = f"error: the registry {stopped} does not answer: "
    ran = repo.run("check")
    assert ran.error.startswith(told)
    assert "the newest releases of" in ran.error
    assert "FIELDSTONE_OFFLINE=1 judges against those that were seen last" in ran.error
    monkeypatch.setenv("FIELDSTONE_OFFLINE", "1")
    ran = repo.run("check")
    assert (ran.code, f"warning: FIELDSTONE_OFFLINE=1: releases of {stopped} that" in ran.err) == (0, True)
    repo.edit(SHOP, *BREAK)
    ran = repo.run("check")
    assert (ran.code, "error[field-type-changed]" in ran.out) == (1, True)
    repo.edit(SHOP, *BREAK[::-1])
    repo.edit(SHOP, *ADDITION)
    ran = repo.run("release", "shop")
    assert (ran.code, "was not asked for the modules, because FIELDSTONE_OFFLINE=1, and no earlier" in ran.err) == (
        2,
        True,
    )
    assert repo.run("cache", "clear").code == 0
    ran = repo.run("check")
    assert "was not asked for the releases of money, because FIELDSTONE_OFFLINE=1, and no earlier" in ran.err
    assert ran.code == 2


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        ("", "push shop requires a token; log in with `buf registry login`, or set FIELDSTONE_TOKEN"),
        ("fst_unknown", "the token is unknown; ask an admin of the registry for a new one"),
        ("two words", "the text in FIELDSTONE_TOKEN is no token: it has spaces, or other than ASCII"),
        ("geheim\N{LATIN SMALL LETTER U WITH DIAERESIS}", "the text in FIELDSTONE_TOKEN is no token"),
    ],
)
def test_tokens_that_do_not_permit_it(repo: Repo, token: str, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSTONE_TOKEN", token)
    repo.edit(SHOP, *ADDITION)
    ran = repo.run("release", "shop")
    assert (ran.code, problem in ran.err) == (2, True), ran
    assert not token or token not in ran.err


def test_the_login_of_buf_is_one_here(repo: Repo, served: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIELDSTONE_TOKEN")
    monkeypatch.setenv("NETRC", str(repo.root.parent / "netrc"))
    repo.write("../netrc", f"machine 127.0.0.1\n  login admin\n  password {served.token}\n")
    repo.edit(SHOP, *ADDITION)
    repo.release("shop")
    repo.write("../netrc", "machine 127.0.0.1 what is this\n")
    assert "netrc: " in repo.run("check").error


def test_what_was_pushed_to_the_server_is_imported_as_a_release(
    repo: Repo, served: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buf = Buf(tmp_path / "buf", served)
    for name, path in (("BUF_CONFIG_DIR", "config"), ("BUF_CACHE_DIR", "cache")):
        monkeypatch.setenv(name, str(buf.home / path))
    monkeypatch.setenv("BUF_TOKEN", served.token)
    buf.module("orders", {"acme/orders/v1/orders.proto": ORDER.replace("shop", "orders")})
    assert buf("push", "--create", cwd="orders").code == 0
    repo.edit("buf.yaml", "lint:\n", f"deps:\n  - {served.host}/acme/orders\nlint:\n")
    repo.edit(SHOP, 'import "acme/money', 'import "acme/orders/v1/orders.proto";\nimport "acme/money')
    repo.edit(SHOP, ADDITION[0], f"{ADDITION[0]}  acme.orders.v1.Order order = 9;\n")
    shutil.copy(repo.root / "buf.yaml", buf.home / "buf.yaml")
    shutil.copytree(repo.root / "schemas", buf.home / "schemas")
    updated = buf("dep", "update")
    assert updated.code == 0, updated
    shutil.copy(buf.home / "buf.lock", repo.root / "buf.lock")
    assert repo.run("check").code == 0
    repo.release("shop")
    assert "imports   money 1.0.0, orders 1.0.0" in repo.run("registry", "show", "shop").out
    assert repo.run("registry", "verify").code == 0


ANSWERS = {
    "/page": (200, b"<html>"),
    "/404": (404, b"not here"),
    "/moved": (301, b""),
    "/secret": (403, b""),
    "/lies": (200, b'{"versions": {"1.0.0": "shake256:00"}}'),
    "/strange": (200, b'{"versions": {"../../1": "shake256:00"}}'),
    "/broken": (500, b"\x1b[31moh"),
    "/slow": (503, b'{"kind": "Unavailable", "problem": "the database is away"}'),
}


class NoRegistry(BaseHTTPRequestHandler):
    """A web server that is no registry, or no honest one; it counts what it is asked for."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status, body = ANSWERS[self.path[: self.path.index("/", 1)]]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", "http://contracts.example/")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def stranger() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), NoRegistry) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/page", "see whether a Fieldstone registry is at this address"),
        ("/404", "see whether a Fieldstone registry is at this address"),
        ("/moved", "answered 301 to"),
        ("/secret", "give a token in FIELDSTONE_TOKEN, or log in with `buf registry login`"),
        ("/lies", "/money/1.0.0 is not the release that is listed; ask an admin of the registry"),
        ("/strange", "../../1"),
        ("/broken", "answered 500 to"),
        ("/slow", "the database is away; the newest releases of money are unknown"),
    ],
)
def test_what_is_no_registry_is_not_one_without_releases(repo: Repo, stranger: str, path: str, problem: str) -> None:
    repo.settings(f'registry = "{stranger}{path}"\n')
    NoRegistry.asked.clear()
    ran = repo.run("check", "money")
    assert problem in ran.error
    assert "\x1b" not in ran.err
    assert path != "/slow" or len(NoRegistry.asked) == 3, "again after a moment, and not for each module"


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("http://contracts.example", "would send a token without encryption; write https://contracts.example"),
        ("https://ada:geheim@contracts.example", "contracts.example is no address of a registry; write it as https://"),
        ("https://contracts.example?token=geheim", "is no address of a registry"),
        ("https://", "is no address of a registry"),
        ("https://[::1", "is no address of a registry"),
        ("https://contracts.example:port", "is no address of a registry"),
    ],
)
def test_addresses_that_are_none(repo: Repo, address: str, problem: str) -> None:
    repo.settings(f'registry = "{address}"\n')
    assert problem in repo.run("check").error
