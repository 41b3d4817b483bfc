"""Answers about deployments, in words: text for a terminal, and a table of Markdown for a comment."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.consumers.answer import Doubt
from fieldstone.consumers.deploying import NOT_CLAIMED, Deployable, Obstacle, Readiness, Row
from fieldstone.printed import printable
from fieldstone.report.documents.readers import MOST, VERBS, doubt_lines
from fieldstone.report.documents.table import cell
from fieldstone.report.documents.table import row as table_row

_MOST_ROWS = 50
"""The most pairs without an obstacle that are shown; all that block are."""


def readiness_lines(answer: Readiness) -> Iterator[str]:
    """The lines of an answer: the verdict, each pair, and what it does not claim."""
    yield f"{printable(answer.what)} in {printable(answer.environment)}: {answer.verdict.value}"
    blocked, others = _parted(answer)
    for row in (*blocked, *others[:_MOST_ROWS]):
        yield f"  - {_pair(row)}: {row.verdict.value}"
        for obstacle in row.obstacles:
            yield f"      {printable(obstacle.problem)}{_rule(obstacle)}"
            yield f"        {_use(obstacle)}"
        for line in doubt_lines(row.doubts):
            yield f"    {line}"
    if len(others) > _MOST_ROWS:
        yield f"  - {len(others) - _MOST_ROWS:,} more without a known obstacle or unknown: --format json has all"
    yield from doubt_lines(answer.doubts)
    yield f"  Not claimed: {NOT_CLAIMED}"
    yield f"  Next: {_next(answer)}"


def readiness_markdown(answer: Readiness) -> Iterator[str]:
    """The answer as a table."""
    yield f"**{cell(answer.what)} in {cell(answer.environment)}: {answer.verdict.value}**"
    yield ""
    blocked, others = _parted(answer)
    if answer.rows:
        yield table_row("consumer", "owner", "built with", "runs with", "answer", "why")
        yield table_row(*["---"] * 6)
    for row in (*blocked, *others[:_MOST_ROWS]):
        why = [f"{obstacle.problem}{_rule(obstacle)}; {_use(obstacle)}" for obstacle in row.obstacles]
        why += [doubt.problem for doubt in row.doubts]
        pair = (f"{row.module} {row.built}", f"{row.module} {row.served}", row.verdict.value)
        who = (f"{row.consumer} {row.version}", row.owner)
        yield table_row(*map(cell, (*who, *pair)), "<br>".join(map(cell, why)))
    if len(others) > _MOST_ROWS:
        yield ""
        yield f"{len(others) - _MOST_ROWS:,} more without a known obstacle or unknown."
    for doubt in answer.doubts:
        yield ""
        yield f"- {cell(doubt.problem)}"
    yield ""
    yield f"_{NOT_CLAIMED}_"


def _parted(answer: Readiness) -> tuple[list[Row], list[Row]]:
    """The pairs that block, and the others: those in doubt first."""
    blocked = [row for row in answer.rows if row.obstacles]
    others = [row for row in answer.rows if not row.obstacles]
    return blocked, sorted(others, key=lambda row: row.verdict is not Deployable.UNKNOWN)


def _pair(row: Row) -> str:
    who = f"{printable(row.consumer)} {printable(row.version)} ({printable(row.owner)})"
    return f"{who}, built with {row.module} {printable(row.built)}, and {row.module} {printable(row.served)}"


def _rule(obstacle: Obstacle) -> str:
    return f" ({obstacle.rule}: {', '.join(obstacle.breaks)})" if obstacle.rule else ""


def _use(obstacle: Obstacle) -> str:
    places = ", ".join(printable(place) for place in obstacle.places[:MOST]) or "no line named"
    more = f", {len(obstacle.places) - MOST} more" if len(obstacle.places) > MOST else ""
    return f"{VERBS[obstacle.how]} `{printable(obstacle.element)}`: {places}{more} ({obstacle.rank.value})"


def _next(answer: Readiness) -> str:
    if answer.verdict is Deployable.BLOCKED:
        owners = ", ".join(sorted({row.owner for row in answer.rows if row.obstacles}))
        return f"talk to {printable(owners)}; deploy the side first that works with both."
    if answer.verdict is Deployable.UNKNOWN and _asks(answer):
        return "ask the owners to run `fieldstone uses scan`, mend what it could not follow, and publish again."
    if answer.verdict is Deployable.UNKNOWN:
        return "say what runs there: `fieldstone uses deployed NAME@VERSION --env NAME`."
    return f"deploy it, then `fieldstone uses deployed {answer.what.replace(' ', '@')} --env {answer.environment}`."


def _asks(answer: Readiness) -> list[Doubt]:
    """The doubts that only the owners of consumers can end."""
    return [doubt for row in answer.rows for doubt in row.doubts]
