"""The policy of a registry: how modules are judged, who may do what, and who may change it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fieldstone.consumers.published import Published
from fieldstone.consumers.uses import Evidence, Rank, Uses
from fieldstone.errors import Invalid
from fieldstone.project.server_policy import load
from fieldstone.registry.consumers import open_consumers
from tests.server.access.conftest import Admin
from tests.server.running import ORDER, Buf, Serving

WAIVER = """
[[waivers]]
rule = "field-type-changed"
subject = "acme.shop.v1.Order.total"
module = "{module}"
reason = "nobody reads it"
owner = "shop@example.com"
until = 2999-12-31
"""


Put = Callable[..., str]


@pytest.fixture
def put(admin: Admin, tmp_path: Path) -> Put:
    """Set a policy; gives the error, which is empty if it holds now."""

    def put(content: str, token: str | None = None) -> str:
        (tmp_path / "policy.toml").write_text(content, "utf-8")
        ran = admin("policy", "set", "policy.toml", token=token)
        return "" if ran.code == 0 else ran.err

    return put


def order(buf: Buf, module: str) -> str:
    path = f"acme/{module}/v1/{module}.proto"
    buf.module(module, {path: ORDER.replace("shop", module)})
    assert buf("push", "--create", cwd=module).code == 0
    return f"{module}/{path}"


def test_a_push_is_judged_by_the_policy_and_its_waivers(put: Put, admin: Admin, buf: Buf) -> None:
    path = order(buf, "loose")
    buf.edit(path, "int64 total", "int32 total")
    assert "field-type-changed" in buf("push", cwd="loose").err
    waiver = WAIVER.format(module="loose").replace("acme.shop", "acme.loose")
    other = WAIVER.format(module="other").replace("acme.shop", "acme.loose")
    assert put(other) == ""
    assert "field-type-changed" in buf("push", cwd="loose").err
    assert put(waiver) == ""
    assert buf("push", cwd="loose").code == 0
    entry = json.loads(admin("audit").out.splitlines()[-1])["entry"]
    assert (entry["action"], entry["details"]["version"], entry["details"]["policy"]) == ("release", "2.0.0", 2)
    assert "nobody reads it" in entry["details"]["waivers"][0]
    assert put('[modules."l*"]\nsurfaces = ["wire"]\n[modules.loose.rules]\nfield-removed = "error"\n') == ""
    buf.edit(path, "string id = 1;", "string ident = 1;")  # breaks json and source alone
    assert buf("push", cwd="loose").code == 0


def test_a_waiver_that_nobody_reads_it_is_checked_at_push(
    put: Put, admin: Admin, buf: Buf, registry: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = order(buf, "read")
    waiver = WAIVER.format(module="read").replace("acme.shop", "acme.read") + 'reason-class = "no-known-reader"\n'
    assert put(waiver) == ""
    buf.edit(path, "int64 total", "int32 total")
    unknown = buf("push", cwd="read")
    monkeypatch.setenv("FIELDSTONE_TOKEN", registry.token)
    today = datetime.now(UTC).date()

    def tell(name: str, field: str) -> None:
        reads = {f"acme.read.v1.Order.{field}": ("a.py:1",)}
        evidence = Evidence("read", "1.0.0", Rank.SCAN, today, by="python", read=reads)
        open_consumers(registry.url).publish(Published(Uses(name, "team", (evidence,)), "1", "", ""))

    tell("mail", "id")
    tell("billing", "total")
    blocked = buf("push", cwd="read")
    open_consumers(registry.url).retire("billing")

    assert (unknown.code, blocked.code, buf("push", cwd="read").code) == (1, 1, 0)
    assert "who uses it is unknown: no consumer of read is known" in unknown.err
    assert "its waiver says no-known-reader, but billing 1 uses it (a.py:1)" in blocked.err


def test_the_policy_names_who_may_push(put: Put, admin: Admin, buf: Buf) -> None:
    path = order(buf, "kept")
    token = admin("token", "create", "ci-kept", "--scope", "push").out.strip()
    buf.edit(path, "int64 total = 2;", "int64 total = 2; string by = 3;")
    assert put('draft-days = 7\n[modules."k*"]\npush = ["somebody"]\n') == ""
    assert "does not let 'ci-kept' push kept" in buf("push", cwd="kept", token=token).err
    assert put('[modules."*"]\npush = ["somebody"]\n[modules."k*"]\npush = ["ci-kept"]\n') == ""
    assert buf("push", cwd="kept", token=token).code == 0


def test_who_may_waive_changes_waivers_of_these_modules_alone(put: Put, admin: Admin) -> None:
    waiving = admin("token", "create", "lead", "--scope", "approve").out.strip()
    policy = '[modules."shop*"]\nwaive = ["lead"]\n'
    assert put(policy) == ""
    assert admin("policy", "show", token=waiving).out == policy
    assert put(policy + WAIVER.format(module="shop"), waiving) == ""
    for other in (
        policy + WAIVER.format(module="money"),
        policy + WAIVER.format(module="shop").replace('module = "shop"\n', ""),
        "proposals = true\n" + policy,
        policy.replace("shop", ""),
        "",
    ):
        assert "only an admin may change the policy" in put(other, waiving)
    assert put("") == ""
    assert admin("policy", "show", token=waiving).code == 2


def test_a_policy_that_was_changed_meanwhile_is_not_overwritten(put: Put, admin: Admin, tmp_path: Path) -> None:
    assert put("") == ""
    ran = admin("policy", "set", "policy.toml", "--after", "0")
    assert (ran.code, "was changed meanwhile" in ran.err) == (2, True)


def test_reading_without_a_token_follows_the_policy(put: Put, admin: Admin, buf: Buf) -> None:
    order(buf, "open")
    name = f"{buf.registry.host}/acme/open"
    assert buf("export", name, "-o", "out", token="").code == 0
    assert put("anonymous-reads = false\n") == ""
    buf.forget()
    assert buf("export", name, "-o", "out", token="").code == 1
    assert put("") == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a = [", "no TOML"),
        ("\n\nproposal = true", "unknown key proposal in policy.toml:3; did you mean proposals?"),
        ('[modules."*"]\nfail-on = "warn"', "modules.*.fail-on in policy.toml:2 is "),
        ('[modules."*"]\n[modules."*".rules]\nfield-gone = "off"', "policy.toml:3"),
        ('[modules.a]\nfail-on = "error"\n[modules.b]\nfail-on = "x"', "modules.b.fail-on in policy.toml:4"),
        ('[modules."*"]\nrequired-approvals = 0', "modules.*.required-approvals in policy.toml:2 is 0"),
        ('[modules."*"]\nreviewers = ["consumers"]', "modules.*.reviewers in policy.toml:2 lacks owners"),
        ('[modules."*"]\nreviewers = ["owner"]', "modules.*.reviewers"),
        ('[teams]\n"team-billing" = "alice"', "teams.team-billing in policy.toml:2"),
        ("draft-days = 0", "draft-days in policy.toml:1 is 0; it must be at least 1"),
        ('[roles.ci]\nscopes = ["all"]', "policy.toml:2"),
        ('[roles.ci]\nscopes = ["read"]\n[identities.x]\nrole = "ci"', "identities.x in policy.toml:3 has no issuer"),
        (
            '[identities.x]\nissuer = "https://a"\naudience = "b"\nsubjects = ["*"]\nrole = "ci"',
            "identities.x.role in policy.toml:5 is ci, and there is no such role",
        ),
        (
            '[roles.ci]\nscopes = []\n[identities.x]\nissuer = "http://a"\naudience = "b"\nsubjects = []\nrole = "ci"',
            "identities.x.issuer in policy.toml:4 is not encrypted",
        ),
        (WAIVER.replace("field-type-changed", "field-type-chnged"), "did you mean field-type-changed?"),
    ],
)
def test_an_invalid_policy_is_refused_with_its_line(content: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        load(content)
    assert said in str(refused.value)
