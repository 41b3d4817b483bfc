"""Signed releases: with an SSH key, verified offline against allowed signers, demanded by the policy of a server."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.workspace import SHOP, Repo
from tests.server.running import serving

ADDITION = ("  Status status = 3;\n", "  Status status = 3;\n  string buyer = 9;\n")


def new_key(file: Path) -> str:
    """A new key without a passphrase; returns its line in a file of allowed signers."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(file)]
    subprocess.run(command, check=True, capture_output=True)
    public = file.with_suffix(".pub").read_text("utf-8").strip()
    return f'{file.name}@example.com namespaces="fieldstone" {public}\n'


def test_signed_releases_are_verified_against_allowed_signers(fresh: Repo, tmp_path: Path) -> None:
    allowed, signers = tmp_path / "allowed_signers", {name: new_key(tmp_path / name) for name in ("lead", "other")}
    allowed.write_text(signers["lead"], "utf-8")
    assert fresh.run("release", "money", "--sign", str(tmp_path / "lead")).code == 0
    verify = ("registry", "verify", "--allowed-signers", str(allowed))
    assert fresh.run("release", "shop", "--sign", str(tmp_path / "lead")).code == 0
    assert fresh.run(*verify).code == 0
    assert fresh.run("registry", "verify").code == 0
    manifest = fresh.root / "registry/money/1.0.0/release.toml"
    signed = manifest.read_text("utf-8")
    first, _, rest = signed.partition("\n")
    assert " # ssh-signature " in first
    for changed in (signed.replace(first, first.partition(" #")[0]), f"{first[:-60]}{'A' * 60}\n{rest}"):
        manifest.write_text(changed, "utf-8")
        ran = fresh.run(*verify)
        assert (ran.code, "registry-signature-wrong" in ran.out, "money 1.0.0" in ran.out) == (1, True, True)
    manifest.write_text(signed, "utf-8")
    fresh.edit(SHOP, *ADDITION)
    assert fresh.run("release", "shop").code == 0
    assert "shop 1.1.0: it is not signed" in fresh.run(*verify).out
    assert fresh.run(*verify, "--trust", "shop@1.1.0").code == 0
    allowed.write_text(signers["other"], "utf-8")
    assert "none of an allowed signer" in fresh.run(*verify, "--trust", "shop@1.1.0").out
    allowed.write_text(signers["lead"].replace("fieldstone", "git"), "utf-8")
    assert fresh.run(*verify, "--trust", "shop@1.1.0").code == 1
    allowed.write_text(signers["lead"].replace("namespaces=", 'valid-before="20200101",namespaces='), "utf-8")
    assert fresh.run(*verify, "--trust", "shop@1.1.0").code == 1


def test_a_key_that_is_none_releases_nothing(fresh: Repo, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("no key\n", "utf-8")
    ran = fresh.run("release", "money", "--sign", str(tmp_path / "key"))
    assert (ran.code, "ssh-keygen cannot sign with" in ran.err) == (2, True)
    assert not (fresh.root / "registry/money").exists()


@pytest.mark.slow
def test_the_policy_of_a_server_may_demand_signatures(
    fresh: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signers = {name: new_key(tmp_path / name) for name in ("lead", "other")}
    with serving(tmp_path / "data") as served:
        monkeypatch.setenv("FIELDSTONE_TOKEN", served.token)
        fresh.settings(f'registry = "{served.url}"\n')
        policy = tmp_path / "policy.toml"
        policy.write_text('[modules."*"]\nsigned = true\n', "utf-8")
        assert "nobody may sign" in fresh.run("registry", "policy", "set", str(policy)).err
        text = f"default-owner = \"acme\"\nallowed-signers = '''\n{signers['lead']}'''\n[modules.'*']\nsigned = true\n"
        policy.write_text(text, "utf-8")
        assert fresh.run("registry", "policy", "set", str(policy)).code == 0
        assert "it is not signed" in fresh.run("release", "money").err
        assert "none of an allowed signer" in fresh.run("release", "money", "--sign", str(tmp_path / "other")).err
        ran = fresh.run("release", "money", "--sign", str(tmp_path / "lead"))
        assert ran.code == 0, ran
        (tmp_path / "allowed_signers").write_text(signers["lead"], "utf-8")
        assert (
            fresh.run("registry", "verify", served.url, "--allowed-signers", str(tmp_path / "allowed_signers")).code
            == 0
        )
        assert fresh.run("registry", "copy", served.url, str(tmp_path / "copy")).code == 0
        assert " # ssh-signature " in (tmp_path / "copy/money/1.0.0/release.toml").read_text("utf-8")
