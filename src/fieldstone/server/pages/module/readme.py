"""The README of a module as HTML: Markdown without HTML and pictures, whose links lead to the web or nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

if TYPE_CHECKING:
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

_LARGEST = 128 * 2**10
"""The most characters that are rendered; a longer text is shown as it is."""
_LOWEST = 6
_DEEPER = 2
"""The page has a heading of its own, and one above the text."""
_SCHEMES = ("https://", "http://", "mailto:")


@lru_cache(maxsize=256)
def as_html(text: str) -> Markup:
    """A text in Markdown as HTML.

    Args:
        text: the text, from whoever pushed the module.
    """
    if len(text) > _LARGEST:
        return Markup("<pre>{}</pre>").format(text)
    return Markup(_markdown().render(text))  # noqa: S704 - HTML in it is escaped, and links are checked


@cache
def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    made.add_render_rule("image", _image)
    made.add_render_rule("heading_open", _heading)
    made.add_render_rule("heading_close", _heading)
    made.add_render_rule("link_open", _link)
    made.add_render_rule("table_open", _wide)
    made.add_render_rule("table_close", _wide_end)
    return made


def _heading(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A heading below those of the page."""
    token = tokens[index]
    token.tag = f"h{min(_LOWEST, int(token.tag[1:]) + _DEEPER)}"
    return renderer.renderToken(tokens, index, options, env)


def _link(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A link to the web; one to a file of the repository leads nowhere here."""
    token = tokens[index]
    if str(token.attrs.get("href", "")).lower().startswith(_SCHEMES):
        token.attrs["rel"] = "nofollow noopener noreferrer"
    else:
        token.attrs.clear()
    return renderer.renderToken(tokens, index, options, env)


def _image(_renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    """The words of a picture: the pages load nothing from elsewhere."""
    return f"[{escape(tokens[index].content)}]"


def _wide(_renderer: RendererHTML, _tokens: Sequence[Token], _index: int, _options: Any, _env: Any) -> str:
    return '<div class="wide" tabindex="0" role="region" aria-label="Table"><table>'


def _wide_end(_renderer: RendererHTML, _tokens: Sequence[Token], _index: int, _options: Any, _env: Any) -> str:
    return "</table></div>"
