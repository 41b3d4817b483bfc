"""A schema as the generator holds it.

Types refer to each other as objects, so that a renamed or moved type takes its uses along. Types that hold the same,
or nearly so, share their `kin`. A file that `is_outside` belongs to another module, and never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(eq=False)
class Value:
    name: str
    number: int
    options: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Enum:
    name: str
    values: list[Value]
    reserved: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    kin: str = ""


@dataclass(eq=False)
class Field:
    name: str
    number: int
    type: str | Enum | Message
    label: str = ""
    key: str = ""
    oneof: str = ""
    delimited: bool = False
    options: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Extension:
    extendee: str | Message
    field: Field


@dataclass(eq=False)
class Message:
    name: str
    fields: list[Field] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    enums: list[Enum] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    reserved: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    kin: str = ""


@dataclass(eq=False)
class Rpc:
    name: str
    request: str | Message
    response: str | Message
    streams: list[bool]
    options: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Service:
    name: str
    rpcs: list[Rpc]
    options: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class File:
    path: str
    package: str
    syntax: str
    messages: list[Message] = field(default_factory=list)
    enums: list[Enum] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    is_outside: bool = False


Type = str | Enum | Message
Holder = File | Message
Tree = list[File]

WELL_KNOWN = ".google.protobuf."
"""How the names of types that come with protobuf begin."""


def messages_of(holders: Sequence[Holder]) -> list[Message]:
    """Every message, however deep."""
    found = [message for holder in holders for message in holder.messages]
    return found + messages_of(found) if found else found


def holders_of(tree: Tree) -> list[Holder]:
    return [*tree, *messages_of(tree)]


def enums_of(tree: Tree) -> list[Enum]:
    return [enum for holder in holders_of(tree) for enum in holder.enums]


def types_in(holder: Holder) -> list[Message | Enum]:
    """The messages and enums that a file or a message declares itself."""
    return [*holder.messages, *holder.enums]


def types_of(tree: Tree) -> list[Message | Enum]:
    """Every message and enum, however deep."""
    return [*messages_of(tree), *enums_of(tree)]


def kin_of(kind: Type) -> str:
    """What relates a type to others: well-known types are related to the twins of their name."""
    return (
        kind.removeprefix(WELL_KNOWN)
        if isinstance(kind, str) and kind.startswith(WELL_KNOWN)
        else getattr(kind, "kin", "")
    )


def fields_of(tree: Tree) -> list[Field]:
    """The fields of all messages, and all extensions."""
    extended = [extension.field for holder in holders_of(tree) for extension in holder.extensions]
    return [found for message in messages_of(tree) for found in message.fields] + extended


def retarget(tree: Tree, old: Type, new: Type) -> None:
    """Whatever uses one type uses another one."""
    for found in fields_of(tree):
        found.type = new if found.type is old else found.type
    for rpc in (rpc for file in tree for service in file.services for rpc in service.rpcs):
        if not isinstance(new, Enum):
            rpc.request = new if rpc.request is old else rpc.request
            rpc.response = new if rpc.response is old else rpc.response
