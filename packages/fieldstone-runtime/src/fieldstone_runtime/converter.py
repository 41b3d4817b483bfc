"""The wrapper that generated code puts around a converter of the application: its failures become refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from fieldstone_runtime.errors import ValueRefusedError
from fieldstone_runtime.limits import Check

A = TypeVar("A")


class Converter(Generic[A]):
    """The converter of one attribute.

    Args:
        where: the record's class and the attribute: "StepRecord.observation".
        name: the converter, as the annotation names it: "app.codecs:observation".
        to_dto: from the attribute to what the field holds.
        from_dto: back.
        fits: what the field can hold, checked after each `to_dto`.
        example: a value for each number, for tests; None where the converter has none.
    """

    __slots__ = ("_example", "_fits", "_from_dto", "_name", "_to_dto", "_where")

    def __init__(
        self,
        where: str,
        name: str,
        to_dto: Callable[[A], Any],
        from_dto: Callable[[Any], A],
        *,
        fits: Check,
        example: Callable[[int], A] | None = None,
    ) -> None:
        self._where, self._name, self._to_dto, self._from_dto = where, name, to_dto, from_dto
        self._fits, self._example = fits, example

    def to_dto(self, value: A | None) -> Any:
        """From the attribute to what the field holds.

        Raises:
            ValueRefusedError: the value is None, the converter raised, or the field cannot hold what it gave.
        """
        if value is None:
            raise self._refused(value, "a value, and not None")
        try:
            dto = self._to_dto(value)
        except Exception as error:
            raise self._refused(value, f"a value that {self._name} converts ({_one_line(error)})") from error
        if limit := self._fits(dto):
            raise self._refused(value, f"a value that {self._name} converts to {limit}, which gave {repr(dto)[:100]}")
        return dto

    def from_dto(self, dto: Any) -> A:
        """From what the field or column holds to the attribute.

        Raises:
            ValueRefusedError: there is none, the converter raised, or it gave None.
        """
        if dto is None:
            raise self._refused(dto, "a value, and not None")
        try:
            value = self._from_dto(dto)
        except Exception as error:
            raise self._refused(dto, f"a stored value that {self._name} reads ({_one_line(error)})") from error
        if value is None:
            raise self._refused(dto, f"a stored value that {self._name} reads, which gave None")
        return value

    def check(self, value: object) -> str:
        """A check, as those of `fieldstone_runtime.limits`: what would fit; empty where the value is converted."""
        try:
            self.to_dto(value)  # type: ignore[arg-type]  # what is no A is refused
        except ValueRefusedError as error:
            return error.limit
        return ""

    def example(self, number: int) -> A:
        """A value for tests; LookupError where the converter has no `example`."""
        if self._example is None:
            raise LookupError(f"{self._name} has no function `example`")
        return self._example(number)

    def _refused(self, value: object, limit: str) -> ValueRefusedError:
        record, _, attribute = self._where.rpartition(".")
        return ValueRefusedError(record, attribute, value, limit)


def _one_line(error: Exception) -> str:
    """An exception in one line of at most 200 characters."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
