"""Signatures of webhooks, as the Standard Webhooks specification has them.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode

_PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """A secret: `whsec_` and 32 random bytes in base64."""
    return _PREFIX + b64encode(secrets.token_bytes(_BYTES)).decode()


def signed_headers(secret: str, message: str, seconds: int, body: bytes) -> dict[str, str]:
    """The headers `webhook-id`, `webhook-timestamp` and `webhook-signature` of a request.

    Args:
        secret: a secret of `new_secret`.
        message: the id of the message, the same at each attempt.
        seconds: the time of the attempt, in seconds since 1970.
        body: the body of the request.
    """
    key = b64decode(secret.removeprefix(_PREFIX))
    digest = hmac.new(key, f"{message}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{b64encode(digest).decode()}",
    }
