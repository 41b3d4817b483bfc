"""Releases on a time line, and the ledger of numbers below."""

from __future__ import annotations

from website.pictures.canvas import WIDTH, Picture

_RELEASES = ("1.0.0", "1.1.0", "1.2.0", "2.0.0", "next")
_LEFT, _STEP = 44, 72


def draw() -> Picture:
    """The fields 1 to 3 of a message over five releases, one of which retired field 2."""
    picture = Picture(
        "Releases and the ledger",
        "Releases 1.0.0 to 2.0.0 on a time line. Field 1 is in all of them. Field 2 was reward until 2.0.0 removed it; "
        "its number stays taken, and a new field 2 in the next change is refused. Field 3 came with 1.1.0.",
        232,
    )
    picture.line((_LEFT, 34), (WIDTH - 6, 34))
    for number, release in enumerate(_RELEASES):
        x = _x(number)
        picture.line((x, 28), (x, 40))
        picture.text(x + 2, 20, release, "code bold" if release != "next" else "soft")
    for number in (1, 2, 3):
        picture.text(10, 20 + 52 * number, str(number), "code bold")
    picture.text(2, 38, "field", "soft")
    _bar(picture, 1, (0, 5), "id", "blue")
    _bar(picture, 2, (0, 3), "reward", "blue")
    _bar(picture, 2, (3, 4), "reserved", "amber")
    _bar(picture, 2, (4, 5), "refused", "red")
    _bar(picture, 3, (1, 5), "time_step", "green")
    picture.text(_LEFT, 206, "The ledger keeps every number and name for ever:", "soft")
    picture.text(_LEFT, 223, "2 was `reward`, so no later field may take it.", "soft")
    return picture


def _x(release: int) -> float:
    return _LEFT + _STEP * release


def _bar(picture: Picture, field: int, between: tuple[int, int], words: str, kind: str) -> None:
    """A bar from one release to another, in the lane of a field."""
    x, width, y = _x(between[0]), _STEP * (between[1] - between[0]) - 6, 52 * field - 2
    picture.box(x, y, width, 34, kind)
    picture.text(x + width / 2, y + 22, words, "soft middle" if kind in {"amber", "red"} else "code middle")
