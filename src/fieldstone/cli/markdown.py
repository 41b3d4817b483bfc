"""Shows a page of Markdown on a terminal with rich, which takes 50 ms to import: only what shows a page does."""

from __future__ import annotations

from io import StringIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown
from rich.syntax import Syntax

_WIDEST = 100
"""Text in longer lines is hard to read."""

_UNKNOWN = 80
"""The width where there is no terminal."""


class _Heading(Heading):
    """A heading at the left, like every other text of the command line."""

    LEVEL_ALIGN = dict.fromkeys(Heading.LEVEL_ALIGN, "left")


class _CodeBlock(CodeBlock):
    """Code, indented by two cells, between single empty lines."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = str(self.text).rstrip()
        yield Syntax(code, self.lexer_name, theme=self.theme, word_wrap=True, padding=(0, 2))


class _Page(Markdown):
    elements = {  # noqa: RUF012 - a class variable of rich's
        **Markdown.elements,
        "heading_open": _Heading,
        "fence": _CodeBlock,
        "code_block": _CodeBlock,
    }


def rendered(text: str, *, color: bool, width: int | None) -> str:
    """A page as text for a terminal.

    Args:
        text: the page in Markdown, with values escaped.
        color: whether it may have colors.
        width: the cells of a line; None where that is not known.
    """
    shown = StringIO()
    console = Console(
        file=shown,
        width=min(width or _UNKNOWN, _WIDEST),
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
        _environ={},
    )
    console.print(_Page(text, code_theme="ansi_dark", hyperlinks=False))
    return "".join(f"{line.rstrip()}\n" for line in shown.getvalue().splitlines())
