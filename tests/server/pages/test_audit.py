"""The page of the audit: newest first, filtered, and for admins only."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fieldstone.registry.sql import audit
from fieldstone.registry.sql.database import Database
from tests.server.running import LONGEST, ORDER, Buf, Serving, new_token, serving

MARKUP = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A registry with a release, a refused push, and more rows than a page has."""
    root = tmp_path_factory.mktemp("audit")
    with serving(root / "data") as found:
        buf = Buf(root / "buf", found)
        buf.module("shop", {"acme/shop/v1/shop.proto": ORDER})
        assert buf("push", "--create", cwd="shop").code == 0
        buf.edit("shop/acme/shop/v1/shop.proto", "int64 total = 2;", f"string total = 2; // {MARKUP}")
        assert buf("push", cwd="shop").code == 1
        database = Database(f"sqlite:///{found.data}/registry.db")
        with database.transaction() as connection:
            for _ in range(60):
                audit.append(connection, audit.Entry("label", "ci"), is_sqlite=True)
        yield found


def shown(registry: Serving, path: str, token: str | None = None) -> httpx.Response:
    """A page as a browser asks for it; the token is the admin's unless another one is named, and "" for none."""
    token = registry.token if token is None else token
    headers = {"Accept": "text/html", **({"Authorization": f"Bearer {token}"} if token else {})}
    return httpx.get(registry.url + path, headers=headers, timeout=LONGEST)


def test_all_rows_are_reached_from_the_newest_to_the_first(registry: Serving) -> None:
    numbers, path = [], "/audit.json"
    while path:
        page = shown(registry, path).json()
        numbers += [row["number"] for row in page["rows"]]
        path = page["older"].replace("/audit?", "/audit.json?")

    assert numbers == list(range(len(numbers), 0, -1))
    assert len(numbers) > 60


def test_a_release_leads_to_its_page(registry: Serving) -> None:
    (row,) = shown(registry, "/audit.json?action=release").json()["rows"]

    assert row["about"] == "/modules/shop/1.0.0"


def test_rows_are_found_by_what_who_and_where(registry: Serving) -> None:
    refused = shown(registry, "/audit.json?action=refuse&module=shop&who=admin").json()["rows"]
    others = [
        shown(registry, f"/audit.json?{query}").json()["rows"] for query in ("who=adm_n", "who=%25", "module=sho")
    ]

    (row,) = refused
    facts = {fact["name"]: fact["value"] for fact in row["facts"]}
    assert "error[field-type-changed]" in facts["why"]
    assert others == [[], [], []]


def test_values_are_text_and_nothing_else(registry: Serving) -> None:
    text = shown(registry, "/audit?who=%22%3E%3Cscript%3E").text + shown(registry, "/audit?action=refuse").text

    assert "&lt;script&gt;alert(1)" in text
    assert MARKUP not in text
    assert '"><script>' not in text


def test_the_command_on_the_page_checks_the_chain(registry: Serving, tmp_path: Path) -> None:
    command = shown(registry, "/audit.json").json()["verify"].split()
    fieldstone = str(Path(sys.executable).with_name("fieldstone"))
    environment = {"HOME": str(tmp_path), "FIELDSTONE_TOKEN": registry.token, "PATH": str(Path(fieldstone).parent)}

    def verified(head: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [fieldstone, *command[1:-1], head],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    assert verified(command[-1]).returncode == 0
    forged = re.sub(r":....", ":0000", command[-1])
    assert verified(forged).returncode == 1


@pytest.mark.parametrize(("scope", "status"), [("", 401), ("push", 403)])
def test_it_is_for_admins(registry: Serving, scope: str, status: int) -> None:
    answer = shown(registry, "/audit", new_token(registry, "ci", scope) if scope else "")

    assert answer.status_code == status
    assert "refuse" not in answer.text.partition("<main")[0]


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "1.5"])
def test_a_number_that_is_none_is_refused(registry: Serving, before: str) -> None:
    assert shown(registry, f"/audit?before={before}").status_code == 422
