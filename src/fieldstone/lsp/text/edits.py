"""Edits of a text that keep its layout."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from msgspec import Struct

from fieldstone.lsp.text.outline import Declaration

_ONLY_COMMENT = re.compile(r"[ \t]*(//[^\n]*?|/\*[^\n]*?\*/[ \t]*)?(?=\r?\n|\Z)")


class Edit(Struct, frozen=True):
    """A part of a text, from one index to another, and what stands there afterwards."""

    start: int
    end: int
    text: str


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text after edits that do not overlap. Their line ends become those of the text."""
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end), reverse=True):
        text = text[: edit.start] + with_line_ends(edit.text, text) + text[edit.end :]
    return text


def are_apart(edits: Iterable[Edit]) -> bool:
    """Whether no edit begins inside another one, so that an editor takes them together."""
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    return all(first.end <= second.start for first, second in pairwise(ordered))


def with_line_ends(new: str, text: str) -> str:
    """A new part with the line ends of the text that it goes into."""
    return re.sub(r"\r?\n", "\r\n" if "\r\n" in text else "\n", new)


def indent_at(text: str, index: int) -> str:
    """The white space at the beginning of the line of a place."""
    start = text.rfind("\n", 0, index) + 1
    found = re.compile(r"[ \t]*").match(text, start)
    return found[0] if found else ""


def inserted(text: str, into: Declaration, after: Declaration | None, new: str) -> Edit:
    """Insert a declaration into another one, on a line of its own.

    Args:
        text: the text.
        into: the declaration, or the file, that it goes into.
        after: the declaration in it that it follows; None to stand first.
        new: the declaration, without the white space before it.
    """
    at = after.end if after else into.inside
    rest = _ONLY_COMMENT.match(text, at)
    if into.kind == "file":
        return (
            Edit(at, at, f"\n\n{new}" if after else f"{new}\n\n") if rest is None else _own_line(rest.end(), new, "\n")
        )
    first = into.parts[0] if into.parts else None
    outer = indent_at(text, into.start)
    indent = indent_at(text, first.start) if first and "\n" in text[into.inside : first.start] else f"{outer}  "
    if rest is None:
        return Edit(at, at, f" {new}")
    return Edit(rest.end(), rest.end(), f"\n{indent}{new}")


def _own_line(at: int, new: str, before: str) -> Edit:
    return Edit(at, at, f"{before}\n{new}")


def removed(text: str, part: Declaration) -> Edit:
    """Remove a statement, and its line if nothing else stands there."""
    line = text.rfind("\n", 0, part.start) + 1
    rest = re.compile(r"[ \t]*\r?\n").match(text, part.end)
    if rest and not text[line : part.start].strip():
        return Edit(line, rest.end(), "")
    return Edit(part.start, part.end, "")
