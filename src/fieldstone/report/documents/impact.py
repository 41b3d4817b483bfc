"""The consumers that a change breaks, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fieldstone.compatibility.finding import ModuleReport
from fieldstone.consumers.answer import UNCLAIMED
from fieldstone.consumers.impact import Concern, Touched, impact
from fieldstone.printed import printable
from fieldstone.report.documents.readers import MOST, MOST_ROWS, more_line, owners_of, reader_line
from fieldstone.report.documents.table import cell, code, row


def impact_lines(parts: Sequence[ModuleReport]) -> Iterator[str]:
    """Per module the consumers that break, each with the lines of its code, and why there may be others.

    Args:
        parts: the reports of modules, with the known users of what breaks.
    """
    for part in parts:
        touched = impact(part.findings)
        owners = owners_of(one.owner for one in touched)
        yield f"{part.module}: {_count(touched)}{f', owned by {owners}' if owners else ''}"
        concerns = _concerns(touched)
        for concern in concerns[:MOST_ROWS]:
            yield f"  - {reader_line(concern.reader, '')}"
            yield f"      {concern.rule} on {printable(concern.subject)} breaks {', '.join(concern.breaks)}"
        yield from more_line(concerns, "uses")
        yield from (f"  - unknown: {printable(doubt)}" for doubt in part.doubts[:MOST_ROWS])
        yield from more_line(part.doubts, "reasons")
    yield f"Not claimed: {UNCLAIMED}"


def impact_markdown(parts: Sequence[ModuleReport]) -> Iterator[str]:
    """The same as a table for a comment on a change."""
    for part in parts:
        touched = impact(part.findings)
        yield f"### {part.module}: {_count(touched)}"
        yield ""
        concerns = _concerns(touched)
        if concerns:
            yield row("consumer", "owner", "breaks", "where")
            yield row(*["---"] * 4)
        for concern in concerns[:MOST_ROWS]:
            reader = concern.reader
            places = ", ".join(map(code, reader.places[:MOST])) or "no line named"
            places += f", {len(reader.places) - MOST} more" if len(reader.places) > MOST else ""
            what = f"{code(concern.rule)} on {code(concern.subject)}: {', '.join(concern.breaks)}"
            yield row(cell(f"{reader.consumer} {reader.version}"), cell(reader.owner), what, places)
        yield ""
        yield from (line.removeprefix("  ") for line in more_line(concerns, "uses"))
        if part.doubts:
            yield from (f"- unknown: {cell(doubt)}" for doubt in part.doubts[:MOST_ROWS])
            yield from (line.removeprefix("  ") for line in more_line(part.doubts, "reasons"))
            yield ""
    yield f"_{UNCLAIMED}_"


def _concerns(touched: Sequence[Touched]) -> list[Concern]:
    return [concern for one in touched for concern in one.concerns]


def _count(touched: Sequence[Touched]) -> str:
    if not touched:
        return "breaks no known consumer"
    consumers = len({one.consumer for one in touched})
    return f"breaks {consumers:,} known consumer{'' if consumers == 1 else 's'}"
