"""Classes that were there before they were stored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import attr
import attrs
from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass


@attrs.define(kw_only=True)
class Reading:
    """A reading of a sensor; the level is given as `height`."""

    sensor: str
    celsius: float = attrs.field(converter=float)
    note: str | None = None
    tags: Sequence[str] = attrs.field(factory=list)
    level: int = attrs.field(alias="height")

    @level.default
    def _(self) -> int:
        return 0


@attr.s(auto_attribs=True, frozen=True, slots=True)
class Place:
    """A place with its readings."""

    name: str
    latitude: float
    readings: tuple[Reading, ...] = attr.ib(default=())


@dataclass(frozen=True)
class Address:
    """An address."""

    street: str
    city: str | None = None


class Stored(BaseModel):
    """What is stored; it cannot be changed."""

    model_config = ConfigDict(frozen=True)


class Customer(Stored):
    """A customer; the name is given as `fullName`."""

    id: UUID
    full_name: str = Field(alias="fullName")
    joined: Annotated[datetime, Field(description="the first order")]
    addresses: list[Address] = Field(default_factory=list)
    home: Address | None = None
    points: Mapping[str, int] = {}
    active: bool = True


class Part(NamedTuple):
    """A part of a point."""

    share: float


class Point(NamedTuple):
    """A point."""

    x: int
    y: int
    label: str = ""
    parts: tuple[Part, ...] = ()
