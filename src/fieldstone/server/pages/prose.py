"""Text of other people as HTML: comments, values and sources, with everything escaped and no invisible characters."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from fieldstone.printed import printable

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_BLOCKS = ("paragraph", "list", "fence", "code", "blockquote")
_INLINE = ("text", "newline", "escape", "backticks", "link", "autolink")
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
    return Markup(_markdown().render("\n".join(lines)))  # noqa: S704 - its HTML is off, and it escapes the rest


@lru_cache(maxsize=4096)
def sentence(text: str) -> Markup:
    """A sentence with code in backticks."""
    parts = re.split(r"`([^`]+)`", printable(text))
    made = (Markup("<code>{}</code>").format(part) if i % 2 else escape(part) for i, part in enumerate(parts))
    return Markup("").join(made)


def source(text: str) -> Markup:
    """Protobuf source on one line, with its words marked."""
    return Markup("").join(_marked(text))


def source_lines(text: str) -> list[Markup]:
    """The lines of a protobuf source, with their words marked."""
    return [Markup("").join(parts) for parts in _by_line(text)]


def _by_line(text: str) -> list[list[Markup]]:
    lines: list[list[Markup]] = [[]]
    for kind, piece in _pieces(text):
        for number, part in enumerate(piece.split("\n")):
            if number:
                lines.append([])
            lines[-1].append(_span(kind, part))
    return lines[:-1] if lines[-1] == [] or lines[-1] == [Markup("")] else lines


def _marked(text: str) -> list[Markup]:
    return [_span(kind, piece) for kind, piece in _pieces(text.replace("\n", " "))]


def _pieces(text: str) -> list[tuple[str, str]]:
    """The text in pieces, each with its kind: `c` comment, `s` string, `k` keyword, `n` number, or none."""
    found: list[tuple[str, str]] = []
    end = 0
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup or ""
        if kind == "w":
            kind = "k" if token[0] in _WORDS else ""
        found += [("", text[end : token.start()])] if end < token.start() else []
        found.append((kind, token[0]))
        end = token.end()
    return [*found, ("", text[end:])]


def _span(kind: str, text: str) -> Markup:
    clean = "\t".join(printable(part) for part in text.rstrip("\r").split("\t"))
    return Markup('<span class="{}">{}</span>').format(kind, clean) if kind and clean else escape(clean)


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    made = MarkdownIt("zero", {"html": False, "linkify": False})
    made.enable([*_BLOCKS, *_INLINE], ignoreInvalid=True)
    made.validateLink = lambda url: _LINK.match(url) is not None  # type: ignore[method-assign]
    made.add_render_rule("link_open", _link_open)
    return made


def _link_open(self, tokens, index, options, env) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
    tokens[index].attrSet("rel", "noopener noreferrer nofollow")
    return str(self.renderToken(tokens, index, options, env))
