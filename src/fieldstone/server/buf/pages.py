"""Lists in pages: a token is the number of what came before, in decimal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from fieldstone.errors import Invalid

_ASCENDING = {2, 4}
"""The numbers of ListOrder for oldest first."""
_LONGEST_TOKEN = 12
"""The most digits of a page token."""
_Item = TypeVar("_Item")
_DEFAULT, _LARGEST = 10, 250
"""The items of a page, as in buf's API."""


def in_order(newest_first: Sequence[_Item], order: int) -> Sequence[_Item]:
    """A list in the order that a request asks for, as a number of ListOrder."""
    return newest_first[::-1] if order in _ASCENDING else newest_first


def page_of(items: Sequence[_Item], size: int, token: str) -> tuple[Sequence[_Item], str]:
    """A page of a list, and the token of the next one; empty after the last.

    Args:
        items: the whole list.
        size: the items of a page; 0 for the default.
        token: the token of the page; empty for the first.

    Raises:
        Invalid: the token is none of this list.
    """
    if token and not (token.isascii() and token.isdigit() and len(token) <= _LONGEST_TOKEN):
        raise Invalid(f"{token!r} is no page token", fix="begin with the first page")
    start = int(token or 0)
    end = start + min(size or _DEFAULT, _LARGEST)
    return items[start:end], str(end) if end < len(items) else ""
