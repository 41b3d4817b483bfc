"""Forms that pages send: small, and from a page of this server only."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from fieldstone.errors import Denied, Invalid, TooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from fieldstone.server.pages.visitor import Visitor

WORD = "word"
"""The field with the word against forgery."""
_KIND = "application/x-www-form-urlencoded"
_LARGEST = 64 * 2**10
_MOST_FIELDS = 100


async def form_of(request: Request, visitor: Visitor) -> Mapping[str, str]:
    """The fields of a form; of a field that comes twice, the last value.

    Args:
        request: the request.
        visitor: who sent it.

    Raises:
        Denied: another site sent it, or it lacks the word of the visitor's session.
        Invalid: it is no form, or too large.
    """
    _refuse_other_site(request)
    fields = await _fields(request)
    if visitor.session and not hmac.compare_digest(fields.get(WORD, "").encode(), visitor.word.encode()):
        raise _forged("it does not belong to your session")
    return fields


def _refuse_other_site(request: Request) -> None:
    """Raise unless a page of this server sent the request, as browsers tell (Fetch Metadata; RFC 6454).

    Raises:
        Denied: another one did, or the client does not tell.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is None and origin is None:
        raise _forged("its client does not tell which page sent it")
    if site is not None and site != "same-origin":
        raise _forged("another site sent it")
    if origin is not None and _host(origin) != request.headers.get("host", "").lower():
        raise _forged("another site sent it")


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


async def _fields(request: Request) -> Mapping[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _KIND:
        raise Invalid(f"a form comes as {_KIND}")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST:
            raise TooLarge(f"a form of more than {_LARGEST:,} bytes")
    try:
        pairs = parse_qsl(body.decode("ascii"), True, max_num_fields=_MOST_FIELDS, errors="strict")  # noqa: FBT003
    except ValueError as error:
        raise Invalid("the form cannot be read") from error
    return dict(pairs)


def _forged(why: str) -> Denied:
    return Denied(f"the form was refused: {why}", fix="open the page again, and send it from there")
