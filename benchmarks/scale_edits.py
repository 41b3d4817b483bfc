"""The changes that `scale.py` measures: a new field in each of some files, or a comment in one that many import."""

from __future__ import annotations

import contextlib
import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.scale_tree import MODULE, ScaleError

COMMENTED = "google/api/http.proto"

_MESSAGE = re.compile(r"^message \w+ \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"=\s*(\d+)\s*[;\[]")
_TAKEN = re.compile(r"\b(?:reserved|extensions|extend)\b")
_HIGHEST = 1000
"""Beyond this a number is no field's, or one that was chosen with care."""


def with_field(text: str) -> str | None:
    """The source with one more field in the first message that certainly has a number free for it."""
    if 'syntax = "proto3"' not in text:
        return None
    for found in _MESSAGE.finditer(text):
        number = 1 + max(map(int, _NUMBER.findall(found[1])), default=0)
        if number <= _HIGHEST and not _TAKEN.search(found[1]):
            end = found.end() - 1
            return f"{text[:end]}  // Measured.\n  string bench_{number} = {number};\n{text[end:]}"
    return None


def with_comment(text: str) -> str:
    """The source with one line more in the comment on its first message."""
    return re.sub(r"^message ", "// Measured.\nmessage ", text, count=1, flags=re.MULTILINE)


def fields(tree: Path, files: tuple[str, ...], count: int, seed: int) -> dict[str, str]:
    """So many files, and each with a field more; which ones follows from the seed, and fewer are part of more.

    Raises:
        ScaleError: not so many files can take one.
    """
    order = sorted(files)
    random.Random(seed).shuffle(order)
    edits: dict[str, str] = {}
    for path in order:
        if len(edits) == count:
            break
        edited = with_field(_read(tree / MODULE / path))
        if edited is not None:
            edits[path] = edited
    if len(edits) < count:
        raise ScaleError(f"only {len(edits)} files of {len(files)} can take a field, and {count} are to")
    return edits


def comment(tree: Path) -> dict[str, str]:
    """One file with a comment more."""
    return {COMMENTED: with_comment(_read(tree / MODULE / COMMENTED))}


@contextlib.contextmanager
def edited(tree: Path, edits: Mapping[str, str]) -> Iterator[None]:
    """The tree with these edits, for a while."""
    before = {path: (tree / MODULE / path).read_bytes() for path in edits}
    try:
        for path, text in edits.items():
            (tree / MODULE / path).write_bytes(text.encode())
        yield
    finally:
        for path, content in before.items():
            (tree / MODULE / path).write_bytes(content)


def _read(path: Path) -> str:
    return path.read_bytes().decode()
