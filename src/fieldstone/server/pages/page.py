"""A page as data, and the choice between its two forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from starlette.types import Scope

TWIN = ".json"
"""The end of the address of a JSON twin."""
_HTML, _JSON, _ANY = "text/html", "application/json", "*/*"


class Crumb(Struct, frozen=True):
    """A page above another one: its words, and its address."""

    words: str
    address: str


class Page(Struct, frozen=True, kw_only=True):
    """A page.

    Attributes:
        template: the name of its template, without `.html`.
        title: its heading.
        data: what it shows; JSON of it is the twin. A template has it as `data`.
        crumbs: the pages above it, without the first one.
        status: the HTTP status.
        drawings: what HTML shows besides the data: coordinates of pictures, rendered texts. A template has them as
            `drawings`, and JSON leaves them out.
    """

    template: str
    title: str
    data: Any
    crumbs: tuple[Crumb, ...] = ()
    status: int = 200
    drawings: Mapping[str, Any] = {}


def twin_of(address: str) -> str:
    """The address of the JSON twin of a page.

    Args:
        address: the path of the page, and its query if it has one.
    """
    path, mark, query = address.partition("?")
    return f"{'/index' if path == '/' else path}{TWIN}{mark}{query}"


def wants_json(scope: Scope) -> bool:
    """Whether a request is for the JSON twin: by its address, or because its client prefers JSON to HTML."""
    if str(scope["path"]).endswith(TWIN):
        return True
    weights = _weights(scope)
    return weights.get(_JSON, 0.0) > weights.get(_HTML, 0.0)


def is_browser(scope: Scope) -> bool:
    """Whether a request comes from a browser: they ask for HTML before all else, and no client of a protocol does."""
    return _weights(scope).get(_HTML, 0.0) == 1.0


def _weights(scope: Scope) -> Mapping[str, float]:
    """The media types that a request accepts, and the weight of each (RFC 9110, 12.5.1)."""
    accept = next((value for name, value in scope["headers"] if name == b"accept"), b"").decode("latin-1")
    return dict(_weight(wish) for wish in accept.lower().split(",")) if accept else {_ANY: 1.0}


def _weight(wish: str) -> tuple[str, float]:
    kind, *parameters = (part.strip() for part in wish.split(";"))
    weight = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
    try:
        return kind, float(weight)
    except ValueError:
        return kind, 0.0
