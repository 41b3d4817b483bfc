"""Values in memory, up to a number of bytes: those that were not used for longest make room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

_Value = TypeVar("_Value")
_LARGEST_SHARE = 8
"""A value may take this part of the memory, so that one does not displace all others."""
_OVERHEAD = 1024
"""The bytes that an entry takes besides its content, about."""


class Kept(Generic[_Value]):
    """Values by key.

    Args:
        most: the bytes that all may take.
    """

    def __init__(self, most: int) -> None:
        self._most, self._taken = most, 0
        self._values: OrderedDict[Hashable, tuple[_Value, int]] = OrderedDict()

    def get(self, key: Hashable) -> _Value | None:
        """The value of a key; None if it is not kept."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, value: _Value, size: int) -> None:
        """Keep a value, unless it is too large.

        Args:
            key: its key.
            value: the value, which replaces the one before.
            size: its bytes.
        """
        self.drop(key)
        size += _OVERHEAD
        if size > self._most // _LARGEST_SHARE:
            return
        self._values[key] = value, size
        self._taken += size
        while self._taken > self._most:
            _, (_, freed) = self._values.popitem(last=False)
            self._taken -= freed

    def drop(self, key: Hashable) -> None:
        """Forget a value, if it is kept."""
        found = self._values.pop(key, None)
        self._taken -= found[1] if found else 0
