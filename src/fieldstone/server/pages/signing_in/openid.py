"""The authorization code flow of OpenID Connect, with PKCE (OpenID Connect Core 1.0, 3.1; RFC 7636; RFC 9207)."""

from __future__ import annotations

import hmac
import os
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

from msgspec import Struct

from fieldstone.project.server_policy import SignIn
from fieldstone.server.access.issuers import IssuerKeys, asked, discovered, key_id, refused, verified
from fieldstone.server.pages.signing_in.attempt import Attempt

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

SECRETS = "FIELDSTONE_SIGN_IN_SECRETS"
"""The environment variable with the secrets of clients; see `fieldstone.environment`."""
_AUTHORIZATION, _TOKEN = "authorization_endpoint", "token_endpoint"
_SCOPE = "openid profile email"


class Person(Struct, frozen=True):
    """A person as an issuer confirms it.

    Attributes:
        subject: the subject, which never changes.
        name: a name for people: a confirmed mail address if there is one.
    """

    subject: str
    name: str


def address(at: SignIn, attempt: Attempt, back: str) -> str:
    """The address of the issuer to send the browser to.

    Args:
        at: the issuer.
        attempt: the attempt.
        back: the address that it sends the browser back to.

    Raises:
        Unavailable: the issuer does not answer.
    """
    challenge = urlsafe_b64encode(sha256(attempt.verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": at.client_id,
        "redirect_uri": back,
        "scope": _SCOPE,
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    found = discovered(at.issuer, [_AUTHORIZATION])[_AUTHORIZATION]
    return f"{found}{'&' if '?' in found else '?'}{urlencode(query)}"


def person(at: SignIn, attempt: Attempt, code: str, back: str, keys: IssuerKeys) -> Person:
    """The person whom the issuer confirms for a code.

    Args:
        at: the issuer.
        attempt: the attempt that the code belongs to.
        code: the code.
        back: the address that the browser was sent back to.
        keys: the keys of issuers.

    Raises:
        Denied: the token that it gives is not for this attempt, or not valid.
        Unavailable: the issuer does not answer, or refuses the code.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "client_id": at.client_id,
        "code_verifier": attempt.verifier,
    }
    secret = _secrets().get(at.name)
    # RFC 6749, 2.3.1: both are encoded as in a form before they are joined.
    basic = {"auth": (quote_plus(at.client_id), quote_plus(secret))} if secret else {}
    answer = asked(at.issuer, "POST", discovered(at.issuer, [_TOKEN])[_TOKEN], data=form, **basic)
    token = str(answer.get("id_token", ""))
    return _confirmed(at, attempt, token, keys.of(at.issuer, key_id(token)))


def _confirmed(at: SignIn, attempt: Attempt, token: str, keys: KeySet) -> Person:
    """The person in an ID token (OpenID Connect Core 1.0, 3.1.3.7).

    Raises:
        Denied: it is not for this attempt, or not valid.
    """
    claims = verified(token, keys)
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if claims["iss"] != at.issuer or at.client_id not in audiences or claims.get("azp", at.client_id) != at.client_id:
        raise refused("it is for another client, or of another issuer")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), attempt.nonce.encode()):
        raise refused("it belongs to another attempt to sign in")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject or not subject.isprintable():
        raise refused("it has no subject")
    return Person(subject, _name(claims, subject))


def _name(claims: dict[str, Any], subject: str) -> str:
    """A name for people; the person may have chosen it, so that no right follows from it."""
    mail = claims.get("email") if claims.get("email_verified") is True else None
    found = next((name for name in (mail, claims.get("preferred_username")) if isinstance(name, str) and name), subject)
    return "".join(letter for letter in found if letter.isprintable())[:100]


def _secrets() -> dict[str, str]:
    """The secrets of clients by the names of their issuers in the policy."""
    pairs = (pair.partition("=") for pair in os.environ.get(SECRETS, "").split())
    return {name: secret for name, _, secret in pairs}
