"""The compiler's columns: it counts the cells that a text takes in a terminal, with a tab stop every four.

buf's compiler does so to draw its own frames. The width of a character is that of Unicode's annexes 11 and 51:
East Asian wide ones and emoji take two cells, marks and joiners none.
"""

from __future__ import annotations

import unicodedata

_TAB = 4
_JOINER, _AS_EMOJI = "\u200d", "\ufe0f"
_NO_CELLS = frozenset({"Mn", "Me", "Cf", "Cc"})
_SKIN = range(0x1F3FB, 0x1F400)
_JAMO = range(0x1160, 0x1200)
"""The vowels and final consonants of Hangul, which join the syllable before them."""


def index_of(line: str, column: int) -> int:
    """The index of the character at a column, which counts from 1; the end of the line if it is shorter."""
    cells = 0
    before = ""
    for index, letter in enumerate(line):
        if cells >= column - 1 and not _joins(letter, before):
            return index
        cells += _cells(letter, before, cells)
        before = letter
    return len(line)


def _cells(letter: str, before: str, at: int) -> int:
    """The cells that a character adds after another one."""
    if letter == "\t":
        return _TAB - at % _TAB
    if letter == _AS_EMOJI:
        return 1 if before and _width(before) == 1 else 0
    return 0 if _joins(letter, before) else _width(letter)


def _joins(letter: str, before: str) -> bool:
    """Whether a character is drawn in the cells of the one before it."""
    code = ord(letter)
    is_mark = unicodedata.category(letter) in _NO_CELLS and letter != "\t"
    return before == _JOINER or is_mark or (bool(before) and (code in _SKIN or code in _JAMO))


def _width(letter: str) -> int:
    if unicodedata.category(letter) in _NO_CELLS:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1
