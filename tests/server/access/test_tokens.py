"""Tokens of a registry, and its audit: who did what, by which credential."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.server.access.conftest import Admin
from tests.server.running import ORDER, Buf, Serving


def created(admin: Admin, name: str, *options: str) -> str:
    ran = admin("token", "create", name, *options)
    assert ran.code == 0, ran
    return ran.out.strip()


def module(buf: Buf, name: str) -> None:
    buf.module(name, {f"acme/{name}/v1/{name}.proto": ORDER.replace("shop", name)})


def test_a_token_allows_its_scopes_and_modules_until_it_is_revoked(admin: Admin, buf: Buf) -> None:
    for name in ("alpha", "other"):
        module(buf, name)
    pushing = created(admin, "ci-alpha", "--scope", "push", "--module", "al*")
    reading = created(admin, "reader", "--scope", "read")
    assert buf("push", "--create", cwd="alpha", token=reading).code == 1
    assert buf("push", "--create", cwd="other", token=pushing).code == 1
    assert buf("push", "--create", cwd="alpha", token=pushing).code == 0
    listed = json.loads(admin("token", "list", "--format", "json").out)
    (one,) = (found for found in listed if found["name"] == "ci-alpha")
    assert (one["scopes"], one["modules"], bool(one["used_at"])) == (["push"], ["al*"], True)
    assert "ci-alpha  push  al*  until" in admin("token", "list").out
    assert admin("token", "revoke", one["id"]).code == 0
    assert buf("push", cwd="alpha", token=pushing).code == 1
    assert "was revoked" in admin("token", "list", token=pushing).err
    rows = [json.loads(line) for line in admin("audit").out.splitlines()]
    told = [(row["entry"]["action"], row["entry"]["who"], row["entry"].get("module", "")) for row in rows]
    assert ("create-token", "admin", "") in told
    assert ("release", "ci-alpha", "alpha") in told
    (release,) = (
        row["entry"] for row in rows if row["entry"]["action"] == "release" and row["entry"]["module"] == "alpha"
    )
    assert release["credential"] == one["id"]
    assert release["details"]["version"] == "1.0.0"
    assert len(release["details"]["seal"].removeprefix("shake256:")) == 128
    everything = admin("audit").out + buf.registry.data.joinpath("registry.db").read_bytes().decode("latin-1")
    assert pushing not in everything
    assert reading not in everything


def test_only_an_admin_of_all_modules_administers(admin: Admin) -> None:
    tokens = {
        name: created(admin, name, "--scope", scope, "--module", pattern)
        for name, scope, pattern in (
            ("pusher", "push", "*"),
            ("partial", "admin", "shop*"),
            ("approver", "approve", "*"),
        )
    }
    for name, token in {**tokens, "nobody": "", "forged": "fst_forged"}.items():
        for call in (
            ("token", "list"),
            ("token", "create", "x", "--scope", "admin"),
            ("token", "revoke", "0"),
            ("audit",),
            ("policy", "show"),
        ):
            ran = admin(*call, token=token)
            assert (ran.code, ran.out) == (2, ""), (name, call, ran)
    assert "for some modules only" in admin("audit", token=tokens["partial"]).err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("token", "create", "Not A Name", "--scope", "read"), "is no name of a token"),
        (("token", "create", "x", "--scope", "all"), "invalid value for '--scope'"),
        (("token", "create", "x", "--scope", "read", "--days", "0"), "--days"),
        (("token", "revoke", "../tokens"), "no token"),
        (("audit", "--since", "yesterday"), "neither the number of a row nor a time"),
        (("audit", "--since", "9" * 40), "neither the number of a row nor a time"),
    ],
)
def test_bad_input_is_one_line(admin: Admin, arguments: tuple[str, ...], said: str) -> None:
    ran = admin(*arguments)
    assert (ran.code, said in ran.err, "Traceback" in ran.err) == (2, True, False), ran


def test_the_audit_begins_where_it_is_asked_to(admin: Admin) -> None:
    created(admin, "later", "--scope", "read")
    rows = [json.loads(line) for line in admin("audit").out.splitlines()]
    last = rows[-1]
    assert json.loads(admin("audit", "--since", str(last["number"] - 1)).out) == last
    assert admin("audit", "--since", str(last["number"])).out == ""
    assert admin("audit", "--since", "2999-01-01").out == ""
    assert len(admin("audit", "--since", "2020-01-01T00:00:00+02:00").out.splitlines()) == len(rows)


def test_a_database_is_administered_without_its_server(admin: Admin, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/new.db"
    assert admin("token", "create", "first", "--scope", "admin", at=address).code == 0
    assert admin("audit", at=address).out.count("create-token") == 1
    (tmp_path / "policy.toml").write_text("proposals = true\n", "utf-8")
    assert admin("policy", "set", "policy.toml", at=address).code == 0
    assert admin("policy", "show", at=address).out == "proposals = true\n"
    folder = admin("token", "list", at=str(tmp_path))
    assert (folder.code, "is no shared registry" in folder.err) == (2, True)


def test_verify_finds_what_was_changed_behind_the_registrys_back(
    admin: Admin, buf: Buf, registry: Serving, tmp_path: Path
) -> None:
    module(buf, "sealed")
    assert buf("push", "--create", cwd="sealed").code == 0
    assert admin("policy", "set", os.devnull).code == 0
    sound = admin("verify", registry.url, option=False)
    assert (sound.code, "sound" in sound.err) == (0, True), sound
    head = sound.err.partition("head ")[2].split()[0]
    assert admin("verify", registry.url, "--audit-head", head, option=False).code == 0
    assert admin("verify", registry.url, "--audit-head", "1:abc", option=False).code == 1
    copy = tmp_path / "copy.db"
    changes = {
        "UPDATE audit SET entry = replace(entry, 'admin', 'nobody') WHERE number = 2": "row 2 of the audit is not",
        "DELETE FROM audit WHERE number = 2": "row 2 of the audit is missing",
        "UPDATE policies SET content = 'proposals = false'": "policy 1 is not the one",
        "DELETE FROM policies": "tells of a newer policy",
        "SELECT 1": "it is gone",
    }
    for statement, problem in changes.items():
        with (
            closing(sqlite3.connect(registry.data / "registry.db")) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            for change in ("DELETE FROM releases", statement):
                target.execute(change)
            target.commit()
        ran = admin("verify", f"sqlite:///{copy}", option=False)
        assert (ran.code, problem in ran.out) == (1, True), (statement, ran)
        copy.unlink()
