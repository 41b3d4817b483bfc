"""Pages of an answer, and the tokens that lead from one to the next."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from types import UnionType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, get_args

from fieldstone_runtime.errors import StorageError
from fieldstone_runtime.serving.refusals import RefusedRequestError, UnanswerableError
from fieldstone_runtime.values import EPOCH, duration_micros, timestamp_micros

if TYPE_CHECKING:
    from google.protobuf.message import Message

Record = TypeVar("Record")
Dto = TypeVar("Dto", bound="Message")
Position = TypeVar("Position", bound="tuple[Any, ...]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLimits:
    """The limits of a page's size.

    Attributes:
        default: records where the client does not say.
        most: records, whatever the client says.
        size: bytes of DTOs; a DTO that is larger is a page of its own. A client of gRPC takes messages
            of 4 MiB where nobody tells it otherwise.
    """

    default: int = 100
    most: int = 1000
    size: int = 3 * 1024 * 1024


DEFAULT_LIMITS = PageLimits()
"""The limits of servicers where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Dto, Position]):
    """A part of an answer: its DTOs, the position of each, and whether there are more after them."""

    items: list[Dto]
    positions: list[Position]
    more: bool


class Question(Generic[Position]):
    """The owner of a token: a query and its arguments.

    Args:
        query: the query's full name.
        arguments: what it is asked for; the next page must be asked for the same.
        position: the types of a position in the answer, `int | None` for a part that may be absent.
    """

    def __init__(
        self, query: str, arguments: Sequence[object], position: type[Position] | Sequence[type | UnionType]
    ) -> None:
        text = json.dumps([query, *map(_to_json, arguments)])
        self._digest = sha256(text.encode()).hexdigest()[:16]
        self._types = cast("Sequence[type | UnionType]", position)

    def token(self, position: Position) -> str:
        """The token of the page after this position."""
        text = json.dumps([self._digest, *map(_to_json, position)], separators=(",", ":"))
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def after(self, token: str) -> Position | None:
        """The position that a token leads on from; None for no token.

        Raises:
            RefusedRequestError: the token is none, or is of another question.
        """
        if not token:
            return None
        try:
            digest, *values = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
            if digest == self._digest:
                return cast("Position", tuple(_from_json(v, t) for v, t in zip(values, self._types, strict=True)))
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise RefusedRequestError("page_token is none that this server gave; begin without one") from error
        raise RefusedRequestError("page_token is of another question; ask as for the page before, or without a token")


def page_size(asked: int, limits: PageLimits) -> int:
    """The most records of a page: https://google.aip.dev/158.

    Raises:
        RefusedRequestError: what is asked for is negative.
    """
    if asked < 0:
        raise RefusedRequestError(f"page_size must be 0 or more, and is {asked}")
    return min(asked or limits.default, limits.most)


def read_page(
    records: Iterator[Record],
    size: int,
    limits: PageLimits,
    to_dto: Callable[[Record], Dto],
    position: Callable[[Record], tuple[Any, ...]],
) -> Page[Dto, Position]:
    """Read a page, and let go of the database.

    Args:
        records: what a query gives from the page on, one more than `size` where there are more.
        size: how many records at most.
        limits: how many bytes at most.
        to_dto: the mapper's function.
        position: the position of a record in the query's order; no part of it is absent in an answer.

    Raises:
        StorageError: the records cannot be read.
        UnanswerableError: a record cannot be told in this version of the contract.
    """
    page: Page[Dto, Position] = Page([], [], more=False)
    taken = 0
    try:
        for record in records:
            dto = converted(record, to_dto)
            taken += dto.ByteSize()
            if len(page.items) == size or (page.items and taken > limits.size):
                return Page(page.items, page.positions, more=True)
            page.items.append(dto)
            page.positions.append(cast("Position", position(record)))
    finally:
        if isinstance(records, Generator):
            records.close()
    return page


def converted(record: Record, to_dto: Callable[[Record], Dto]) -> Dto:
    """The DTO of a record.

    Raises:
        StorageError: the record does not fit the DTO.
        UnanswerableError: the conversion to this version fails.
    """
    try:
        return to_dto(record)
    except StorageError:
        raise
    except Exception as error:
        raise UnanswerableError(f"a {type(record).__name__} cannot be told in this version of the contract") from error


def _to_json(value: object) -> Any:
    if isinstance(value, list):
        return [_to_json(item) for item in value]
    if isinstance(value, datetime):
        return timestamp_micros(value)
    if isinstance(value, timedelta):
        return duration_micros(value)
    return value.hex() if isinstance(value, bytes) else value


def _from_json(value: Any, kind: type | UnionType) -> Any:
    if isinstance(kind, UnionType):
        return None if value is None else _from_json(value, get_args(kind)[0])
    if kind is bytes:
        return bytes.fromhex(value)
    if kind in {datetime, timedelta}:
        since = timedelta(microseconds=_checked(value, int))
        return EPOCH + since if kind is datetime else since
    return _checked(value, kind)


def _checked(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(value)
    return value
