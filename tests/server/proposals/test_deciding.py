"""Decisions on a server: by whom, about what, and what is refused however it is asked for."""

from __future__ import annotations

import json
from base64 import b64encode

import httpx
import pytest

from tests.server.proposals.conftest import POLICY, Caller, People, Released, set_policy
from tests.server.running import LONGEST, Buf, Serving


def proposed(buf: Buf, people: People, path: str, *, by: str = "carol", old: str = "int64 total") -> int:
    """Push a break as somebody; gives the number of the proposal."""
    module = path.partition("/")[0]
    buf.edit(path, old, "int32 total")
    author = people(by, "push")
    assert buf("push", cwd=module, token=author.token).code == 1
    return int(author.get(f"proposals?module={module}&state=open")[-1]["number"])


def test_four_eyes_see_a_proposal(buf: Buf, people: People, released: Released) -> None:
    number = proposed(buf, people, released("eyes"))
    second_token, outsider = people("carol", "push", "approve"), people("dave")
    other_module, reader = people("alice", module="money"), people("alice", "read")

    assert second_token.decide(number, "approve").startswith("Denied: carol is an author")
    assert outsider.decide(number, "approve").startswith("Denied: the policy of this registry does not let 'dave'")
    assert other_module.decide(number, "approve").startswith("Denied: the token 'alice' does not allow approve")
    assert reader.decide(number, "approve").startswith("Denied: the token 'alice' does not allow approve")
    assert reader.release(number).startswith("Denied: 'alice' may not push eyes")
    assert people("dave", "push").release(number).startswith("Denied: 'dave' neither proposed nor approved")
    assert people("alice", days=1e-6).decide(number, "approve") == "Denied: the token has expired"
    assert reader.get(f"proposals/{number}")["proposal"]["decisions"] == []


def test_who_cannot_read_a_module_learns_nothing_of_its_proposals(
    buf: Buf, people: People, released: Released, registry: Serving
) -> None:
    number = proposed(buf, people, released("secret"))
    set_policy(registry, f"anonymous-reads = false\n{POLICY}")
    foreign = people("alice", "approve", module="money")

    assert number not in [one["number"] for one in foreign.get("proposals")]
    assert foreign.decide(number, "approve") == f"NotFound: no proposal {number} in this registry"
    assert foreign.decide(9_999, "approve") == "NotFound: no proposal 9999 in this registry"
    assert foreign.release(number) == f"NotFound: no proposal {number} in this registry"
    assert httpx.get(f"{registry.url}/api/v1/proposals", timeout=LONGEST).status_code == 401
    set_policy(registry, POLICY)


def test_an_approval_is_for_one_revision(buf: Buf, people: People, released: Released) -> None:
    path = released("twice")
    number, alice, carol = proposed(buf, people, path), people("alice"), people("carol", "push")
    assert alice.decide(number, "approve") == "approved"
    buf.edit(path, "string id = 1;", "bytes id = 1;")
    assert buf("push", cwd="twice", token=carol.token).code == 1

    shown = carol.get(f"proposals/{number}")
    assert (shown["standing"]["state"], len(shown["proposal"]["revisions"])) == ("open", 2)
    assert alice.decide(number, "approve", revision=1).startswith(f"Conflict: revision 1 of proposal {number} is not")
    assert carol.release(number).startswith(f"Conflict: proposal {number} is not approved")
    assert alice.decide(number, "approve", revision=2) == "approved"
    assert alice.decide(number, "revoke", revision=2) == "open"
    assert carol.release(number).startswith(f"Conflict: proposal {number} is not approved")
    assert [one["kind"] for one in carol.get(f"proposals/{number}")["proposal"]["decisions"]] == [
        "approve",
        "approve",
        "revoke",
    ]


def test_the_same_content_by_another_makes_that_one_an_author(buf: Buf, people: People, released: Released) -> None:
    number = proposed(buf, people, released("both"))
    bob = people("bob", "push", "approve")
    assert buf("push", cwd="both", token=bob.token).code == 1

    (listed,) = bob.get("proposals?module=both")
    assert (listed["number"], listed["revision"], listed["authors"]) == (number, 1, ["bob", "carol"])
    assert bob.decide(number, "approve").startswith("Denied: bob is an author")


def test_a_release_in_between_is_judged_before_an_approval_counts(buf: Buf, people: People, released: Released) -> None:
    path = released("stale")
    number, carol, alice = proposed(buf, people, path), people("carol", "push"), people("alice")
    bob = people("bob")
    assert alice.decide(number, "approve") == "approved"
    buf.edit(path, "int32 total = 2;", "int64 total = 2; string buyer = 3;")
    assert buf("push", cwd="stale", token=carol.token).code == 0  # 1.1.0, whose buyer the proposal lacks

    assert carol.get(f"proposals/{number}")["standing"]["is_stale"]
    assert carol.release(number).startswith(f"Conflict: proposal {number} is judged differently now than when it was")
    shown = carol.get(f"proposals/{number}")
    assert [one["judged"]["compared_with"] for one in shown["proposal"]["revisions"]] == ["1.0.0", "1.1.0"]
    assert shown["standing"]["state"] == "open"
    assert bob.decide(number, "approve", revision=1).startswith("Conflict: revision 1")
    assert bob.decide(number, "approve", revision=2, reason="buyer may go") == "approved"
    assert carol.release(number) == "released"


def test_closed_proposals_stay_and_another_push_is_another_proposal(
    buf: Buf, people: People, released: Released
) -> None:
    number = proposed(buf, people, released("shut"))
    alice, carol = people("alice"), people("carol", "push")
    assert alice.decide(number, "reject", reason="").startswith("Invalid: --reason is missing")
    assert alice.decide(number, "withdraw").startswith("Denied: the token 'alice' does not allow push shut")
    assert alice.decide(number, "reject", reason="billing reads it") == "rejected"
    assert carol.decide(number, "withdraw").startswith(f"Conflict: proposal {number} is rejected by alice")
    buf("push", cwd="shut", token=carol.token)

    first, second = carol.get("proposals?module=shut")
    assert (first["number"], first["state"], second["state"]) == (number, "rejected", "open")
    assert carol.decide(second["number"], "withdraw") == "withdrawn"
    assert carol.get(f"proposals/{number}")["proposal"]["decisions"][0]["reason"] == "billing reads it"


def test_the_audit_tells_every_step(buf: Buf, people: People, released: Released, registry: Serving) -> None:
    number = proposed(buf, people, released("told"))
    admin, alice, carol = Caller(registry, registry.token), people("alice"), people("carol", "push")
    assert alice.decide(number, "approve", reason="fine") == "approved"
    assert admin.decide(number, "revoke", of="alice", reason="not yet") == "open"
    assert alice.decide(number, "approve", reason="now") == "approved"
    assert carol.release(number) == "released"

    rows = [json.loads(row["line"]) for row in admin.get("audit?since=0")]
    told = [row for row in rows if row.get("module") == "told" and row["details"].get("number") == number]
    assert [(row["action"], row["who"], row["details"].get("state")) for row in told] == [
        ("propose", "carol", None),
        ("decide-proposal", "alice", "approved"),
        ("decide-proposal", "admin", "open"),
        ("decide-proposal", "alice", "approved"),
        ("release-proposal", "carol", None),
    ]
    assert told[2]["details"]["of"] == "alice"
    assert told[-1]["details"]["version"] == "2.0.0"
    (release,) = [
        row
        for row in rows
        if row["action"] == "release" and row["details"].get("version") == "2.0.0" and row["module"] == "told"
    ]
    assert f"proposal {number} of carol; approved by alice: now" in release["details"]["waivers"][0]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("proposals/0", 404),
        ("proposals/-1", 404),
        ("proposals/x", 404),
        (f"proposals/{2**70}", 404),
        ("proposals?state=opne", 422),
        ("proposals?module=%00", 200),
    ],
)
def test_forged_numbers_and_states(registry: Serving, path: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {registry.token}"}
    assert httpx.get(f"{registry.url}/api/v1/{path}", headers=headers, timeout=LONGEST).status_code == status


@pytest.mark.parametrize("body", [b"", b"[", b'{"decision": "allow", "revision": 1}', b'{"decision": "approve"}'])
def test_nonsense_decides_nothing(registry: Serving, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {registry.token}"}
    url = f"{registry.url}/api/v1/proposals/1/decisions"
    assert httpx.post(url, content=body, headers=headers, timeout=LONGEST).status_code == 422
    assert httpx.post(url, content=body, timeout=LONGEST).status_code == 401


@pytest.mark.parametrize("module", ["%2e%2e", "..%5c", "nothing", "%00"])
def test_only_released_modules_have_proposals(registry: Serving, module: str) -> None:
    headers, wish = {"Authorization": f"Bearer {registry.token}"}, {"files": {"a.proto": ""}}
    url = f"{registry.url}/api/v1/modules/{module}/proposals"
    answer = httpx.post(url, json=wish, headers=headers, timeout=LONGEST)
    assert answer.status_code == 404, answer.text


def test_another_reason_is_another_revision(buf: Buf, people: People, released: Released) -> None:
    path = released("why")
    number, carol, alice = proposed(buf, people, path), people("carol", "push"), people("alice")
    content = (buf.home / path).read_bytes()
    wish = {"files": {path.removeprefix("why/"): b64encode(content).decode()}}
    assert alice.decide(number, "approve") == "approved"
    same = carol.post("modules/why/proposals", wish).json()
    other = carol.post("modules/why/proposals", {**wish, "reason": "totals are small", "number": number}).json()

    assert (same["proposal"]["number"], same["standing"]["state"]) == (number, "approved")
    assert (other["proposal"]["revisions"][-1]["reason"], other["standing"]["state"]) == ("totals are small", "open")
    assert {one["credential"] for one in other["proposal"]["decisions"]} == {""}  # ids of tokens are for the audit
    foreign = carol.post("modules/eyes/proposals", {**wish, "number": number})
    assert foreign.json()["kind"] in {"NotFound", "Invalid"}


def test_the_label_of_a_proposal_is_nobodys(buf: Buf, people: People, released: Released) -> None:
    number = proposed(buf, people, released("label"))
    pushed = buf("push", "--label", f"proposal-{number}", cwd="label")

    assert (pushed.code, f"the label proposal-{number} is that of a proposal" in pushed.err) == (1, True)
