"""Long lists in pages: one slice at a time, with its number in the address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from starlette.requests import Request

_LONGEST = 6
"""The most digits of the number of a page."""


class Slice(Struct, frozen=True):
    """A part of a list.

    Attributes:
        number: its number, from 1.
        of: the number of all parts.
        start: the index of its first item.
        end: the index after its last item.
        total: the number of items in the list.
    """

    number: int
    of: int
    start: int
    end: int
    total: int


def page_number(request: Request) -> int:
    """The number in the address of a page; 1 without one, or for what is none."""
    said = request.query_params.get("page", "")
    return max(1, int(said)) if said.isascii() and said.isdigit() and len(said) <= _LONGEST else 1


def slice_of(total: int, number: int, size: int) -> Slice:
    """A part of a list.

    Args:
        total: the number of items.
        number: the number of the part; the last one if there are fewer.
        size: the most items of a part.
    """
    parts = max(1, -(-total // size))
    number = min(number, parts)
    return Slice(number, parts, (number - 1) * size, min(total, number * size), total)
