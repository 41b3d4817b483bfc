"""The arguments and results of an administration, as its protocol has them."""

from __future__ import annotations

from msgspec import Struct

from fieldstone.registry.sql.tokens import Token


class TokenWish(Struct, frozen=True, kw_only=True):
    """A token to create; the attributes are the arguments of `tokens.create`."""

    name: str
    scopes: tuple[str, ...]
    modules: tuple[str, ...] = ("*",)
    days: float = 90


class IssuedToken(Struct, frozen=True):
    """A new token and its secret, which is never shown again."""

    token: Token
    secret: str


class NewPolicy(Struct, frozen=True):
    """A policy to set.

    Attributes:
        content: the text of its file.
        after: the number of the policy that it replaces.
    """

    content: str
    after: int
