"""Chooses the form of a page by a client's Accept header (RFC 9110, 12.5.1; PEP 691)."""

from __future__ import annotations

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "text/html"
OFFERED = (HTML, JSON, "application/vnd.pypi.simple.v1+html")
"""The forms of a page of a Python index; the first is for clients that accept any."""

_LATEST = ".latest+"
_FIRST = ".v1+"


def choose(accept: str) -> str | None:
    """The form that a client prefers.

    Args:
        accept: the value of its header; empty if it sent none.

    Returns:
        one of OFFERED; None if it accepts none of them.
    """
    wanted = dict(map(_wish, accept.split(","))) if accept.strip() else {"*/*": 1.0}
    best = max(OFFERED, key=lambda offered: _quality(offered, wanted))
    return best if _quality(best, wanted) > 0 else None


def _wish(text: str) -> tuple[str, float]:
    """A media range, in lower case, and its weight, from 0 to 1."""
    kind, *parameters = (part.strip().lower() for part in text.split(";"))
    weight = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
    try:
        return kind.replace(_LATEST, _FIRST), float(weight)
    except ValueError:
        return kind, 0.0


def _quality(offered: str, wanted: dict[str, float]) -> float:
    """The weight of a form, by the closest range that includes it."""
    ranges = (offered, f"{offered.partition('/')[0]}/*", "*/*")
    return next((wanted[kind] for kind in ranges if kind in wanted), 0.0)
