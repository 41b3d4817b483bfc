"""A schema as the generator holds it.

Types refer to each other as objects, so that a renamed or moved type takes its uses along.
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


@dataclass(eq=False)
class Rpc:
    name: str
    request: Message
    response: Message
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


Type = str | Enum | Message
Holder = File | Message
Tree = list[File]


def messages_of(holders: Sequence[Holder]) -> list[Message]:
    """Every message, however deep."""
    found = [message for holder in holders for message in holder.messages]
    return found + messages_of(found) if found else found


def holders_of(tree: Tree) -> list[Holder]:
    return [*tree, *messages_of(tree)]


def enums_of(tree: Tree) -> list[Enum]:
    return [enum for holder in holders_of(tree) for enum in holder.enums]
