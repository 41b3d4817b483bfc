"""An attempt to sign in by an issuer, which the browser keeps in a cookie."""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from msgspec import DecodeError, Struct, json

from fieldstone.errors import Denied


class Attempt(Struct, frozen=True):
    """The state that the browser keeps between the way to the issuer and the way back.

    Attributes:
        name: the name of the issuer in the policy.
        state: comes back with the answer, which so belongs to this browser.
        nonce: comes back in the token, which so belongs to this attempt.
        verifier: proves that who redeems the code is who asked for it.
        next: the path that follows.
    """

    name: str
    state: str
    nonce: str
    verifier: str
    next: str

    def __str__(self) -> str:
        """The value of the cookie."""
        return urlsafe_b64encode(json.encode(self)).decode()

    def require_state(self, state: str) -> None:
        """Raise unless an answer of the issuer belongs to this attempt.

        Raises:
            Denied: it does not.
        """
        if not hmac.compare_digest(self.state.encode(), state.encode()):
            raise Denied("the answer of the issuer belongs to another attempt to sign in", fix="sign in again")


def begun(name: str, then: str) -> Attempt:
    """A new attempt.

    Args:
        name: the name of the issuer in the policy.
        then: the path that follows.
    """
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Attempt(name, state, nonce, verifier, then)


def kept(cookie: str) -> Attempt:
    """The attempt that a browser has kept.

    Args:
        cookie: the value of its cookie; empty without one.

    Raises:
        Denied: it has kept none, or its time is over.
    """
    try:
        return json.decode(urlsafe_b64decode(cookie), type=Attempt)
    except (ValueError, DecodeError) as error:
        raise Denied("this browser has not begun to sign in within 10 minutes", fix="sign in again") from error
