"""Breaking pushes of stock buf that become proposals, and the drafts that buf fetches of them."""

from __future__ import annotations

import pytest

from tests.server.buf.calling import ask
from tests.server.buf.test_workspaces import CHAIN, order_of_text, workspace
from tests.server.proposals.conftest import People, Released
from tests.server.running import Buf

COMMITS = "/buf.registry.module.v1.CommitService"


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


@pytest.mark.slow
def test_a_proposal_with_dependencies_is_fetched_like_a_draft(buf: Buf, people: People) -> None:
    carol, alice, host = people("carol", "push"), people("alice"), buf.registry.host
    buf.module("coin", order_of_text("coin"))
    assert buf("push", "--create", cwd="coin").code == 0
    holder = CHAIN.format(name="purse", other="coin", type="Order")
    buf.module("purse", {"acme/purse/v1/purse.proto": holder}, "acme/coin")
    assert buf("dep", "update", cwd="purse").code == 0
    assert buf("push", "--create", cwd="purse").code == 0
    buf.edit("purse/acme/purse/v1/purse.proto", "held = 1;", "kept = 1;")
    assert buf("push", cwd="purse", token=carol.token).code == 1
    (listed,) = carol.get("proposals?module=purse")
    label, commit = f"proposal-{listed['number']}", carol.get(f"proposals/{listed['number']}")["proposal"]["revisions"]
    importing = CHAIN.format(name="user", other="purse", type="Holder")
    buf.module("user", {"acme/user/v1/user.proto": importing}, f"acme/purse:{label}")
    updated = buf("dep", "update", cwd="user")
    by_id = ask(buf.registry, f"{COMMITS}/GetCommits", {"resourceRefs": [{"id": commit[0]["commit"]}]})
    listed_labels = buf("registry", "module", "label", "list", f"{host}/acme/purse")
    moved = buf("registry", "module", "label", "archive", f"{host}/acme/purse:{label}")

    assert updated.code == 0, updated
    assert commit[0]["commit"] in (buf.home / "user/buf.lock").read_text("utf-8")
    assert by_id.json()["commits"][0]["id"] == commit[0]["commit"]
    assert label in listed_labels.out
    assert (moved.code, "is always there" in moved.err) == (1, True)
    refused = buf("push", "--create", cwd="user")
    assert (refused.code, f"the draft {label} of purse" in refused.err) == (1, True)
    assert alice.decide(listed["number"], "approve") == "approved"
    assert carol.release(listed["number"]) == "released"
    exported = buf("export", f"{host}/acme/purse:{label}", "-o", "out")
    assert exported.code == 0, exported
    assert (buf.home / "out/acme/coin/v1/coin.proto").is_file()


@pytest.mark.slow
def test_a_break_that_imports_what_is_not_released_is_no_proposal(buf: Buf, people: People) -> None:
    workspace(buf, "ma", "mb")
    assert buf("push", "--create", cwd="ws").code == 0
    buf.edit("ws/ma/acme/ma/v1/ma.proto", "total = 2;", "total = 2;\n  string buyer = 3;")
    buf.edit("ws/mb/acme/mb/v1/mb.proto", "held = 1;", "kept = 1;")
    carol = people("carol", "push")
    together = buf("push", cwd="ws", token=carol.token)
    none = carol.get("proposals?module=mb")
    first = buf("push", cwd="ws/ma", token=carol.token)

    assert (together.code, none) == (1, [])
    assert "To propose it, push ma first: mb imports what is not released yet." in together.err
    assert first.code == 0, first
    assert buf("push", cwd="ws", token=carol.token).code == 1
    assert len(carol.get("proposals?module=mb")) == 1


def test_what_no_waiver_could_permit_is_refused_as_before(buf: Buf, people: People, released: Released) -> None:
    path, carol = released("bad"), people("carol", "push")
    buf.edit(path, "int64 total = 2;", "int32 total = 2;")
    versioned = buf("push", "--label", "v1.5.0", cwd="bad", token=carol.token)

    assert versioned.code == 1
    assert "1.5.0 is too small for bad: its changes are major, and ask for 2.0.0" in versioned.err
    assert carol.get("proposals?module=bad") == []
    assert buf("push", "--label", "v3.0.0", cwd="bad", token=carol.token).code == 1
    (listed,) = carol.get("proposals?module=bad")
    assert people("alice").decide(listed["number"], "approve") == "approved"
    assert carol.release(listed["number"]) == "released"
    assert carol.get(f"proposals/{listed['number']}")["proposal"]["version"] == "3.0.0"
