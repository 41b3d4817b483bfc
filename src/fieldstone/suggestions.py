"""Suggestions for misspelled words: options' values, modules, rules, versions, keys, names in schemas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LIKENESS = 0.6
"""How alike two words must be, from 0 to 1; see `difflib.get_close_matches`."""

VERSION_LIKENESS = 0.85
"""How alike versions must be: all of them look alike, so only a missing dot or digit is a slip."""


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "", *, likeness: float = LIKENESS) -> str:
    """The question whether the known word nearest to a word was meant.

    Args:
        word: the word that is not known.
        known: the known words.
        otherwise: the answer if none is near.
        likeness: how alike two words must be, from 0 to 1; see `difflib.get_close_matches`.
    """
    return question(closest(word, known, likeness=likeness), otherwise)


def closest(word: str, known: Iterable[str], *, likeness: float = LIKENESS, most: int = 1) -> list[str]:
    """At most so many known words near a word, the nearest first; see `did_you_mean` for the arguments."""
    from difflib import get_close_matches

    return get_close_matches(word, list(known), n=most, cutoff=likeness)


def question(words: Sequence[str], otherwise: str = "") -> str:
    """The question whether one of the words was meant; `otherwise` without any."""
    return f"did you mean {' or '.join(words)}?" if words else otherwise
