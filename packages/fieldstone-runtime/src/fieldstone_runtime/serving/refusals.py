"""Why a call is not answered, as an exception."""

from __future__ import annotations

from typing import TypeVar

Value = TypeVar("Value")


class RefusedRequestError(ValueError):
    """The request asks for nothing that can be answered; the text says which field, and what it must be."""


class NothingFoundError(LookupError):
    """There is no record with this key."""


class UnanswerableError(Exception):
    """What is stored cannot be told in the contract's words; its cause says why."""


def given(name: str, value: Value | None) -> Value:
    """A value that a question cannot do without.

    Raises:
        RefusedRequestError: it is absent or empty.
    """
    if value is None or value in ("", b""):
        raise RefusedRequestError(f"{name} is empty, and says what is asked for")
    return value
