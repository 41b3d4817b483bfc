"""Issuers of OpenID Connect: what they publish about themselves, their keys, and the tokens that they signed.

The keys are found as OpenID Connect Discovery 1.0 says, and a token is validated as RFC 7519 and RFC 8725 say: only
asymmetric algorithms, issuer, audience and times.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from msgspec import Struct, json

from fieldstone.errors import Denied, Unavailable
from fieldstone.project.server_policy_schema import is_secure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
_DISCOVERY = ".well-known/openid-configuration"
_TIMEOUT = 5.0
_FRESH = 3600.0
"""The seconds that the keys of an issuer are used."""
_PAUSE = 30.0
"""The least seconds between two requests to an issuer, so that forged tokens cause no more."""
_LARGEST = 2**20
"""The most bytes of an issuer's answer."""
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


def discovered(issuer: str, names: Sequence[str]) -> dict[str, str]:
    """Addresses that an issuer publishes.

    Args:
        issuer: the issuer.
        names: the names of the addresses in its configuration: `jwks_uri`, `token_endpoint`.

    Raises:
        Unavailable: it does not answer with them, calls itself by another name, or one is not encrypted.
    """
    said = asked(issuer, "GET", f"{issuer.rstrip('/')}/{_DISCOVERY}")
    found = {name: str(said.get(name)) for name in names}
    if said.get("issuer") != issuer or not all(map(is_secure, found.values())):
        raise Unavailable(f"{issuer} calls itself by another name, or has no {' or '.join(names)} with https")
    return found


def asked(issuer: str, method: str, address: str, **request: Any) -> dict[str, Any]:
    """The JSON object that an address of an issuer answers.

    Args:
        issuer: the issuer, for the error.
        method: GET or POST.
        address: the address.
        request: what `httpx.Client.stream` takes besides.

    Raises:
        Denied: it refuses what was posted (RFC 6749, 5.2).
        Unavailable: it does not answer with one.
    """
    import httpx

    try:
        with httpx.Client(timeout=_TIMEOUT, follow_redirects=False) as client:
            return _fetched(client, method, address, request)
    except httpx.HTTPStatusError as error:
        if method == "POST" and error.response.is_client_error:
            raise refused(f"{issuer} gives none: {error.response.status_code}") from error
        raise _unavailable(issuer, error) from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError) as error:
        raise _unavailable(issuer, error) from error


def _unavailable(issuer: str, error: Exception) -> Unavailable:
    return Unavailable(
        f"the issuer {issuer} does not answer as it should: {str(error) or type(error).__name__}",
        fix="see whether the registry can reach it",
    )


def _fetched(client: httpx.Client, method: str, address: str, request: dict[str, Any]) -> dict[str, Any]:
    with client.stream(method, address, **request) as answer:
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


def _keys_of(issuer: str) -> KeySet:
    """The keys of an issuer, fetched.

    Raises:
        Unavailable: it does not answer with them.
    """
    found: Any = asked(issuer, "GET", discovered(issuer, ["jwks_uri"])["jwks_uri"])
    try:
        return KeySet.import_key_set(found)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Unavailable(f"the issuer {issuer} does not answer with its keys: {error}") from error


def key_id(token: str) -> str:
    """The id of the key that a token names; empty if it names none.

    Raises:
        Denied: it is no JSON Web Token.
    """
    try:
        return str(jws.extract_compact(token.encode()).headers().get("kid", ""))
    except (JoseError, ValueError, TypeError) as error:
        raise refused("it is no JSON Web Token") from error


def verified(secret: str, keys: KeySet) -> dict[str, Any]:
    """The claims of a token, whose signature and times are good.

    Args:
        secret: the token.
        keys: the keys of its issuer.

    Raises:
        Denied: it is not valid.
    """
    required: Any = {"essential": True}
    registry = jwt.JWTClaimsRegistry(leeway=_LEEWAY, exp=required, iat=required, iss=required, aud=required)
    try:
        claims = jwt.decode(secret, keys, algorithms=ALGORITHMS).claims
        registry.validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise refused(str(error) or type(error).__name__) from error
    if not all(isinstance(claims[name], int | float) and 0 < claims[name] < 2**33 for name in ("iat", "exp")):
        raise refused("its times are none")
    return dict(claims)


def refused(why: str) -> Denied:
    """The error about a token that is not accepted."""
    return Denied(f"the token of the issuer is refused: {why}", fix="see `identities` in the registry's policy")
