"""Proposals and decisions about them reach webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from tests.registry.test_webhook_events import SCHEMA
from tests.server.proposals.conftest import POLICY, Caller, set_policy
from tests.server.running import ORDER, Buf, Serving, new_token, serving
from tests.server.webhooks.receiver import receiving
from tests.server.webhooks.test_deliveries import created


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("registry") / "data", "--webhooks-to", "127.0.0.0/8") as found:
        set_policy(found, POLICY)
        yield found


def test_proposals_and_decisions_arrive(registry: Serving, buf: Buf, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path("acme/shop/v1/shop.proto")
    buf.module("shop", {str(path): ORDER})
    assert buf("push", "--create", cwd="shop").code == 0
    monkeypatch.setenv("FIELDSTONE_TOKEN", registry.token)
    with receiving() as receiver:
        created(registry, receiver)
        buf.edit(f"shop/{path}", "int64 total", "int32 total")
        assert buf("push", cwd="shop", token=new_token(registry, "carol", "push")).code == 1
        proposed = receiver.next().event
        number = proposed["data"]["facts"]["number"]
        alice = Caller(registry, new_token(registry, "alice", "approve"))
        assert alice.decide(number, "reject", reason="<b>not now</b>") == "rejected"
        decided = receiver.next()

    jsonschema.validate(proposed, SCHEMA)
    jsonschema.validate(decided.event, SCHEMA)
    assert (proposed["type"], proposed["data"]["module"], proposed["data"]["who"]) == ("proposal", "shop", "carol")
    assert proposed["data"]["facts"]["breaks"] == ["field-type-changed acme.shop.v1.Order.total"]
    facts = decided.event["data"]["facts"]
    assert (decided.event["type"], decided.event["data"]["who"]) == ("decision", "alice")
    assert (facts["number"], facts["decision"], facts["state"]) == (number, "reject", "rejected")
    assert facts["reason"] == "<b>not now</b>"
    assert b"<b>" not in decided.body
