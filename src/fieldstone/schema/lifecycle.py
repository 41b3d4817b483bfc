"""Lifecycle options: the deprecation and sunset of an element."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fieldstone.schema.features import extension_parts
from fieldstone.schema.model import Lifecycle

LIFECYCLE_OPTION = 51201
"""The number of every lifecycle extension in `fieldstone/v1/annotations.proto`."""


def decode_lifecycle(options: Any) -> Lifecycle:
    """The lifecycle in the options of an element of any kind: `MessageOptions`, `FieldOptions`, ..."""
    texts = dict(_lifecycle_texts(options))
    return Lifecycle(options.deprecated, texts.get(1, ""), texts.get(2, ""), texts.get(3, ""))


def _lifecycle_texts(options: Any) -> Iterator[tuple[int, str]]:
    for part in extension_parts(options, LIFECYCLE_OPTION):
        if isinstance(part.data, bytes):
            yield part.field_number, part.data.decode("utf-8", "replace")
