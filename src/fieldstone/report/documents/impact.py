"""The consumers that a change breaks, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fieldstone.consumers.answer import UNCLAIMED
from fieldstone.consumers.impact import Touched
from fieldstone.printed import printable
from fieldstone.report.documents.readers import reader_line
from fieldstone.report.documents.table import cell, code, row


def impact_lines(found: Mapping[str, Sequence[Touched]]) -> Iterator[str]:
    """Per module the consumers that break, each with the lines of its code.

    Args:
        found: the consumers by module.
    """
    for module, touched in found.items():
        owners = ", ".join(sorted({one.owner for one in touched}))
        yield f"{module}: {_count(touched)}{f', owned by {printable(owners)}' if owners else ''}"
        for one in touched:
            for concern in one.concerns:
                yield f"  - {reader_line(concern.reader, '')}"
                yield f"      {concern.rule} on {printable(concern.subject)} breaks {', '.join(concern.breaks)}"
    yield f"Not claimed: {UNCLAIMED}"


def impact_markdown(found: Mapping[str, Sequence[Touched]]) -> Iterator[str]:
    """The same as a table for a comment on a change."""
    for module, touched in found.items():
        yield f"### {module}: {_count(touched)}"
        yield ""
        if touched:
            yield row("consumer", "owner", "breaks", "where")
            yield row(*["---"] * 4)
        for one in touched:
            for concern in one.concerns:
                places = ", ".join(map(code, concern.reader.places)) or "no line named"
                what = f"{code(concern.rule)} on {code(concern.subject)}: {', '.join(concern.breaks)}"
                yield row(cell(f"{one.consumer} {one.version}"), cell(one.owner), what, places)
        yield ""
    yield f"_{UNCLAIMED}_"


def _count(touched: Sequence[Touched]) -> str:
    if not touched:
        return "breaks no known consumer"
    consumers = len({one.consumer for one in touched})
    return f"breaks {consumers} known consumer{'' if consumers == 1 else 's'}"
