"""Pipelines log in by tokens of an OpenID Connect issuer, and get the role that the policy gives them."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fieldstone.errors import Denied, Unavailable
from fieldstone.project.server_policy import Identity, load
from fieldstone.server.access import issuers
from fieldstone.server.access.identities import identify
from fieldstone.server.access.issuers import IssuerKeys
from tests.server.access.conftest import Admin
from tests.server.access.issuer import Issuer, issuing
from tests.server.running import ORDER, Buf

POLICY = """
[roles.builder]
scopes = ["push"]
modules = ["shop*"]
[identities.shop-main]
issuer = "{issuer}"
audience = "https://contracts.example.com"
subjects = ["repo:acme/shop:ref:refs/heads/*"]
role = "builder"
"""


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as found:
        yield found


def test_a_pipeline_pushes_what_its_role_allows(issuer: Issuer, admin: Admin, buf: Buf, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(POLICY.format(issuer=issuer.url), "utf-8")
    assert admin("policy", "set", "policy.toml").code == 0
    for name in ("shop", "money"):
        buf.module(name, {f"acme/{name}/v1/{name}.proto": ORDER.replace("shop", name)})
    token = issuer.token()
    assert buf("push", "--create", cwd="shop", token=token).code == 0
    assert buf("push", "--create", cwd="money", token=token).code == 1
    assert buf("push", cwd="shop", token=issuer.token(sub="repo:evil/shop:ref:refs/heads/main")).code == 1
    audit = admin("audit").out
    (row,) = (json.loads(line)["entry"] for line in audit.splitlines() if '"release"' in line)
    assert (row["who"], row["credential"]) == ("shop-main", f"{issuer.url} repo:acme/shop:ref:refs/heads/main")
    assert token.rpartition(".")[2] not in audit
    assert admin("audit", token=token).code == 2


def encoded(header: dict[str, str]) -> str:
    return urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")


def signed_by_public_key(key: Any, payload: str) -> str:
    """A token whose signature takes the public key for a secret, which libraries once accepted."""
    signed = f"{encoded({'alg': 'HS256', 'kid': key.kid})}.{payload}"
    signature = hmac.digest(key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{urlsafe_b64encode(signature).decode().rstrip('=')}"


def gets_in(token: str, known: list[Identity], keys: IssuerKeys) -> bool:
    try:
        identify(token, known, keys)
    except Denied:
        return False
    return True


def test_only_a_valid_token_of_the_issuer_gets_in(issuer: Issuer) -> None:
    known, keys = load(POLICY.format(issuer=issuer.url)).identities, IssuerKeys()
    first = issuer.keys[0]
    token, role = identify(issuer.token(), known, keys)
    assert (token.name, token.scopes, token.modules, role) == ("shop-main", ("push",), ("shop*",), "builder")
    assert identify(issuer.token(aud=["x", "https://contracts.example.com"]), known, keys)[1] == "builder"
    now = int(time.time())
    forger = Issuer(issuer.url).rotate()
    part = issuer.token().split(".")
    refused = {
        "another audience": issuer.token(aud="https://other.example.com"),
        "another issuer": issuer.token(iss="https://other.example.com"),
        "another subject": issuer.token(sub="repo:acme/shop:pull_request"),
        "no subject": issuer.token(sub=None),
        "expired": issuer.token(exp=now - 60),
        "no expiry": issuer.token(exp=None),
        "not yet": issuer.token(nbf=now + 600),
        "from the future": issuer.token(iat=now + 600),
        "a text as time": issuer.token(exp="soon"),
        "too late a time": issuer.token(exp=2**60),
        "another key": issuer.token(forger),
        "the public key as secret": signed_by_public_key(first, part[1]),
        "no algorithm": f"{encoded({'alg': 'none', 'kid': first.kid})}.{part[1]}.",
        "a changed payload": f"{part[0]}.{part[1][:-4]}AAAA.{part[2]}",
        "no signature": f"{part[0]}.{part[1]}.",
        "nothing": "..",
        "noise": "a.b.c",
        "too long": f"{part[0]}.{'A' * 20_000}.{part[2]}",
    }
    assert [what for what, forged in refused.items() if gets_in(forged, known, keys)] == []


def test_rotated_keys_are_fetched_and_old_ones_refused(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    known, keys = load(POLICY.format(issuer=issuer.url)).identities, IssuerKeys()
    old = issuer.token()
    identify(old, known, keys)
    identify(issuer.token(), known, keys)
    assert issuer.asked == 1
    issuer.rotate("EC")
    with pytest.raises(Denied):  # so soon it is not asked again
        identify(issuer.token(algorithm="ES256"), known, keys)
    assert issuer.asked == 1
    monkeypatch.setattr(issuers, "_PAUSE", 0.0)
    assert identify(issuer.token(algorithm="ES256"), known, keys)[1] == "builder"
    assert issuer.asked == 2
    with pytest.raises(Denied):
        identify(old, known, keys)


def test_an_issuer_that_does_not_answer_is_not_asked_again_at_once(issuer: Issuer) -> None:
    known, keys = load(POLICY.format(issuer="http://127.0.0.1:9")).identities, IssuerKeys()
    token = issuer.token(iss="http://127.0.0.1:9")
    for said in ("does not answer", "did not answer a moment ago"):
        with pytest.raises(Unavailable, match=said):
            identify(token, known, keys)
