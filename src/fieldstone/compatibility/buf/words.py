"""The subject of one of buf's annotations, from the names and numbers that its message quotes.

An annotation has a path, a position and a sentence. The word before each quoted text says what the text is: `Field "1"
with name "id" on message "Order" changed type from ...`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from msgspec import Struct

from fieldstone.toolchain.diagnostic import Diagnostic

_QUOTED = re.compile(r'(?:(\w+) )?("(?:[^"\\]|\\.)*")')
_TYPES = ("message", "enum", "service")
_MEMBERS = ("field", "extension", "value", "oneof", "rpc", "range", "name")
_NUMBER = re.compile(r"-?\d+")
_OF_FILES = "FILE_"
_OF_MEMBERS = ("FIELD_", "ENUM_VALUE_", "ONEOF_", "RPC_", "MESSAGE_SAME_REQUIRED_FIELDS")
OF_TYPES = ("MESSAGE_NO_DELETE", "ENUM_NO_DELETE", "SERVICE_NO_DELETE", "EXTENSION_NO_DELETE")
"""The rules whose annotations name a type as a whole, by its name within the package."""

Key = tuple[str, str]
"""The type that an annotation names, and the number or name of a member. Both are empty for a whole file."""

WHOLE_FILE: Key = ("", "")
"""The key of a file."""


class Named(Struct, frozen=True):
    """A parsed annotation.

    Attributes:
        annotation: the annotation.
        path: its file, taken from the message if the annotation has no position; else empty.
        key: the element that it names; None if the message does not name one.
        quoted: all texts that it quotes; of a range, the first number.
    """

    annotation: Diagnostic
    path: str
    key: Key | None
    quoted: tuple[str, ...]

    @property
    def rule(self) -> str:
        """The id of buf's rule."""
        return self.annotation.rule

    def possible_keys(self) -> Iterator[Key]:
        """The keys that the quoted texts may form, in any wording: a type alone, or with one of the other texts."""
        for name in self.quoted:
            if self.rule in OF_TYPES:
                parts = name.split(".")
                yield from ((".".join(parts[start:]), "") for start in range(len(parts)))
            else:
                last = name.rpartition(".")[2]
                yield from ((last, other) for other in self.quoted)
                yield last, ""


def is_of_files(rule: str) -> bool:
    """Whether a rule of buf judges whole files."""
    return rule.startswith(_OF_FILES)


def is_of_members(rule: str) -> bool:
    """Whether a rule of buf judges members of messages, enums and services."""
    return rule.startswith(_OF_MEMBERS) and rule not in OF_TYPES


def parse_words(annotation: Diagnostic) -> Named:
    """Parse an annotation; it has no key if a newer buf words it differently."""
    labelled = [(label.lower(), _unquoted(text)) for label, text in _QUOTED.findall(annotation.message)]
    files = (text for label, text in labelled if label == "file")
    path = annotation.path or next(files, "")
    quoted = (_member("range", text) if text.startswith("[") else text for _, text in labelled)
    return Named(annotation, path, _key(annotation.rule, labelled), tuple(quoted))


def _key(rule: str, labelled: list[tuple[str, str]]) -> Key | None:
    if is_of_files(rule):
        return WHOLE_FILE
    if rule in OF_TYPES:
        name = next(_texts(labelled, (*_TYPES, "extension")), "")
        return (name, "") if name else None
    holder = next(_texts(labelled, _TYPES), "").rpartition(".")[2]
    member = next(((label, text) for label, text in labelled if label in _MEMBERS), None)
    if not holder:
        return None
    return holder, _member(*member) if member else ""


def _member(label: str, text: str) -> str:
    number = _NUMBER.search(text) if label == "range" else None
    return number[0] if number else text


def _texts(labelled: list[tuple[str, str]], labels: tuple[str, ...]) -> Iterator[str]:
    return (text for label, text in labelled if label in labels)


def _unquoted(text: str) -> str:
    """The text inside Go's `%q` quotes; unchanged if it has an escape that JSON lacks."""
    try:
        return str(json.loads(text))
    except ValueError:
        return text[1:-1]
