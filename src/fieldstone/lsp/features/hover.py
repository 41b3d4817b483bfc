"""Hover: what the releases say about a declaration."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsprotocol.types import Hover, MarkupContent, MarkupKind

from fieldstone.compatibility.ledger import TypeHistory, Use
from fieldstone.errors import FieldstoneError
from fieldstone.lsp.text.context import Context
from fieldstone.lsp.text.outline import Declaration
from fieldstone.lsp.text.places import Places

_PLACES = 3
"""The most lines of a consumer's code that are named."""
_TYPES = frozenset({"message", "enum", "service"})
_MEMBERS = frozenset({"field", "value", "rpc"})
_DEPRECATED = re.compile(r"\bdeprecated\s*=\s*true\b")
_SUNSET = re.compile(r"""\bsunset\s*[:=]\s*["'](\d{4}-\d\d-\d\d)["']""")
_SINCE = re.compile(r"""\bdeprecated_since\s*[:=]\s*["']([^"']+)["']""")


def hover(context: Context, places: Places, index: int) -> Hover | None:
    """The history, the protected surfaces and the lifecycle of the declaration whose name or number is at a place.

    Raises:
        FieldstoneError: the registry cannot be read.
    """
    part = context.outline.at(index)
    if part.kind not in _TYPES | _MEMBERS or not _is_on(part, index):
        return None
    lines = [*_released(context, part), *_surfaces(context), *_lifecycle(part), *_readers(context, part)]
    text = f"`{part.full_name}`\n\n" + "\n".join(f"- {line}" for line in lines)
    return Hover(MarkupContent(MarkupKind.Markdown, text), places.span(part.name_at, part.name_at + len(part.name)))


def _is_on(part: Declaration, index: int) -> bool:
    """Whether a place is on the name or the number of a declaration."""
    on_name = part.name_at <= index <= part.name_at + len(part.name)
    return on_name or (part.number_at >= 0 and part.number_at <= index <= part.number_at + len(str(part.number)))


def _released(context: Context, part: Declaration) -> Iterator[str]:
    """Since when it is released, and what its number and name were before."""
    newest = context.project.newest(context.module)
    if newest is None:
        yield f"module `{context.module.name}` has no release yet"
    elif part.kind in _TYPES:
        history = context.ledger.type(part.full_name)
        is_there = bool(history.since) and history.until is None
        yield f"in every release since {history.since}" if is_there else _unreleased(newest.version)
        if history.until:
            yield f"the name was used from {history.since} until {history.until}"
    else:
        yield from _member(part, context.ledger.type(_type_name(context, part)), newest.version)


def _type_name(context: Context, part: Declaration) -> str:
    if part.type.kind != "extend":
        return part.type.full_name
    extended = context.message(part.type.name, part.type.scope)
    return extended.full_name if extended else part.type.name


def _member(part: Declaration, history: TypeHistory, newest: str) -> Iterator[str]:
    name = part.full_name if part.type.kind == "extend" else part.name
    same = [use for use in history.members if use.name == name and use.number == part.number]
    present = next((use for use in same if use.until is None), None)
    yield f"in every release since {present.since}" if present else _unreleased(newest)
    for use in history.members:
        if use is not present and (use.name == name or (part.number is not None and use.number == part.number)):
            yield _earlier(use)


def _earlier(use: Use) -> str:
    number = "" if use.number is None else f" = {use.number}"
    kind = "" if use.of in {"rpc", "value", "extension"} else f"{use.of} "
    span = f"from {use.since} until {use.until}" if use.until else f"since {use.since}"
    return f"`{kind}{use.name}{number}` {span}"


def _unreleased(newest: str) -> str:
    return f"not released yet; {newest} is the newest release"


def _surfaces(context: Context) -> Iterator[str]:
    surfaces = context.project.settings.module(context.module.name).surfaces
    yield f"protected: {', '.join(surfaces)}" if surfaces else "protected on no surface"


def _lifecycle(part: Declaration) -> Iterator[str]:
    """Its announced end, as its own options say it."""
    options = part.text if part.kind in _MEMBERS else "\n".join(p.text for p in part.parts if p.kind == "option")
    if not _DEPRECATED.search(options):
        return
    since, sunset = _SINCE.search(options), _SUNSET.search(options)
    yield f"deprecated{f' since {since[1]}' if since else ''}" + (f"; sunset {sunset[1]}" if sunset else "")


def _readers(context: Context, part: Declaration) -> Iterator[str]:
    """The known consumers that use it, or that nobody could be asked for them."""
    try:
        readers = context.readers
    except FieldstoneError as error:
        yield f"who uses it is unknown: {error.problem}"
        return
    found = readers.of(part.full_name) if readers else ()
    for name in dict.fromkeys(reader.consumer for reader in found):
        places = [place for reader in found if reader.consumer == name for place in reader.places]
        yield f"used by {name}" + (f" ({', '.join(places[:_PLACES])})" if places else "")
