"""Consumers that a proposal may break: their owners are asked, and the last approval releases it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fieldstone.consumers.published import Published
from fieldstone.consumers.uses import Evidence, Rank, Uses
from fieldstone.registry.consumers import open_consumers
from tests.server.proposals.conftest import People, Released, set_policy
from tests.server.proposals.test_deciding import proposed
from tests.server.running import Buf, Serving

if TYPE_CHECKING:
    import pytest

POLICY = """
proposals = true
[modules."*"]
approve = ["alice"]
reviewers = ["owners", "consumers"]
release-when-approved = true
[teams]
"billing@example.com" = ["erin"]
"""


def publish(registry: Serving, module: str, name: str, element: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish a consumer that reads an element of a module, by name of its owner."""
    monkeypatch.setenv("FIELDSTONE_TOKEN", registry.token)
    day, places = datetime.now(UTC).date(), {element: ("src/invoice.py:41",)}
    evidence = Evidence(module, "1.0.0", Rank.DECLARED, day, by="go", read=places)
    open_consumers(registry.url).publish(Published(Uses(name, f"{name}@example.com", (evidence,)), "1.0", "", ""))


def test_the_owner_of_a_consumer_is_asked_and_the_last_approval_releases(
    buf: Buf, people: People, released: Released, registry: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_policy(registry, POLICY)
    path = released("bills")
    publish(registry, "bills", "billing", "acme.bills.v1.Order.total", monkeypatch)
    number = proposed(buf, people, path)
    alice, erin, dave = people("alice"), people("erin"), people("dave")

    shown = alice.get(f"proposals/{number}")
    (affected,) = shown["proposal"]["revisions"][0]["judged"]["affected"]
    (finding,) = shown["proposal"]["revisions"][0]["judged"]["findings"]
    assert (affected["consumer"], affected["owner"], affected["verdict"]) == (
        "billing",
        "billing@example.com",
        "blocked",
    )
    assert finding["used_by"][0]["places"] == ["src/invoice.py:41"]
    assert alice.decide(number, "approve") == "open"
    assert alice.get(f"proposals/{number}")["standing"]["missing"] == [
        "an approval for billing@example.com, the owner of billing, by erin"
    ]
    assert dave.decide(number, "approve").startswith("Denied")
    assert erin.decide(number, "approve", reason="we read amount") == "released"
    assert alice.get(f"proposals/{number}")["proposal"]["version"] == "2.0.0"


def test_a_consumer_that_comes_after_the_approval_is_asked(
    buf: Buf, people: People, released: Released, registry: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_policy(registry, POLICY.replace("release-when-approved = true", ""))
    path = released("late")
    number, alice, carol = proposed(buf, people, path), people("alice"), people("carol", "push")
    assert alice.decide(number, "approve") == "approved"
    publish(registry, "late", "mail", "acme.late.v1.Order.total", monkeypatch)

    assert carol.release(number).startswith(
        f"Conflict: proposal {number} is not approved; missing: an approval for mail"
    )
    assert people("dave").decide(number, "approve").startswith("Denied")
    set_policy(registry, POLICY.replace("release-when-approved = true", "").replace("billing@", "mail@"))
    assert people("erin").decide(number, "approve") == "approved"
    assert carol.release(number) == "released"
