"""Parts of long lists: `?page=2`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.datastructures import URL

from fieldstone.errors import NotFound

if TYPE_CHECKING:
    from starlette.requests import Request

SIZE = 50
"""The entries of a part."""


class Part(Struct, frozen=True):
    """A part of a list.

    Attributes:
        number: its number, from 1.
        total: the entries of the whole list.
        size: the entries of a part.
        before: the address of the part before; empty for the first.
        after: the address of the next part; empty for the last.
    """

    number: int
    total: int
    size: int
    before: str
    after: str

    @property
    def slice(self) -> slice:
        """The entries of this part."""
        return slice((self.number - 1) * self.size, self.number * self.size)


def part_of(request: Request, total: int, size: int = SIZE) -> Part:
    """The part of a list that a request asks for.

    Args:
        request: the request.
        total: the entries of the whole list.
        size: the entries of a part.

    Raises:
        NotFound: there is no such part.
    """
    asked, last = request.query_params.get("page", "1"), max(1, -(-total // size))
    if not (asked.isascii() and asked.isdigit() and len(asked) < len("1000000") and 1 <= int(asked) <= last):
        raise NotFound(f"there is no page {asked} of this list", fix=f"it has {last}")
    number = int(asked)
    before, after = (_address(request, other) if 1 <= other <= last else "" for other in (number - 1, number + 1))
    return Part(number, total, size, before, after)


def _address(request: Request, number: int) -> str:
    changed = URL(scope=request.scope).include_query_params(page=number)
    return f"{changed.path}?{changed.query}"
