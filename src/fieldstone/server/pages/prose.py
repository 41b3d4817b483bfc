"""Text of other people as HTML: comments, values and sources, with everything escaped and no invisible characters."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from fieldstone.printed import printable
from fieldstone.registry.release import PROTO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

_BLOCKS = ("paragraph", "list", "fence", "code", "blockquote")
_INLINE = ("text", "newline", "escape", "backticks", "link", "autolink")
_LARGEST = 32 * 2**10
"""The most characters that are rendered; a longer comment is shown as it is."""
_LINK = re.compile(r"https?://", re.IGNORECASE)
_WORDS = frozenset(
    "syntax edition package import public weak option message enum service rpc returns stream oneof map extend "
    "extensions reserved to max repeated optional required group export local true false "
    "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes".split()
)
_TOKEN = re.compile(
    r"""(?P<c>//[^\n]*|/\*.*?(?:\*/|\Z))"""
    r"""|(?P<s>"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?)"""
    r"""|(?P<w>[A-Za-z_][\w.]*)"""
    r"""|(?P<n>\d[\w.]*)""",
    re.DOTALL,
)


def shown(text: object) -> str:
    """A value on one line, with invisible and control characters as escapes."""
    return printable(str(text))


@lru_cache(maxsize=4096)
def prose(text: str) -> Markup:
    """A comment as paragraphs, lists and code, written in Markdown; its links go to http and https only.

    It has no headings, images, HTML or emphasis: names such as `__init__` and `*.proto` stay as they are.
    """
    lines = (printable(line.replace("\t", "    ")) for line in text.splitlines())
    if len(text) > _LARGEST:
        return Markup("<pre>{}</pre>").format("\n".join(lines))
    return Markup(_markdown().render("\n".join(lines)))  # noqa: S704 - its HTML is off, and it escapes the rest


@lru_cache(maxsize=4096)
def sentence(text: str) -> Markup:
    """A sentence with code in backticks."""
    parts = re.split(r"`([^`]+)`", printable(text))
    made = (Markup("<code>{}</code>").format(part) if i % 2 else escape(part) for i, part in enumerate(parts))
    return Markup("").join(made)


def source(text: str) -> Markup:
    """Protobuf source on one line, with its words marked."""
    return Markup("".join(_span(kind, piece) for kind, piece in _pieces(text.replace("\n", " "))))  # noqa: S704 - escaped


def source_lines(text: str, path: str) -> list[Markup]:
    """The lines of a file; in a protobuf source its words are marked.

    Args:
        text: the lines.
        path: the path of the file.
    """
    if not path.endswith(PROTO):
        return [Markup(_span("", line)) for line in text.removesuffix("\n").split("\n")]  # noqa: S704 - escaped
    lines: list[list[str]] = [[]]
    for kind, piece in _pieces(text.removesuffix("\n")):
        first, *others = piece.split("\n")
        lines[-1].append(_span(kind, first))
        lines += ([_span(kind, other)] for other in others)
    return [Markup("".join(parts)) for parts in lines]  # noqa: S704 - escaped


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """The text in pieces, each with its kind: `c` comment, `s` string, `k` keyword, `n` number, or none."""
    end = 0
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup or ""
        if kind == "w" and token[0] not in _WORDS:
            continue
        if end < token.start():
            yield "", text[end : token.start()]
        yield "k" if kind == "w" else kind, token[0]
        end = token.end()
    yield "", text[end:]


def _span(kind: str, text: str) -> str:
    """A piece of a line as HTML."""
    if not text.isprintable():
        text = "\t".join(map(printable, text.removesuffix("\r").split("\t")))
    clean = str(escape(text))
    return f'<span class="{kind}">{clean}</span>' if kind and clean else clean


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    made = MarkdownIt("zero", {"html": False, "linkify": False})
    made.enable([*_BLOCKS, *_INLINE], ignoreInvalid=True)
    made.validateLink = lambda url: _LINK.match(url) is not None  # type: ignore[method-assign]
    made.add_render_rule("link_open", _link_open)
    return made


def _link_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A link that tells its target nothing about the page."""
    tokens[index].attrSet("rel", "noopener noreferrer nofollow")
    return renderer.renderToken(tokens, index, options, env)
