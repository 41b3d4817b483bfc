"""Answers about readers, in words: text for a terminal, and Markdown for a comment on a change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fieldstone.compatibility.reader import Reader
from fieldstone.consumers.answer import UNCLAIMED, Answer, Doubt, Verdict
from fieldstone.consumers.uses import How
from fieldstone.printed import printable

MOST = 3
"""The most places of a use that are shown."""

VERBS = {How.READ: "reads", How.WRITE: "writes", How.WHOLE: "takes as a whole"}
"""The verb of each way to use an element."""


def answer_lines(answer: Answer) -> Iterator[str]:
    """The lines of an answer: the verdict, its evidence, and what it does not claim."""
    yield f"{answer.subject} ({answer.module}): {answer.verdict.value}"
    for reader in answer.readers:
        yield f"  - {reader_line(reader, answer.subject)}"
    yield from doubt_lines(answer.doubts)
    for consumer, rank, day in answer.evidence:
        yield f"  - {printable(consumer)} does not use it ({rank.value} of {day})"
    yield f"  Not claimed: {UNCLAIMED}"
    yield f"  {next_step(answer)}"


def doubt_lines(doubts: Iterable[Doubt]) -> Iterator[str]:
    """Reasons why an answer is unknown, and whom to ask."""
    for doubt in doubts:
        yield f"  - {printable(doubt.problem)}" + (f" (ask {printable(doubt.owner)})" if doubt.owner else "")
        yield from (f"      {printable(place)}" for place in doubt.places[:MOST])
        if len(doubt.places) > MOST:
            yield f"      {len(doubt.places) - MOST} more"


def reader_line(reader: Reader, subject: str) -> str:
    """A use in one line: who, how, since when, and where."""
    through = "" if reader.element == subject else f" `{reader.element}`"
    running = f" in {', '.join(reader.environments)}" if reader.environments else ""
    places = ", ".join(printable(place) for place in reader.places[:MOST]) or "no line named"
    more = f", {len(reader.places) - MOST} more" if len(reader.places) > MOST else ""
    who = f"{printable(reader.consumer)} {printable(reader.version)}{running} ({printable(reader.owner)})"
    return f"{who} {VERBS[How(reader.how)]}{through or ' it'}: {places}{more} ({reader.rank} of {reader.day})"


def answer_markdown(answer: Answer) -> Iterator[str]:
    """The answer as Markdown."""
    first, *others = answer_lines(answer)
    yield f"**{first}**"
    yield ""
    yield from (line.removeprefix("  ") for line in others)


def next_step(answer: Answer) -> str:
    """What the owner of an element can do next."""
    if answer.verdict is Verdict.BLOCKED:
        owners = ", ".join(sorted({reader.owner for reader in answer.readers}))
        return f"Next: talk to {printable(owners)}. When they stop using it, they run `fieldstone uses publish`."
    if answer.verdict is Verdict.UNKNOWN and answer.doubts and answer.doubts[0].consumer:
        return "Next: ask the owners to run `fieldstone uses scan`, mend what it could not follow, and publish again."
    if answer.verdict is Verdict.UNKNOWN:
        return (
            "Next: ask the teams that install its package to run `fieldstone uses scan` and `fieldstone uses publish`."
        )
    return "Next: deprecate it with a sunset, and remove it in a major release after that day."
