"""The lines that differ between two sets of text files, with a few lines around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from msgspec import Struct

_AROUND = 3
_LARGEST = 400_000
"""The most bytes of a file whose lines are compared: the time grows with the square."""


class Line(Struct, frozen=True):
    """A line of a comparison.

    Attributes:
        sign: `-` for one of the old file alone, `+` of the new one, a space of both; `@` for lines that are left out.
        old: its number in the old file; 0 without one.
        new: its number in the new file; 0 without one.
        text: the line without its end.
    """

    sign: str
    old: int
    new: int
    text: str


class FileDiff(Struct, frozen=True):
    """The difference of one file.

    Attributes:
        path: its path.
        change: `added`, `removed` or `changed`.
        lines: the lines; none if it is too large to compare.
    """

    path: str
    change: str
    lines: tuple[Line, ...]


def file_diffs(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> tuple[FileDiff, ...]:
    """The files that differ, by path.

    Args:
        old: the old files, path to content.
        new: the new files.
    """
    paths = sorted(path for path in {*old, *new} if old.get(path) != new.get(path))
    return tuple(_file_diff(path, old.get(path), new.get(path)) for path in paths)


def _file_diff(path: str, old: bytes | None, new: bytes | None) -> FileDiff:
    change = "added" if old is None else "removed" if new is None else "changed"
    if max(len(old or b""), len(new or b"")) > _LARGEST:
        return FileDiff(path, change, ())
    return FileDiff(path, change, tuple(_lines(_split(old), _split(new))))


def _split(content: bytes | None) -> list[str]:
    return content.decode("utf-8", "replace").splitlines() if content else []


def _lines(old: list[str], new: list[str]) -> Iterator[Line]:
    first = True
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_AROUND):
        if not first or group[0][1]:
            yield Line("@", 0, 0, "")
        first = False
        for kind, begin, end, start, stop in group:
            if kind == "equal":
                yield from (Line(" ", begin + n + 1, start + n + 1, old[begin + n]) for n in range(end - begin))
            else:
                yield from (Line("-", n + 1, 0, old[n]) for n in range(begin, end))
                yield from (Line("+", 0, n + 1, new[n]) for n in range(start, stop))
