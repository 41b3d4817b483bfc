"""Identities of pipelines: ID tokens of OpenID Connect issuers such as GitHub's and GitLab's, mapped to roles."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from joserfc import jws
from joserfc.errors import JoseError
from msgspec import json

from fieldstone.registry.clock import FORMAT
from fieldstone.registry.sql.tokens import Token
from fieldstone.server.access.issuers import ALGORITHMS, IssuerKeys, refused, verified

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fieldstone.project.server_policy import Identity

_LONGEST = 16 * 2**10
"""The most bytes of a token."""


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
        raise refused("it is too long")
    try:
        header = jws.extract_compact(secret.encode()).headers()
        claimed = _claims(secret)
    except (JoseError, ValueError, TypeError) as error:
        raise refused("it is no JSON Web Token") from error
    issuer = claimed.get("iss")
    candidates = [identity for identity in identities if identity.issuer == issuer]
    if not candidates:
        raise refused("no identity of the policy has its issuer")
    if header.get("alg") not in ALGORITHMS:
        raise refused(f"its algorithm is not one of {', '.join(ALGORITHMS)}")
    claims = verified(secret, keys.of(str(issuer), str(header.get("kid", ""))))
    subject, audiences = claims.get("sub"), _texts(claims.get("aud"))
    for identity in candidates:
        if identity.audience in audiences and isinstance(subject, str) and identity.matches(subject):
            return _as_token(identity, subject, claims), identity.role.name
    raise refused("no identity of the policy has its audience and subject")


def _as_token(identity: Identity, subject: str, claims: Mapping[str, Any]) -> Token:
    created, expires = (datetime.fromtimestamp(claims[name], UTC).strftime(FORMAT) for name in ("iat", "exp"))
    role = identity.role
    return Token(f"{identity.issuer} {subject}", identity.name, role.scopes, role.modules, created, expires)


def _claims(secret: str) -> dict[str, Any]:
    """The claims of a token, which are not verified yet."""
    found = json.decode(jws.extract_compact(secret.encode()).payload)
    return found if isinstance(found, dict) else {}


def _texts(value: object) -> list[str]:
    """A claim that is a text or a list of texts."""
    found = value if isinstance(value, list) else [value]
    return [text for text in found if isinstance(text, str)]
