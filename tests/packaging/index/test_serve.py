"""`fieldstone index serve` over HTTP, request by request."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import socket
import threading
from pathlib import Path

import pytest

from tests.cli.workspace import Repo
from tests.packaging.index.makers import wheel
from tests.packaging.index.servers import LONGEST, TOKEN, Serving, ask, basic, serving_index

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
WHEEL = "acme_money-1.1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (JSON, JSON),
        (HTML, HTML),
        ("text/html", "text/html"),
        ("*/*", "text/html"),
        ("", "text/html"),
        ("text/*", "text/html"),
        ("application/*", JSON),
        ("application/vnd.pypi.simple.latest+json", JSON),
        ("Application/Vnd.PyPI.Simple.V1+JSON", JSON),
        (f"{JSON}, {HTML};q=0.2, text/html;q=0.01", JSON),
        (f"{JSON};q=0.1, {HTML}; q=0.2", HTML),
        (f"text/html;q=0, */*;q=0.5, {JSON};q=0.1", HTML),
        ("text/html;q=nonsense, " + JSON, JSON),
    ],
)
def test_a_page_comes_in_the_form_that_the_client_likes_best(open_index: Serving, accept: str, kind: str) -> None:
    for path in ("/simple/", "/simple/acme-money/"):
        answer = ask(open_index, path, accept=accept)
        assert (answer.status, answer.headers["content-type"], answer.headers["vary"]) == (200, kind, "Accept")
        assert answer.body.startswith(b"{" if kind == JSON else b"<!DOCTYPE html>")


@pytest.mark.parametrize("accept", ["image/png", "application/vnd.pypi.simple.v2+json", "*/*;q=0"])
def test_a_form_that_there_is_not(open_index: Serving, accept: str) -> None:
    answer = ask(open_index, "/simple/acme-money/", accept=accept)
    assert (answer.status, answer.headers["vary"]) == (406, "Accept")
    assert JSON.encode() in answer.body


def test_the_json_pages_are_those_of_pep_691_and_700(open_index: Serving, dist: Path) -> None:
    listed = json.loads(ask(open_index, "/simple/", accept=JSON).body)
    assert listed == {"meta": {"api-version": "1.1"}, "projects": [{"name": "acme-money"}, {"name": "acme-shop"}]}
    page = json.loads(ask(open_index, "/simple/acme-money/", accept=JSON).body)
    assert (page["meta"], page["name"], page["versions"]) == ({"api-version": "1.1"}, "acme-money", ["1.0.0", "1.1.0"])
    files = {file["filename"]: file for file in page["files"]}
    assert list(files) == ["acme_money-1.0.0-py3-none-any.whl", "acme_money-1.0.0.tar.gz", WHEEL]
    content = (dist / WHEEL).read_bytes()
    metadata = ask(open_index, f"/files/{WHEEL}.metadata").body
    assert b"Name: Acme.Money" in metadata
    assert files[WHEEL] == {
        "filename": WHEEL,
        "url": f"../../files/{WHEEL}",
        "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
        "size": len(content),
        "requires-python": ">=3.11",
        "core-metadata": {"sha256": hashlib.sha256(metadata).hexdigest()},
    }
    assert "core-metadata" not in files["acme_money-1.0.0.tar.gz"]


def test_the_html_page_is_that_of_pep_503(open_index: Serving, dist: Path) -> None:
    page = ask(open_index, "/simple/acme-money/").body.decode()
    digest = hashlib.sha256((dist / WHEEL).read_bytes()).hexdigest()
    assert f'<a href="../../files/{WHEEL}#sha256={digest}" data-requires-python="&gt;=3.11" ' in page
    assert page.count("data-core-metadata=") == 2
    assert '<a href="acme-money/">acme-money</a>' in ask(open_index, "/simple/").body.decode()


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/simple", "simple/"),
        ("/simple/acme-money", "acme-money/"),
        ("/simple/Acme__Money", "acme-money/"),
        ("/simple/Acme.Money/", "../acme-money/"),
        ("/simple/x%0d%0aSet-Cookie:%20a/", "../x%0D%0Aset-cookie%3A%20a/"),
    ],
)
def test_another_spelling_is_redirected(open_index: Serving, path: str, target: str) -> None:
    answer = ask(open_index, path)
    assert (answer.status, answer.headers["location"], answer.headers["set-cookie"]) == (308, target, None)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/simple/unknown/",
        "/files/unknown-1.0-py3-none-any.whl",
        "/files/..%2f..%2fetc%2fpasswd",
        "/files/acme_money-1.0.0.tar.gz.metadata",
        "/npm/unknown",
        "/npm/@acme%2funknown",
        "/npm/-/@acme/hello/hello-9.9.9.tgz",
        "/npm/",
    ],
)
def test_what_there_is_not(open_index: Serving, path: str) -> None:
    assert ask(open_index, path).status == 404


def test_nothing_can_be_written(open_index: Serving) -> None:
    for path in ("/simple/acme-money/", f"/files/{WHEEL}", "/npm/@acme%2fhello"):
        for method in ("PUT", "POST", "DELETE"):
            assert ask(open_index, path, method).status == 405


def test_head_tells_what_get_gives(open_index: Serving) -> None:
    for path in ("/simple/", "/simple/acme-shop/", f"/files/{WHEEL}", f"/files/{WHEEL}.metadata", "/npm/acme-world"):
        got, told = ask(open_index, path), ask(open_index, path, "HEAD")
        assert (told.status, told.body) == (200, b"")
        assert told.headers["content-length"] == str(len(got.body))
        assert told.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize("path", ["/npm/@acme%2fhello", "/npm/@acme%2Fhello", "/npm/@acme/hello"])
def test_a_packument(open_index: Serving, dist: Path, path: str) -> None:
    answer = ask(open_index, path)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    found = json.loads(answer.body)
    assert (found["name"], found["dist-tags"]) == ("@acme/hello", {"latest": "1.2.0"})
    assert list(found["versions"]) == ["1.2.0", "1.3.0-rc.1"]
    tarball = (dist / "acme-hello-1.2.0.tgz").read_bytes()
    told = found["versions"]["1.2.0"]
    assert (told["main"], told["dist"]["shasum"]) == ("index.js", hashlib.sha1(tarball).hexdigest())  # noqa: S324
    assert told["dist"]["tarball"] == f"{open_index.url()}/npm/-/@acme/hello/hello-1.2.0.tgz"
    assert ask(open_index, "/npm/-/@acme/hello/hello-1.2.0.tgz").body == tarball


def test_behind_a_proxy_that_speaks_tls_npm_is_told_its_address(open_index: Serving) -> None:
    answer = ask(open_index, "/npm/acme-world", host="packages.example.com", x_forwarded_proto="https")
    told = json.loads(answer.body)["versions"]["0.1.0"]["dist"]["tarball"]
    assert told == "https://packages.example.com/npm/-/acme-world/acme-world-0.1.0.tgz"


@pytest.mark.parametrize("path", ["/simple/", "/simple", f"/files/{WHEEL}", "/npm/@acme%2fhello", "/unknown"])
def test_without_the_right_token_there_is_nothing(guarded_index: Serving, path: str) -> None:
    wrong = [
        {},
        {"authorization": basic("wrong")},
        {"authorization": basic("", user=TOKEN)},
        {"authorization": basic(TOKEN[:-1])},
        {"authorization": "Basic %%%"},
        {"authorization": "Bearer"},
        {"authorization": "Bearer wrong"},
        {"authorization": f"Digest {TOKEN}"},
        {"authorization": TOKEN},
    ]
    for headers in wrong:
        answer = ask(guarded_index, path, **headers)
        assert answer.status == 401, headers
        challenges = answer.headers.get_all("www-authenticate") or []
        assert [challenge.split()[0] for challenge in challenges] == ["Basic", "Bearer"]
        assert TOKEN.encode() not in answer.body


@pytest.mark.parametrize("token", [TOKEN, "another", "third"])
def test_each_token_lets_in(guarded_index: Serving, token: str) -> None:
    for header in (basic(token), basic(token, user=""), f"Bearer {token}", f"bearer {token}"):
        assert ask(guarded_index, "/simple/", authorization=header).status == 200


def test_a_file_that_changes_meanwhile_is_served_as_it_was_announced(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    name = "acme_money-1.0.0-py3-none-any.whl"
    path = tmp_path / name
    path.write_bytes(wheel())
    with serving_index(environment, tmp_path) as serving:
        path.write_bytes(wheel(body="X = 2\n"))
        page = json.loads(ask(serving, "/simple/acme-money/", accept=JSON).body)
        served = ask(serving, f"/files/{name}").body
        path.unlink()
        assert ask(serving, f"/files/{name}").body == served
    assert page["files"][0]["hashes"]["sha256"] == hashlib.sha256(served).hexdigest()
    assert served == wheel()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_ends_cleanly_with_clients_that_are_still_connected(
    dist: Path, environment: dict[str, str], number: signal.Signals
) -> None:
    with serving_index(environment, dist) as serving, socket.create_connection(("127.0.0.1", serving.port)) as idle:
        idle.sendall(b"GET /simple/ HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(12) == b"HTTP/1.1 200"
        serving.process.send_signal(number)
        assert serving.process.wait(timeout=LONGEST) == 0


def test_many_clients_at_once(open_index: Serving, dist: Path) -> None:
    content, found = (dist / WHEEL).read_bytes(), []
    threads = [
        threading.Thread(target=lambda: found.append(ask(open_index, f"/files/{WHEEL}").body)) for _ in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [content] * 40


def _said(environment: dict[str, str], *arguments: str | Path) -> list[str]:
    with serving_index(environment, *arguments) as serving:
        ask(serving, "/simple/")  # all is told before the first answer
        serving.process.terminate()
        assert serving.process.stderr is not None
        said = serving.process.stderr.read()  # `communicate` would pass by what came with the first line
    return said.replace(str(serving.port), "PORT").splitlines()


def test_it_tells_how_to_install(dist: Path, environment: dict[str, str], tmp_path: Path) -> None:
    assert _said(environment, dist) == [
        "  pip install --index-url http://127.0.0.1:PORT/simple/ acme-money acme-shop",
        "  uv pip install --index http://127.0.0.1:PORT/simple/ acme-money acme-shop",
        "  .npmrc: @acme:registry=http://127.0.0.1:PORT/npm/",
        "  .npmrc: registry=http://127.0.0.1:PORT/npm/",
    ]
    shutil.copy(dist / "acme_shop-2.0.0-py3-none-any.whl", tmp_path)
    assert _said({**environment, "FIELDSTONE_INDEX_TOKEN": TOKEN}, tmp_path, "--host", "0.0.0.0")[:2] == [  # noqa: S104
        "  pip install 'acme-money>=1.1'",
        "  pip install --index-url http://token:$FIELDSTONE_INDEX_TOKEN@127.0.0.1:PORT/simple/ acme-shop",
    ]


def test_a_host_that_others_reach_takes_a_token(here: Repo, dist: Path) -> None:
    for host in ("0.0.0.0", "::", "example.com", "10.0.0.1"):  # noqa: S104
        ran = here.run("index", "serve", str(dist), "--host", host)
        assert f"others can reach {host}, and there is no token; give one with --token-file" in ran.error


def test_a_port_in_use_and_a_host_that_there_is_not(here: Repo, dist: Path, open_index: Serving) -> None:
    ran = here.run("index", "serve", str(dist), "--port", str(open_index.port))
    assert ran.error.startswith(f"error: cannot listen on 127.0.0.1:{open_index.port}: Address already in use; use ")
    env = {"FIELDSTONE_INDEX_TOKEN": TOKEN}
    ran = here.run("index", "serve", str(dist), "--host", "host.invalid", env=env)
    assert ran.error.startswith("error: cannot listen on host.invalid:8080: ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the token file tokens is empty; write a token into it"),
        (b" \n\n", "the token file tokens is empty"),
        (b"\xff\xfe", "the token file tokens is no text"),
        ("schl\u00fcssel\n".encode(), "a token in tokens has characters that no client can send"),
        (b"two words\n", "a token in tokens has characters that no client can send"),
    ],
    ids=["empty", "blank", "binary", "umlaut", "space"],
)
def test_a_token_file_without_a_token(here: Repo, dist: Path, content: bytes, said: str) -> None:
    here.write("tokens", content)
    assert said in here.run("index", "serve", str(dist), "--token-file", "tokens").error


def test_a_token_file_that_cannot_be_read_and_an_empty_variable(here: Repo, dist: Path) -> None:
    ran = here.run("index", "serve", str(dist), "--token-file", "missing")
    assert ran.error == "error: cannot read the token file missing: No such file or directory"
    (here.root / "folder").mkdir()
    ran = here.run("index", "serve", str(dist), "--token-file", "folder")
    assert ran.error == "error: cannot read the token file folder: Is a directory"
    ran = here.run("index", "serve", str(dist), env={"FIELDSTONE_INDEX_TOKEN": " "})
    assert ran.error == "error: FIELDSTONE_INDEX_TOKEN is set and empty; give it a token, or unset it"
