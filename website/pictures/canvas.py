"""Pictures as SVG: boxes, lines and words in colours for light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH = 400
"""The width of every picture, in units that are pixels on a phone: its words stay legible there."""

_LINE = 17
"""The distance between lines of text, in units."""

STYLE = """
.picture { --ink: #1c2733; --soft: #4d5b69; --line: #6b7a89; --box: #f3f5f8;
  --blue: #e2eefb; --blue-line: #1f5fa8; --green: #e0f4e5; --green-line: #1e7a34;
  --red: #fde6e6; --red-line: #bb2525; --amber: #fdf1d0; --amber-line: #946200; }
"""
"""The colours on a light background."""

DARK = """
.picture { --ink: #e6ebf1; --soft: #b3bfcb; --line: #8b99a8; --box: #27303b;
  --blue: #1b3552; --blue-line: #7fb4ee; --green: #17391f; --green-line: #74cf89;
  --red: #472022; --red-line: #f29a9a; --amber: #40330f; --amber-line: #e6bd57; }
"""
"""The colours on a dark background."""

SHAPES = """
.picture text { font: 14px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--ink); }
.picture .code { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.picture .bold { font-weight: 600; }
.picture .soft { fill: var(--soft); font-size: 12.5px; }
.picture .middle { text-anchor: middle; }
.picture .end { text-anchor: end; }
.picture .box { fill: var(--box); stroke: var(--line); }
.picture .blue { fill: var(--blue); stroke: var(--blue-line); }
.picture .green { fill: var(--green); stroke: var(--green-line); }
.picture .red { fill: var(--red); stroke: var(--red-line); }
.picture .amber { fill: var(--amber); stroke: var(--amber-line); }
.picture .frame { fill: none; stroke: var(--line); stroke-dasharray: 5 4; }
.picture path { fill: none; stroke: var(--line); stroke-width: 1.5; }
.picture path.head { fill: var(--line); stroke: none; }
.picture .dashed { stroke-dasharray: 5 4; }
"""
"""The look of shapes and words, the same on both."""


def style_of_pages() -> str:
    """The style of pictures in a page, whose colours follow the switch of the theme."""
    return STYLE + DARK.replace(".picture", '[data-md-color-scheme="slate"] .picture') + SHAPES


class Picture:
    """A picture of `WIDTH` times `height` units.

    Args:
        title: its name, for people who hear it.
        description: what it shows, in a sentence or two.
        height: its height, in units.
    """

    def __init__(self, title: str, description: str, height: int) -> None:
        self.title = title
        self.description = description
        self.height = height
        self._shapes: list[str] = []

    def box(self, x: float, y: float, width: float, height: float, kind: str = "box") -> None:
        """Draw a box with round corners; `kind` is its colour: box, blue, green, red, amber or frame."""
        self._shapes.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>')

    def text(self, x: float, y: float, words: str, kind: str = "") -> None:
        """Write one line with its base line at `y`; `kind` is any of code, bold, soft, middle and end."""
        of_kind = f' class="{kind}"' if kind else ""
        self._shapes.append(f'<text{of_kind} x="{x}" y="{y}">{escape(words)}</text>')

    def card(
        self, x: float, y: float, width: float, lines: Sequence[str], kind: str = "box", *, code: bool = False
    ) -> float:
        """Draw a box with centred lines, the first one bold; give the y of its lower edge."""
        height = 14 + _LINE * len(lines)
        self.box(x, y, width, height, kind)
        for number, line in enumerate(lines):
            look = ("code bold middle" if code else "bold middle") if number == 0 else "soft middle"
            self.text(x + width / 2, y + 20 + _LINE * number, line, look)
        return y + height

    def line(self, *points: tuple[float, float], dashed: bool = False) -> None:
        """Draw a line through points."""
        way = " L".join(f"{x} {y}" for x, y in points)
        self._shapes.append(f'<path{" class=dashed" if dashed else ""} d="M{way}"/>'.replace("=dashed", '="dashed"'))

    def arrow(self, *points: tuple[float, float], dashed: bool = False) -> None:
        """Draw a line through points, with a head at the last one; its last part is horizontal or vertical."""
        (from_x, from_y), (x, y) = points[-2:]
        across, down = (x > from_x) - (x < from_x), (y > from_y) - (y < from_y)
        base = (x - 8 * across, y - 8 * down)
        self.line(*points[:-1], base, dashed=dashed)
        side = (4.5 * abs(down), 4.5 * abs(across))
        corners = (x, y), (base[0] - side[0], base[1] - side[1]), (base[0] + side[0], base[1] + side[1])
        self._shapes.append('<path class="head" d="M' + " L".join(f"{a} {b}" for a, b in corners) + ' Z"/>')

    def inline(self) -> str:
        """The picture as an element of a page, which brings the colours."""
        return self._svg("")

    def file(self) -> str:
        """The picture as a file with its colours, which follow the reader's preference."""
        return self._svg(f"<style>{STYLE}@media (prefers-color-scheme: dark) {{{DARK}}}{SHAPES}</style>\n")

    def _svg(self, style: str) -> str:
        size = f'width="{WIDTH}" height="{self.height}" viewBox="0 0 {WIDTH} {self.height}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" class="picture" role="img" {size}>'
        names = f"<title>{escape(self.title)}</title>\n<desc>{escape(self.description)}</desc>"
        return "\n".join([head, names, style + "\n".join(self._shapes), "</svg>"]) + "\n"
