"""Breaking pushes of stock buf that become proposals, and the drafts that buf fetches of them."""

from __future__ import annotations

from tests.server.proposals.conftest import People, Released
from tests.server.running import Buf


def test_a_breaking_push_becomes_a_proposal_that_buf_fetches(buf: Buf, people: People, released: Released) -> None:
    path, carol = released("kept"), people("carol", "push")
    buf.edit(path, "int64 total", "int32 total")
    refused = buf("push", cwd="kept", token=carol.token)
    again = buf("push", cwd="kept", token=carol.token)
    (listed,) = carol.get("proposals?module=kept&state=open")
    name = f"{buf.registry.host}/acme/kept:proposal-{listed['number']}"
    fetched = buf("export", name, "-o", "out", token=carol.token)

    assert (refused.code, again.code) == (1, 1)
    assert "field-type-changed" in refused.err
    assert f"{buf.registry.url}/proposals/{listed['number']}" in refused.err
    assert refused.err == again.err
    assert (listed["revision"], listed["authors"], listed["earns"]) == (1, ["carol"], "2.0.0")
    assert fetched.code == 0, fetched.err
    assert "int32 total" in (buf.home / "out/acme/kept/v1/kept.proto").read_text("utf-8")


def test_an_approved_proposal_becomes_the_release_with_its_waivers(
    buf: Buf, people: People, released: Released
) -> None:
    path, carol, alice = released("due"), people("carol", "push"), people("alice", "approve")
    buf.edit(path, "int64 total", "int32 total")
    buf("push", cwd="due", token=carol.token)
    (listed,) = carol.get("proposals?module=due")
    number = listed["number"]

    assert carol.release(number).startswith("Conflict: proposal")
    assert alice.decide(number, "approve", reason="nobody reads it") == "approved"
    assert carol.release(number) == "released"
    shown = carol.get(f"proposals/{number}")
    assert shown["proposal"]["version"] == "2.0.0"
    assert buf("push", cwd="due", token=carol.token).code == 0  # nothing changed any more
