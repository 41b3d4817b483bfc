"""Obligations of callers: the `google.api.field_behavior` of a field (https://google.aip.dev/203)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fieldstone.schema.model import Field

OPTION = "google.api.field_behavior"
"""The full name of the option that declares obligations."""

REQUIRED = "REQUIRED"
"""The behavior of a field that requests must set."""


def behaviors(field: Field) -> frozenset[str]:
    """The names of a field's behaviors; order and repetition do not matter."""
    option = field.custom.get(OPTION)
    named = option.parts.get("", ()) if option else ()
    return frozenset(map(str, named)) if isinstance(named, tuple) else frozenset({str(named)})
