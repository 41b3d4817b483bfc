"""The token in the header of a request, as clients send it."""

from __future__ import annotations

from base64 import b64decode


def secret_of(header: str) -> str:
    """The token in a header `authorization` (RFC 6750, RFC 7617); empty without one."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(value, validate=True).decode("utf-8").partition(":")[2]
    except ValueError:
        return ""
