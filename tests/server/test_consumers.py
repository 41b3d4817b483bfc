"""Consumers on a server: published with a token, by whom it belongs to, and read by whom may read the module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from msgspec import json
from msgspec.structs import replace

from fieldstone.consumers.published import Deployment, Party, Published, Stay
from fieldstone.consumers.uses import Uses
from fieldstone.errors import Denied, NotFound
from fieldstone.registry.consumers import open_consumers
from tests.consumers.test_uses import SCANNED
from tests.server.buf.calling import create, order_of, push, upload
from tests.server.running import Serving, new_token, serving

SHOP = replace(SCANNED, release="1.0.0")
ONE = Published(Uses("billing", "team-billing", (SHOP,)), "1.0", "c0ffee", "")
RUNS = Deployment("billing", "1.0", "production", Stay.DEPLOYED, "")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A registry that nobody may read without a token, not even from its own machine."""
    with serving(tmp_path_factory.mktemp("registry") / "data", "--no-anonymous-reads") as found:
        create(found, "shop")
        assert push(found, upload("shop", order_of("shop"))).status_code == 200
        yield found


def test_a_consumer_is_published_by_one_and_read_by_all_readers(
    registry: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other, foreign = (
        new_token(registry, name, "read", module=module)
        for name, module in (("ci-billing", "shop"), ("ci-other", "shop"), ("ci-foreign", "money"))
    )

    monkeypatch.setenv("FIELDSTONE_TOKEN", mine)
    consumers = open_consumers(registry.url)
    consumers.publish(ONE)
    consumers.deploy(RUNS)
    (published,) = consumers.known().published
    monkeypatch.setenv("FIELDSTONE_TOKEN", other)
    with pytest.raises(Denied, match="billing is published by ci-billing"):
        open_consumers(registry.url).publish(replace(ONE, version="2.0"))
    seen_by_other = open_consumers(registry.url).known()
    monkeypatch.setenv("FIELDSTONE_TOKEN", foreign)
    seen_by_foreign = open_consumers(registry.url).known()
    with pytest.raises(Denied, match="does not allow read shop"):
        open_consumers(registry.url).publish(replace(ONE, uses=Uses("spy", "x", (SHOP,))))

    assert published.uses == ONE.uses
    assert published.publisher == "ci-billing"
    assert published.at.endswith("Z")  # the time of the server
    assert [one.consumer for one in seen_by_other.published] == ["billing"]
    assert [one.environment for one in seen_by_other.deployments] == ["production"]
    assert seen_by_foreign.published == ()
    assert seen_by_foreign.deployments == ()


def test_uses_of_what_no_release_is_are_refused(registry: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSTONE_TOKEN", registry.token)

    for evidence, said in (
        (replace(SHOP, release="9.9.9"), "no release 9.9.9 of shop"),
        (replace(SHOP, module="x"), "no release 1.0.0 of x"),
    ):
        with pytest.raises(NotFound, match=f"there is {said}"):
            open_consumers(registry.url).publish(replace(ONE, version="3", uses=Uses("spy", "team", (evidence,))))


def test_who_may_say_what_runs_and_who_is_gone(registry: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, pusher = new_token(registry, "ci-app", "read"), new_token(registry, "ci-push", "push")
    served = Deployment("shop", "1.1.0", "production", Stay.DEPLOYED, "", Party.MODULE)
    monkeypatch.setenv("FIELDSTONE_TOKEN", reader)
    open_consumers(registry.url).publish(replace(ONE, uses=Uses("app", "team-app")))

    with pytest.raises(Denied, match="does not allow push shop"):
        open_consumers(registry.url).deploy(served)
    with pytest.raises(Denied, match="does not allow admin"):
        open_consumers(registry.url, is_copy=True).publish(replace(ONE, publisher="somebody"))
    monkeypatch.setenv("FIELDSTONE_TOKEN", pusher)
    with pytest.raises(NotFound, match=r"there is no release 1.1.0 of shop"):
        open_consumers(registry.url).deploy(served)
    open_consumers(registry.url).deploy(replace(served, version="1.0.0"))
    with pytest.raises(Denied, match="app is published by ci-app"):
        open_consumers(registry.url).retire("app")
    monkeypatch.setenv("FIELDSTONE_TOKEN", reader)
    open_consumers(registry.url).publish(replace(ONE, version="2", uses=Uses("app", "team-app"), publisher="forged"))
    open_consumers(registry.url).retire("app")
    known = open_consumers(registry.url).known()

    assert {one.publisher for one in known.published if one.consumer == "app"} == {"ci-app"}
    assert "app" in known.retired


@pytest.mark.parametrize("body", [b"", b"{}", b"[1", json.encode({"uses": 1}), b"\xff"])
def test_nonsense_is_refused(registry: Serving, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {registry.token}"}
    answer = httpx.post(f"{registry.url}/api/v1/consumers", content=body, headers=headers, timeout=60)

    assert answer.status_code == 422
    assert answer.json()["kind"] == "Invalid"


def test_nobody_publishes_without_a_token(registry: Serving) -> None:
    answer = httpx.post(f"{registry.url}/api/v1/consumers", content=json.encode(ONE), timeout=60)

    assert answer.status_code == 401
