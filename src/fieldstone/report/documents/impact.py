"""The consumers that a change breaks, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fieldstone.consumers.answer import UNCLAIMED
from fieldstone.consumers.impact import Concern, Touched
from fieldstone.printed import printable
from fieldstone.report.documents.readers import MOST, MOST_ROWS, more_line, owners_of, reader_line
from fieldstone.report.documents.table import cell, code, row


def impact_lines(found: Mapping[str, Sequence[Touched]]) -> Iterator[str]:
    """Per module the consumers that break, each with the lines of its code.

    Args:
        found: the consumers by module.
    """
    for module, touched in found.items():
        owners = owners_of(one.owner for one in touched)
        yield f"{module}: {_count(touched)}{f', owned by {owners}' if owners else ''}"
        concerns = _concerns(touched)
        for concern in concerns[:MOST_ROWS]:
            yield f"  - {reader_line(concern.reader, '')}"
            yield f"      {concern.rule} on {printable(concern.subject)} breaks {', '.join(concern.breaks)}"
        yield from more_line(concerns, "uses")
    yield f"Not claimed: {UNCLAIMED}"


def impact_markdown(found: Mapping[str, Sequence[Touched]]) -> Iterator[str]:
    """The same as a table for a comment on a change."""
    for module, touched in found.items():
        yield f"### {module}: {_count(touched)}"
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
    yield f"_{UNCLAIMED}_"


def _concerns(touched: Sequence[Touched]) -> list[Concern]:
    return [concern for one in touched for concern in one.concerns]


def _count(touched: Sequence[Touched]) -> str:
    if not touched:
        return "breaks no known consumer"
    consumers = len({one.consumer for one in touched})
    return f"breaks {consumers:,} known consumer{'' if consumers == 1 else 's'}"
