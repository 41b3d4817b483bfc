"""Changes, and the surfaces that each breaks."""

from __future__ import annotations

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.rules import all_rules
from website.pictures.canvas import Picture

_COLUMNS = {
    Surface.WIRE: "bytes",
    Surface.JSON: "ProtoJSON",
    Surface.SOURCE: "code",
    Surface.STORAGE: "tables",
}
_ROWS = {
    "add a field": "",
    "renumber it": "field-renumbered",
    "rename it": "field-renamed",
    "new json_name": "field-json-name-changed",
    "move its file": "type-moved",
    "other column": "column-renamed",
}
"""A change to the rule that finds it; none for one that breaks nothing."""

_LEFT, _STEP, _TOP = 132, 67, 56


def draw() -> Picture:
    """A table of changes and surfaces, taken from the rules."""
    broken = {change: _breaks(rule) for change, rule in _ROWS.items()}
    told = "; ".join(f"{change}: {', '.join(breaks) or 'nothing'}" for change, breaks in broken.items())
    picture = Picture(
        "The four surfaces", f"The surfaces that a change breaks. {told}.".replace("_", " "), _TOP + 38 * len(_ROWS) + 6
    )
    for number, (surface, what) in enumerate(_COLUMNS.items()):
        middle = _LEFT + _STEP * number + 31
        picture.text(middle, 20, surface, "code bold middle")
        picture.text(middle, 38, what, "soft middle")
    for number, (change, breaks) in enumerate(broken.items()):
        y = _TOP + 38 * number
        picture.text(2, y + 20, change)
        for column, surface in enumerate(_COLUMNS):
            _cell(picture, _LEFT + _STEP * column, y, breaks=surface in breaks)
    return picture


def _breaks(rule: str) -> tuple[Surface, ...]:
    return all_rules()[rule].breaks if rule else ()


def _cell(picture: Picture, x: float, y: float, *, breaks: bool) -> None:
    picture.box(x, y, 62, 30, "red" if breaks else "green")
    picture.text(x + 31, y + 20, "breaks" if breaks else "holds", "soft middle")
