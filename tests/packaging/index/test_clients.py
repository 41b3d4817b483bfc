"""pip, uv, Poetry and npm install from a served index and from files behind a plain web server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.workspace import Repo
from tests.packaging.index.clients import Clients
from tests.packaging.index.servers import TOKEN, Serving, carrying, serving_index

pytestmark = pytest.mark.installs

VERSIONS = "import acme_money, acme_shop; print(acme_money.VERSION, acme_shop.VERSION)"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the plain web server was asked for."""
    return tmp_path_factory.mktemp("log") / "log.txt"


@pytest.fixture(scope="module")
def static(
    dist: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory, log: Path
) -> Iterator[Serving]:
    """A plain web server with what `fieldstone index build` wrote."""
    out = tmp_path_factory.mktemp("static") / "public"
    out.mkdir()
    with carrying(out, log) as serving:
        ran = Repo(out, environment).spawn("index", "build", str(dist), "--out", str(out), "--url", serving.url())
        assert (ran.code, ran.out.count("\n")) == (0, 7), ran
        yield serving


def test_pip_and_uv_resolve_from_metadata_alone_behind_a_plain_web_server(
    static: Serving, clients: Clients, log: Path
) -> None:
    done = clients.pip(f"{static.url()}/simple/", "acme_shop")
    assert done.code == 0, done.said
    assert clients.python(VERSIONS, path="pip") == "1.1.0 2.0.0"
    assert "GET /files/acme_money-1.1.0-py3-none-any.whl.metadata " in log.read_text()
    done = clients.uv(f"{static.url()}/simple", "Acme.Shop")
    assert done.code == 0, done.said
    assert clients.python(VERSIONS, path="uv") == "1.1.0 2.0.0"


def test_npm_behind_a_plain_web_server(static: Serving, clients: Clients) -> None:
    done = clients.npm(f"registry={static.url()}/npm/\n", "acme-world")
    assert done.code == 0, done.said
    said = clients.node("console.log(require('acme-world'), require('@acme/hello'))")
    assert said == "acme-world 0.1.0 @acme/hello 1.2.0"


def test_poetry_behind_a_plain_web_server(static: Serving, clients: Clients) -> None:
    done = clients.poetry_lock(f"{static.url()}/simple/", "acme-shop")
    assert done.code == 0, done.said
    assert 'name = "acme-money"\nversion = "1.1.0"' in (clients.scratch / "poetry/poetry.lock").read_text()


def test_pip_with_a_token(guarded_index: Serving, clients: Clients) -> None:
    done = clients.pip(f"{guarded_index.url(TOKEN)}/simple/", "acme-shop")
    assert done.code == 0, done.said
    assert clients.python(VERSIONS, path="pip") == "1.1.0 2.0.0"


def test_uv_with_a_token(guarded_index: Serving, clients: Clients) -> None:
    done = clients.uv(f"{guarded_index.url('third')}/simple/", "acme-shop")
    assert done.code == 0, done.said
    assert clients.python(VERSIONS, path="uv") == "1.1.0 2.0.0"
    refused = clients.uv(f"{guarded_index.url('wrong')}/simple/", "acme-shop", into="other")
    assert refused.code != 0
    assert "401 Unauthorized" in refused.said


def test_poetry_with_a_token(guarded_index: Serving, clients: Clients) -> None:
    login = {"POETRY_HTTP_BASIC_ACME_USERNAME": "token", "POETRY_HTTP_BASIC_ACME_PASSWORD": TOKEN}
    done = clients.poetry_lock(f"{guarded_index.url()}/simple/", "acme-shop", environment=login)
    assert done.code == 0, done.said
    lock = (clients.scratch / "poetry/poetry.lock").read_text()
    assert 'name = "acme-money"\nversion = "1.1.0"' in lock
    assert 'reference = "acme"' in lock


def test_npm_with_a_token(guarded_index: Serving, clients: Clients) -> None:
    address = f"127.0.0.1:{guarded_index.port}/npm/"
    nobody = "registry=http://127.0.0.1:9/\naudit=false\n"  # only the scope comes from the index
    npmrc = f"{nobody}@acme:registry=http://{address}\n//{address}:_authToken=${{SECRET}}\n"
    done = clients.npm(npmrc, "@acme/hello", environment={"SECRET": TOKEN})
    assert done.code == 0, done.said
    assert clients.node("console.log(require('@acme/hello'))") == "@acme/hello 1.2.0"
    refused = clients.npm(npmrc, "@acme/hello@next", environment={"SECRET": "wrong"})
    assert refused.code != 0
    assert "401" in refused.said


def test_what_was_locked_by_digest_is_what_is_installed(
    dist: Path, environment: dict[str, str], clients: Clients
) -> None:
    with serving_index(environment, dist) as serving:
        index = f"{serving.url()}/simple/"
        wrong = clients.scratch / "wrong.txt"
        wrong.write_text(f"acme-money==1.1.0 --hash=sha256:{'0' * 64}\n")
        refused = clients.uv(index, "-r", str(wrong), options=("--require-hashes",))
        assert refused.code != 0
        assert "Hash mismatch" in refused.said
