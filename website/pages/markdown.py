"""Markdown of generated pages: tables and texts in cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar or line end in a cell would end it, and is written as something else."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def capital(sentence: str) -> str:
    """A text with its first letter in upper case."""
    return sentence[:1].upper() + sentence[1:]
