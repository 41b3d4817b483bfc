"""Lifecycle options: the deprecation and sunset of an element."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from msgspec import Struct

from fieldstone.schema.features import extension_parts

LIFECYCLE_OPTION = 51201
"""The number of every lifecycle extension in `fieldstone/v1/annotations.proto`."""


class Lifecycle(Struct, frozen=True):
    """The announced end of an element: `deprecated` and the `fieldstone.v1` lifecycle option."""

    deprecated: bool = False
    deprecated_since: str = ""
    sunset: str = ""
    owner: str = ""

    @property
    def sunset_day(self) -> date | None:
        """The sunset as a day in UTC, the element's last; None unless it is written as 2027-12-31."""
        try:
            day = date.fromisoformat(self.sunset)
        except ValueError:
            return None
        return day if day.isoformat() == self.sunset else None

    def retired_by(self, today: date) -> bool:
        """Whether the element is deprecated and its sunset has passed; `today` is a day in UTC."""
        return self.deprecated and self.sunset_day is not None and self.sunset_day < today


def decode_lifecycle(options: Any) -> Lifecycle:
    """The lifecycle in the options of an element of any kind: `MessageOptions`, `FieldOptions`, ..."""
    texts = dict(_lifecycle_texts(options))
    return Lifecycle(options.deprecated, texts.get(1, ""), texts.get(2, ""), texts.get(3, ""))


def _lifecycle_texts(options: Any) -> Iterator[tuple[int, str]]:
    for part in extension_parts(options, LIFECYCLE_OPTION):
        if isinstance(part.data, bytes):
            yield part.field_number, part.data.decode("utf-8", "replace")
