"""The client packages of a registry's releases: built once, for those who may read the module."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from fieldstone.registry.sql import audit, open_store, packages
from fieldstone.registry.sql.packages import PackageFile
from fieldstone.schema.digest import file_digest
from fieldstone.server.guards.limits import Limits
from fieldstone.server.packages import shelf
from fieldstone.server.registry import Options, create_app
from fieldstone.workflows.administering.database import DatabaseAdministration
from fieldstone.workflows.administering.messages import NewPolicy
from fieldstone.workflows.publish import publish
from fieldstone.workflows.publishing import PYTHON, Wanted
from tests.cli.workspace import Repo
from tests.packaging.index import makers
from tests.server.buf.calling import create, order_of, push, upload
from tests.server.running import LONGEST, ORDER, Buf, Serving, serving

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


def address_of(registry: Serving) -> str:
    return f"sqlite:///{registry.data}/registry.db"


def get(registry: Serving, path: str, token: str | None = None) -> httpx.Response:
    """Ask with a token, by default the admin's."""
    login = ("token", registry.token if token is None else token)
    return httpx.get(f"{registry.url}{path}", auth=login, headers=JSON, timeout=60)


def files(registry: Serving, name: str) -> list[str]:
    listed = get(registry, f"/simple/{name}/")
    assert listed.status_code == 200, listed.text
    return [file["filename"] for file in listed.json()["files"]]


def built(registry: Serving, module: str) -> int:
    """How often the packages of a module were built, by the audit."""
    rows = audit.rows(open_store(address_of(registry)).database)
    return sum((row.entry.action, row.entry.module) == ("package", module) for row in rows)


def test_requests_at_once_build_once_and_the_bytes_are_those_of_fieldstone_package(
    registry: Serving, environment: dict[str, str], tmp_path: Path
) -> None:
    with ThreadPoolExecutor() as pool:
        found = {*pool.map(lambda _: tuple(files(registry, "shop-contracts")), range(4))}
    assert found == {
        tuple(f"shop_contracts-{v}{end}" for v in ("1.0.0", "1.1.0") for end in ("-py3-none-any.whl", ".tar.gz"))
    }
    assert built(registry, "shop") == 2
    (tmp_path / "fieldstone.toml").write_text(f'registry = "{address_of(registry)}"\n')
    ran = Repo(tmp_path, environment).spawn("package", "shop@1.1.0")
    assert ran.code == 0, ran
    for name in ("shop_contracts-1.1.0-py3-none-any.whl", "shop_contracts-1.1.0.tar.gz"):
        assert get(registry, f"/files/{name}").content == (tmp_path / "dist" / name).read_bytes()
    assert get(registry, "/files/shop_contracts-1.1.0-py3-none-any.whl.metadata").text.startswith("Metadata-Version")
    assert get(registry, "/files/shop_contracts-1.1.0.tar.gz.metadata").status_code == 404


def test_readers_get_the_packages_of_their_modules(registry: Serving, reader: str) -> None:
    nobody = httpx.get(f"{registry.url}/simple/shop-contracts/")
    assert nobody.status_code == 401
    assert [word.split()[0] for word in nobody.headers.get_list("www-authenticate")] == ["Basic", "Bearer"]
    assert get(registry, "/simple/", "wrong").status_code == 401
    assert get(registry, "/simple/", reader).json()["projects"] == [{"name": "shop-contracts"}]
    assert get(registry, "/simple/shop-contracts/", reader).status_code == 200
    assert "basket-contracts" in get(registry, "/simple/").text
    assert files(registry, "basket-contracts") != []
    unknown = get(registry, "/simple/nothing-contracts/", reader)
    hidden = get(registry, "/simple/basket-contracts/", reader)
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.text.replace("basket", "nothing") == unknown.text
    assert get(registry, "/files/basket_contracts-1.0.0-py3-none-any.whl", reader).status_code == 404
    assert get(registry, "/npm/@acme/basket-contracts", reader).json()["error"].startswith("no package")


def test_other_spellings_lead_to_the_page(registry: Serving) -> None:
    for path in ("/simple/Shop_Contracts/", "/simple/shop-contracts", "/simple"):
        assert httpx.get(registry.url + path, auth=("", registry.token), follow_redirects=True).status_code == 200


def test_a_release_without_a_package_says_why_and_leaves_the_others(registry: Serving, buf: Buf) -> None:
    order = ORDER.replace("acme.shop", "acme.odd")
    buf.module("odd", {"acme/odd/v1/odd.proto": order})
    assert buf("push", "--create", cwd="odd").code == 0
    buf.module("odd", {"acme/odd/v1/odd.proto": order, "acme/1/v1/one.proto": 'syntax = "proto3";\npackage one;\n'})
    assert buf("push", cwd="odd").code == 0
    assert files(registry, "odd-contracts") == ["odd_contracts-1.0.0-py3-none-any.whl", "odd_contracts-1.0.0.tar.gz"]
    buf.module("worse", {"acme/2/v1/two.proto": 'syntax = "proto3";\npackage two;\nmessage Two {}\n'})
    assert buf("push", "--create", cwd="worse").code == 0
    refused = get(registry, "/simple/worse-contracts/")
    assert (refused.status_code, "Python cannot import acme/2/v1/two.proto" in refused.text) == (404, True)
    assert str(registry.data) not in refused.text


def test_a_name_of_packages_belongs_to_one_module(buf: Buf) -> None:
    for name in ("my-shop", "my.shop"):
        package = name.replace("-", "_").replace(".", "_x")
        buf.module(name, {f"acme/{package}/v1/a.proto": ORDER.replace("acme.shop", f"acme.{package}")})
    assert buf("push", "--create", cwd="my-shop").code == 0
    refused = buf("push", "--create", cwd="my.shop")
    assert refused.code == 1
    assert "the package my-shop-contracts of my.shop belongs to the module my-shop" in refused.err


def test_what_is_served_is_never_built_again(registry: Serving, buf: Buf) -> None:
    buf.module("old", {"acme/old/v1/old.proto": ORDER.replace("acme.shop", "acme.old")})
    assert buf("push", "--create", cwd="old").code == 0
    store, wheel = open_store(address_of(registry)), makers.wheel(name="old_contracts")
    path = "files/old_contracts-1.0.0-py3-none-any.whl"
    with store.database.transaction() as connection:  # as another version of Fieldstone built it
        store.keep(connection, "old", {path: wheel})
        packages.add(connection, [PackageFile(path, PYTHON, "old-contracts", "old", "1.0.0", file_digest(wheel))])
    assert files(registry, "old-contracts") == ["old_contracts-1.0.0-py3-none-any.whl"]
    publish(address_of(registry), Wanted(language=PYTHON, module="old", version="1.0.0"))
    assert get(registry, f"/{path}").content == wheel


def test_what_takes_long_to_build_is_asked_for_again(
    registry: Serving, buf: Buf, monkeypatch: pytest.MonkeyPatch
) -> None:
    buf.module("late", {"acme/late/v1/late.proto": ORDER.replace("acme.shop", "acme.late")})
    assert buf("push", "--create", cwd="late").code == 0
    monkeypatch.setattr(shelf, "_PATIENCE", {PYTHON: 0.01})
    app = create_app(Options(address=address_of(registry), anonymous_reads=True, limits=Limits(processes=1)))
    with TestClient(app) as client:
        early = client.get("/simple/late-contracts/")
        assert (early.status_code, early.headers["retry-after"]) == (503, "2")
        until = time.monotonic() + LONGEST
        while (found := client.get("/simple/late-contracts/")).status_code == 503 and time.monotonic() < until:
            time.sleep(0.05)
    assert (found.status_code, built(registry, "late")) == (200, 1), found.text


def test_a_policy_has_packages_built_after_a_release_under_its_names(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as registry:
        database = open_store(address_of(registry)).database
        policy = '[packages]\nafter-release = ["python"]\npython-prefix = "acme"\n'
        DatabaseAdministration(database, audit.Actor("dba")).set_policy(NewPolicy(policy, 0))
        create(registry, "shop")
        assert push(registry, upload("shop", order_of("shop"))).status_code == 200
        until = time.monotonic() + LONGEST
        while not built(registry, "shop") and time.monotonic() < until:
            time.sleep(0.05)
        assert [file.name for file in packages.files_of(database, PYTHON, "acme-shop-contracts")] == [
            "acme-shop-contracts"
        ] * 2
        assert files(registry, "acme-shop-contracts")[0] == "acme_shop_contracts-1.0.0-py3-none-any.whl"
        assert built(registry, "shop") == 1


def test_a_start_with_a_wrong_scope_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    ran = Repo(tmp_path, environment).spawn("serve", "--npm-scope", "Acme Inc")
    assert (ran.code, "npm-scope" in ran.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_npm_asks_for_versions_and_their_files(registry: Serving, reader: str) -> None:
    login = {"Authorization": f"Bearer {reader}"}
    found = httpx.get(f"{registry.url}/npm/@acme%2fshop-contracts", headers=login, timeout=60).json()
    assert found["dist-tags"] == {"latest": "1.1.0"}
    tarball = found["versions"]["1.0.0"]["dist"]["tarball"]
    assert tarball.startswith(f"{registry.url}/npm/-/")
    assert httpx.get(tarball, headers=login).status_code == 200
    assert httpx.get(tarball).status_code == 401
