"""Why a call is not answered, as an exception."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fieldstone_runtime.errors import ValueRefusedError

Plain = TypeVar("Plain")
Value = TypeVar("Value")


class RefusedRequestError(ValueError):
    """The request asks for nothing that can be answered; the text says which field, and what it must be."""


class NothingFoundError(LookupError):
    """There is no record with this key."""


class UnanswerableError(Exception):
    """A stored record cannot be told in the contract's words; its cause says why."""


def given(name: str, value: Value | None) -> Value:
    """A value that a question cannot do without.

    Raises:
        RefusedRequestError: it is absent or empty.
    """
    if value is None or value in ("", b""):
        raise RefusedRequestError(f"{name} is empty, and says what is asked for")
    return value


def argument(name: str, from_dto: Callable[[Plain], Value], plain: Plain) -> Value:
    """A value of a request as the repository's methods take it.

    Args:
        name: the field of the request.
        from_dto: the attribute's converter.
        plain: what the request has.

    Raises:
        RefusedRequestError: the converter does not take it.
    """
    try:
        return from_dto(plain)
    except ValueRefusedError as error:
        raise RefusedRequestError(f"{name} must be {error.limit}, and is {repr(plain)[:100]}") from error
