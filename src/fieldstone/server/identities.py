"""Identities of pipelines: ID tokens of OpenID Connect issuers such as GitHub's and GitLab's, mapped to roles.

The keys of an issuer are found as OpenID Connect Discovery 1.0 says, and the token is validated as RFC 7519 and
RFC 8725 say: only asymmetric algorithms, issuer, audience and times.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from msgspec import Struct, json

from fieldstone.errors import Denied, Unavailable
from fieldstone.project.server_policy_schema import is_secure
from fieldstone.registry.sql.clock import FORMAT
from fieldstone.registry.sql.tokens import Token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fieldstone.project.server_policy import Identity

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
_DISCOVERY = ".well-known/openid-configuration"
_TIMEOUT = 5.0
_FRESH = 3600.0
"""The seconds that the keys of an issuer are used."""
_PAUSE = 30.0
"""The least seconds between two requests to an issuer, so that forged tokens cause no more."""
_LARGEST = 2**20
_LONGEST = 16 * 2**10
"""The most bytes of an issuer's answer, and of a token."""
_LEEWAY = 30
"""The accepted clock difference, in seconds."""


class _Fetched(Struct):
    """The keys of one issuer."""

    keys: KeySet
    at: float


class IssuerKeys:
    """The keys of issuers, kept for an hour; fetched earlier if a token names a key that is not among them."""

    def __init__(self) -> None:
        self._fetched: dict[str, _Fetched] = {}
        self._failed: dict[str, float] = {}
        self._lock = threading.Lock()

    def of(self, issuer: str, key_id: str) -> KeySet:
        """The keys of an issuer.

        Args:
            issuer: an issuer of the policy.
            key_id: the id of the key that a token names.

        Raises:
            Unavailable: the issuer does not answer with its keys.
        """
        with self._lock:
            now = time.monotonic()
            known = self._fetched.get(issuer)
            age = now - known.at if known else _FRESH
            if known and age < _FRESH and (age < _PAUSE or any(key.kid == key_id for key in known.keys.keys)):
                return known.keys
            if now - self._failed.get(issuer, float("-inf")) < _PAUSE:
                raise Unavailable(f"the issuer {issuer} did not answer a moment ago", fix="try again in 30 seconds")
            self._failed[issuer] = now
            keys = _keys_of(issuer)
            del self._failed[issuer]
            self._fetched[issuer] = _Fetched(keys, now)
            return keys


def identify(secret: str, identities: Sequence[Identity], keys: IssuerKeys) -> tuple[Token, str]:
    """The rights of a pipeline's identity, as a token, and the name of its role.

    Args:
        secret: the token of the pipeline.
        identities: the identities of the policy.
        keys: the keys of issuers.

    Raises:
        Denied: it is no valid token of an identity.
        Unavailable: its issuer does not answer.
    """
    if len(secret) > _LONGEST:
        raise _refused("it is too long")
    try:
        header = jws.extract_compact(secret.encode()).headers()
        claimed = _claims(secret)
    except (JoseError, ValueError, TypeError) as error:
        raise _refused("it is no JSON Web Token") from error
    issuer = claimed.get("iss")
    candidates = [identity for identity in identities if identity.issuer == issuer]
    if not candidates:
        raise _refused("no identity of the policy has its issuer")
    if header.get("alg") not in _ALGORITHMS:
        raise _refused(f"its algorithm is not one of {', '.join(_ALGORITHMS)}")
    claims = _verified(secret, keys.of(str(issuer), str(header.get("kid", ""))))
    subject, audiences = claims.get("sub"), _texts(claims.get("aud"))
    for identity in candidates:
        if identity.audience in audiences and isinstance(subject, str) and identity.matches(subject):
            return _as_token(identity, subject, claims), identity.role.name
    raise _refused("no identity of the policy has its audience and subject")


def _as_token(identity: Identity, subject: str, claims: Mapping[str, Any]) -> Token:
    created, expires = (datetime.fromtimestamp(claims[name], UTC).strftime(FORMAT) for name in ("iat", "exp"))
    role = identity.role
    return Token(f"{identity.issuer} {subject}", identity.name, role.scopes, role.modules, created, expires)


def _claims(secret: str) -> dict[str, Any]:
    """The claims of a token, which are not verified yet."""
    found = json.decode(jws.extract_compact(secret.encode()).payload)
    return found if isinstance(found, dict) else {}


def _verified(secret: str, keys: KeySet) -> dict[str, Any]:
    required: Any = {"essential": True}
    registry = jwt.JWTClaimsRegistry(leeway=_LEEWAY, exp=required, iat=required, iss=required, aud=required)
    try:
        claims = jwt.decode(secret, keys, algorithms=_ALGORITHMS).claims
        registry.validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise _refused(str(error) or type(error).__name__) from error
    if not all(isinstance(claims[name], int | float) and 0 < claims[name] < 2**33 for name in ("iat", "exp")):
        raise _refused("its times are none")
    return dict(claims)


def _keys_of(issuer: str) -> KeySet:
    """The keys of an issuer, fetched.

    Raises:
        Unavailable: it does not answer with them.
    """
    import httpx

    try:
        with httpx.Client(timeout=_TIMEOUT, follow_redirects=False) as client:
            said = _fetched(client, f"{issuer.rstrip('/')}/{_DISCOVERY}")
            if said.get("issuer") != issuer or not is_secure(str(said.get("jwks_uri"))):
                raise Unavailable(f"{issuer} calls itself by another name, or has no jwks_uri with https")
            found: Any = _fetched(client, str(said["jwks_uri"]))
            return KeySet.import_key_set(found)
    except (httpx.HTTPError, httpx.InvalidURL, JoseError, ValueError, TypeError, KeyError) as error:
        raise Unavailable(
            f"the issuer {issuer} does not answer with its keys: {str(error) or type(error).__name__}",
            fix="see whether the registry can reach it",
        ) from error


def _fetched(client: Any, address: str) -> dict[str, Any]:
    with client.stream("GET", address) as answer:
        answer.raise_for_status()
        body = bytearray()
        for part in answer.iter_bytes():
            body += part
            if len(body) > _LARGEST:
                raise ValueError(f"{address} is too large")
    found = json.decode(body)
    if not isinstance(found, dict):
        raise TypeError(f"{address} is no JSON object")
    return found


def _texts(value: object) -> list[str]:
    """A claim that is a text or a list of texts."""
    found = value if isinstance(value, list) else [value]
    return [text for text in found if isinstance(text, str)]


def _refused(why: str) -> Denied:
    return Denied(f"the token of the pipeline is refused: {why}", fix="see `identities` in the registry's policy")
