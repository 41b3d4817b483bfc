"""The error of a conversion that a value does not fit; repositories and mappers name record and attribute with it."""

from __future__ import annotations

from typing import NoReturn


class UnfitError(ValueError):
    """A value that does not fit where it should go; `limit` says in words what would."""

    def __init__(self, value: object, limit: str) -> None:
        super().__init__(f"{repr(value)[:100]} is not {limit}")
        self.value, self.limit = value, limit


def unfit(value: object, limit: str = "a value that the database and the field can hold") -> NoReturn:
    """Raise an UnfitError, where only an expression can stand."""
    raise UnfitError(value, limit)
