"""Signed releases: with an SSH key, verified offline against allowed signers, demanded by the policy of a server."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.test_narrowed import declare
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


def repacked(wheel: Path, changes: Mapping[str, bytes | None], name: str = "") -> Path:
    """A wheel with other files in it, and a RECORD that fits them, in a folder of its own; None takes one away."""
    with zipfile.ZipFile(wheel) as archive:
        files = {path: archive.read(path) for path in archive.namelist()}
    record = next(path for path in files if path.endswith("RECORD"))
    files = {path: text for path, text in {**files, **changes}.items() if text is not None and path != record}
    digests = {p: base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=") for p, text in files.items()}
    rows = [f"{path},sha256={digests[path].decode()},{len(text)}\n" for path, text in files.items()]
    files[record] = "".join([*rows, f"{record},,\n"]).encode()
    other = wheel.parent.parent / "forged" / (name or wheel.name)
    other.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(other, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return other


def test_packages_carry_the_signed_release_and_are_verified_offline(fresh: Repo, tmp_path: Path) -> None:
    allowed, lead = tmp_path / "allowed_signers", tmp_path / "lead"
    allowed.write_text(new_key(lead), "utf-8")
    for module in ("money", "shop"):
        assert fresh.run("release", module, "--sign", str(lead)).code == 0
    fresh.edit(SHOP, *ADDITION)
    assert fresh.run("release", "shop").code == 0
    assert fresh.run("package", "shop@1.0.0").code == 0
    assert fresh.run("package", "shop@1.1.0", "--out", str(tmp_path / "unsigned")).code == 0
    verify = ("registry", "verify-package", "--allowed-signers", str(allowed))
    wheel, sdist = (fresh.root / "dist" / f"shop_contracts-1.0.0{end}" for end in ("-py3-none-any.whl", ".tar.gz"))
    ran = fresh.run(*verify, str(wheel), str(sdist), "--rebuild")
    assert (ran.code, ran.out.count(" of shop 1.0.0, signed by lead@example.com\n")) == (0, 2), ran
    elsewhere = replace(fresh, root=tmp_path)
    assert elsewhere.run(*verify, str(wheel)).code == 0

    def refused(file: Path, *more: str) -> str:
        ran = fresh.run(*verify, str(file), *more)
        assert (ran.code, "error[registry-package-wrong]" in ran.out) == (1, True), ran
        return ran.out

    (unsigned,) = (tmp_path / "unsigned").glob("*.whl")
    assert "it carries no signed release" in refused(unsigned)
    place = "shop_contracts/signed_release"
    with zipfile.ZipFile(wheel) as archive:
        manifest, image = archive.read(f"{place}/release.toml"), archive.read(f"{place}/image.binpb")
    assert "is not the schema that was signed" in refused(repacked(wheel, {f"{place}/image.binpb": image + b"\x08"}))
    changed = manifest.replace(b'version = "1.0.0"', b'version = "1.0.1"')
    assert "none of an allowed signer" in refused(repacked(wheel, {f"{place}/release.toml": changed}))
    assert "not one release.toml" in refused(repacked(wheel, {f"{place}/image.binpb": None}))
    assert "not one release.toml" in refused(repacked(wheel, {"other/signed_release/release.toml": manifest}))
    other = {f"{place}/{name}": content for name, content in (("release.toml", manifest), ("image.binpb", image))}
    assert "carries the release of shop-contracts 1.0.0" in refused(repacked(unsigned, other))
    forged = repacked(wheel, {"shop_contracts/release.py": b"import os\n"})
    schema_alone = fresh.run(*verify, str(forged))
    assert (schema_alone.code, "was not verified: --rebuild" in schema_alone.err) == (0, True)
    assert "shop_contracts/release.py is not what is generated" in refused(forged, "--rebuild")
    allowed.write_text(new_key(tmp_path / "stranger"), "utf-8")
    assert "none of an allowed signer" in refused(wheel)
    missing = fresh.run(*verify, "nowhere.whl")
    assert (missing.code, "there is no package nowhere.whl" in missing.err) == (2, True)


def test_a_narrowed_package_is_rebuilt_from_the_uses_that_it_carries(fresh: Repo, tmp_path: Path) -> None:
    allowed, lead = tmp_path / "allowed_signers", tmp_path / "lead"
    allowed.write_text(new_key(lead), "utf-8")
    for module in ("money", "shop"):
        assert fresh.run("release", module, "--sign", str(lead)).code == 0
    uses = declare(fresh, "billing", "acme.shop.v1.Order.total")
    assert fresh.run("package", "shop", "--uses", uses).code == 0
    name = "shop_contracts_for_billing"
    wheel, sdist = (fresh.root / "dist" / f"{name}-1.0.0{end}" for end in ("-py3-none-any.whl", ".tar.gz"))
    verify = ("registry", "verify-package", "--allowed-signers", str(allowed))
    ran = fresh.run(*verify, str(wheel), str(sdist), "--rebuild")
    assert (ran.code, ran.out.count(" of shop 1.0.0, signed by lead@example.com\n")) == (0, 2), ran

    with zipfile.ZipFile(wheel) as archive:
        carried = archive.read(f"{name}/fieldstone.uses.toml")
    path = f"{name}/fieldstone.uses.toml"
    wider = repacked(wheel, {path: carried.replace(b"Order.total", b"Order.id")})
    assert "is not what is generated from the release here" in fresh.run(*verify, str(wider), "--rebuild").out
    other = repacked(wheel, {path: carried.replace(b'"billing"', b'"mail"')})
    assert "carries the release of shop-contracts-for-mail 1.0.0" in fresh.run(*verify, str(other)).out
