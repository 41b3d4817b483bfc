"""Turns a page into an answer: HTML by its template, or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import json
from starlette.responses import Response

from fieldstone.server.pages import addresses
from fieldstone.server.pages.page import Page, twin_of, wants_json
from fieldstone.server.pages.prose import prose, sentence, shown, source, source_lines
from fieldstone.server.pages.static_files import address_of
from fieldstone.server.pages.visitor import ANONYMOUS, Visitor

if TYPE_CHECKING:
    from jinja2 import Environment
    from starlette.types import Scope

_TEMPLATES = Path(__file__).parent / "templates"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with `no-referrer` a browser would hide the origin of a form (Fetch, 3.1)
    "Vary": "Accept, Cookie",
}
"""The headers of every page."""


def rendered(scope: Scope, page: Page, visitor: Visitor = ANONYMOUS) -> Response:
    """The answer with a page, in the form that the request asks for.

    Args:
        scope: the request.
        page: the page.
        visitor: who asks.
    """
    if wants_json(scope):
        return Response(json.encode(page.data), page.status, HEADERS, "application/json")
    here = _here(scope)
    names = {
        "page": page,
        "data": page.data,
        "drawings": page.drawings,
        "visitor": visitor,
        "path": scope["path"],
        "here": here,
        "twin": twin_of(here),
    }
    text = _environment().get_template(f"{page.template}.html").render(names)
    return Response(text, page.status, HEADERS, "text/html")


def _here(scope: Scope) -> str:
    """The path and the query of a request."""
    query = scope.get("query_string", b"").decode("latin-1")
    return quote(scope["path"], safe="/:@.~+") + (f"?{query}" if query else "")


@cache
def _environment() -> Environment:
    """The templates; what they take is imported for the first page."""
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["static"] = address_of
    made.filters["segment"] = addresses.part
    made.filters["day"] = _day
    made.filters["setting"] = _setting
    made.filters |= {"shown": shown, "prose": prose, "sentence": sentence, "proto": source, "lines": source_lines}
    made.globals |= {name: getattr(addresses, name) for name in dir(addresses) if name.startswith("of_")}
    made.globals["anchor"] = addresses.MEMBER
    return made


def _day(time: str) -> str:
    """The day of a time as the registry writes them."""
    return time[:10]


def _setting(value: object) -> str:
    """The value of a setting, for people."""
    if isinstance(value, Mapping):
        return "; ".join(f"{key} = {_setting(part)}" for key, part in value.items())
    if isinstance(value, str):
        return value
    if isinstance(value, Iterable):
        return ", ".join(map(_setting, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
