"""Read access by tokens, with Basic (as the password, with any user name) or Bearer (RFC 7617, RFC 6750)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError, SimpleUser

from fieldstone.errors import Invalid, Unavailable
from fieldstone.server.access.credentials import secret_of

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

VARIABLE = "FIELDSTONE_INDEX_TOKEN"
"""The environment variable that may contain a token."""

CHALLENGES = ('Basic realm="fieldstone", charset="UTF-8"', 'Bearer realm="fieldstone"')
"""The challenges for a client without a token."""


def load_tokens(file: Path | None, variable: str | None) -> frozenset[str]:
    """The tokens that give access.

    Args:
        file: one token a line, or None.
        variable: the value of the environment variable; None if it is not set.

    Raises:
        FieldstoneError: one of the two is given but has no token, or an invalid one.
    """
    tokens = _lines(file) if file else []
    if variable is not None:
        if not variable.strip():
            raise Invalid(f"{VARIABLE} is set and empty", fix="give it a token, or unset it")
        tokens.append(variable.strip())
    for token in tokens:
        if not token.isascii() or not token.isprintable() or " " in token:
            raise Invalid(
                f"a token in {file or VARIABLE} has characters that no client can send",
                fix="use letters and digits, as `openssl rand -hex 32` prints them",
            )
    return frozenset(tokens)


def _lines(file: Path) -> list[str]:
    try:
        lines = [line.strip() for line in file.read_text("utf-8").splitlines()]
    except UnicodeDecodeError as error:
        raise Invalid(f"the token file {file} is no text") from error
    except OSError as error:
        raise Unavailable(f"cannot read the token file {file}: {error.strerror}") from error
    tokens = [line for line in lines if line]
    if not tokens:
        raise Invalid(f"the token file {file} is empty", fix="write a token into it, one a line")
    return tokens


class TokenBackend(AuthenticationBackend):
    """Gives access to clients that send one of the tokens."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._digests = [_digest(token) for token in tokens]

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, SimpleUser]:
        """The sender of a request.

        Raises:
            AuthenticationError: it has no token, or an unknown one.
        """
        sent = _digest(secret_of(conn.headers.get("authorization", "")))
        same = [hmac.compare_digest(sent, digest) for digest in self._digests]  # all, so that timing reveals none
        if not any(same):
            raise AuthenticationError("this index requires a token")
        return AuthCredentials(["read"]), SimpleUser("reader")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
