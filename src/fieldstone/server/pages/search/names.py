"""The names that a module declares, and the texts in which they are searched. Pure."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from msgspec import Struct

from fieldstone.schema.element import Element
from fieldstone.schema.model import Schema

KINDS = ("module", "message", "enum", "service", "extension", "field", "rpc", "value")
"""The kinds of names, in the order of results that are equally good."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
"""A word of an identifier, in snake case or in camel case."""
_SPACES = re.compile(r"\s+")


class Name(Struct, frozen=True, gc=False):
    """A name that a module declares.

    Attributes:
        kind: one of `KINDS`.
        full_name: its full name.
        comment: its comment, on one line.
        deprecated: whether it is deprecated.
    """

    kind: str
    full_name: str
    comment: str = ""
    deprecated: bool = False

    @property
    def own(self) -> str:
        """The last part of its full name."""
        return self.full_name if self.kind == "module" else self.full_name.rpartition(".")[2]


class Lines:
    """A text with a line for each name, in lower case.

    Args:
        lines: the lines.

    Attributes:
        text: all lines, each with a line end before and after it.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._starts = array("I")
        size, parts = 1, []
        for line in lines:
            self._starts.append(size)
            parts.append(line)
            size += len(line) + 1
        self.text = "\n" + "\n".join(parts) + "\n"

    def number(self, at: int) -> int:
        """The number of the line that a character is in; a line end belongs to the line after it."""
        return bisect_right(self._starts, at + 1) - 1


class Names:
    """The names of a module's newest release.

    Args:
        module: the module.
        version: the version of the release; empty without one.
        names: the names.

    Attributes:
        own: the last parts of their full names, a line each.
        full: their full names.
        words: the words of the last parts, each with a space before it.
        comments: their comments, with a space before.
    """

    def __init__(self, module: str, version: str, names: Sequence[Name]) -> None:
        self.module, self.version, self.names = module, version, names
        self.own = Lines(name.own.lower() for name in names)
        self.full = Lines(name.full_name.lower() for name in names)
        self.words = Lines(words_of(name.own) for name in names)
        self.comments = Lines(" " + name.comment.lower() for name in names)


def names_of(module: str, description: str, schema: Schema) -> list[Name]:
    """The names of a module and of all that it declares.

    Args:
        module: its name.
        description: its description.
        schema: its newest release.
    """
    found = [Name("module", module, _line(description))]
    for message in schema.messages.values():
        found.append(_name("message", message))
        found += (_name("field", field) for field in message.fields.values())
    for enum in schema.enums.values():
        found.append(_name("enum", enum))
        found += (_name("value", value) for value in enum.values)
    for service in schema.services.values():
        found.append(_name("service", service))
        found += (_name("rpc", rpc) for rpc in service.rpcs.values())
    found += (_name("extension", field) for field in schema.extensions.values())
    return found


def _name(kind: str, element: Element) -> Name:
    return Name(kind, element.full_name, _line(element.comment), element.lifecycle.deprecated)


def _line(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


def words_of(own: str) -> str:
    """The words of an identifier, each with a space before it."""
    return "".join(f" {word.lower()}" for word in _WORD.findall(own))
