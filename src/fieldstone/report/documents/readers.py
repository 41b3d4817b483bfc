"""Answers about readers, in words: text for a terminal, and Markdown for a comment on a change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fieldstone.compatibility.reader import Reader
from fieldstone.consumers.answer import UNCLAIMED, Answer, Basis, Doubt, Verdict
from fieldstone.consumers.uses import How
from fieldstone.report.documents.table import MARKDOWN, TEXT, Style

MOST = 3
"""The most places of a use that are shown."""

MOST_ROWS = 50
"""The most uses, doubts and pieces of evidence that are shown: a terminal and a comment end somewhere."""

VERBS = {How.READ: "reads", How.WRITE: "writes", How.WHOLE: "takes as a whole"}
"""The verb of each way to use an element."""


def answer_lines(answer: Answer, style: Style = TEXT) -> Iterator[str]:
    """The lines of an answer: the verdict, its evidence, and what it does not claim."""
    yield f"{style.value(answer.subject)} ({answer.module}): {answer.verdict.value}"
    for reader in answer.readers[:MOST_ROWS]:
        yield f"  - {reader_line(reader, answer.subject, style)}"
    yield from more_line(answer.readers, "uses")
    yield from doubt_lines(answer.doubts, style)
    for basis in answer.evidence[:MOST_ROWS]:
        yield f"  - {style.value(basis.consumer)} does not use it ({evidence_of(basis, style)})"
    yield from more_line(answer.evidence, "pieces of evidence")
    yield f"  Not claimed: {UNCLAIMED}"
    yield f"  {next_step(answer, style)}"


def doubt_lines(doubts: Sequence[Doubt], style: Style = TEXT) -> Iterator[str]:
    """Reasons why an answer is unknown, and whom to ask."""
    for doubt in doubts[:MOST_ROWS]:
        yield f"  - {style.value(doubt.problem)}" + (f" (ask {style.value(doubt.owner)})" if doubt.owner else "")
        yield from (f"      {style.value(place)}" for place in doubt.places[:MOST])
        if len(doubt.places) > MOST:
            yield f"      {len(doubt.places) - MOST} more"
    yield from more_line(doubts, "reasons")


def more_line(found: Sequence[object], what: str) -> Iterator[str]:
    """The number of those that are not shown, if there are any."""
    if len(found) > MOST_ROWS:
        yield f"  - {len(found) - MOST_ROWS:,} more {what}: --format json has all"


def reader_line(reader: Reader, subject: str, style: Style = TEXT) -> str:
    """A use in one line: who, how, since when, and where."""
    through = "" if reader.element == subject else f" {style.name(reader.element)}"
    running = f" in {', '.join(reader.environments)}" if reader.environments else ""
    places = ", ".join(style.value(place) for place in reader.places[:MOST]) or "no line named"
    more = f", {len(reader.places) - MOST} more" if len(reader.places) > MOST else ""
    who = f"{style.value(reader.consumer)} {style.value(reader.version)}{running} ({style.value(reader.owner)})"
    return f"{who} {VERBS[How(reader.how)]}{through or ' it'}: {places}{more} ({evidence_of(reader, style)})"


def evidence_of(found: Reader | Basis, style: Style = TEXT) -> str:
    """The rank and the day of evidence, and who published it, as far as that is known."""
    by = f", published by {style.value(found.publisher)}" if found.publisher else ""
    return f"{found.rank}, {found.day}{by}"


def answer_markdown(answer: Answer) -> Iterator[str]:
    """The answer as Markdown."""
    first, *others, unclaimed, after = answer_lines(answer, MARKDOWN)
    yield f"**{first}**"
    yield ""
    yield from (line.removeprefix("  ") for line in others)
    yield ""
    yield unclaimed.strip()
    yield ""
    yield after.strip()


def owners_of(owners: Iterable[str], style: Style = TEXT) -> str:
    """Owners in words, without repetition."""
    named = sorted({*owners})
    more = f" and {len(named) - MOST:,} more" if len(named) > MOST else ""
    return ", ".join(map(style.value, named[:MOST])) + more


def next_step(answer: Answer, style: Style = TEXT) -> str:
    """The next step of the owner of an element."""
    if answer.verdict is Verdict.BLOCKED:
        owners = owners_of((reader.owner for reader in answer.readers), style)
        return f"Next: talk to {owners}. When they stop using it, they run `fieldstone uses publish`."
    if answer.verdict is Verdict.UNKNOWN and answer.doubts and answer.doubts[0].consumer:
        return "Next: ask the owners to run `fieldstone uses scan`, mend what it could not follow, and publish again."
    if answer.verdict is Verdict.UNKNOWN:
        return (
            "Next: ask the teams that install its package to run `fieldstone uses scan` and `fieldstone uses publish`."
        )
    return "Next: deprecate it with a sunset, and remove it in a major release after that day."
