"""Answers about deployments, in words: text for a terminal, and a table of Markdown for a comment."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.consumers.deploying import NOT_CLAIMED, Deployable, Obstacle, Readiness, Row
from fieldstone.printed import printable
from fieldstone.report.documents.readers import MOST, MOST_ROWS, VERBS, doubt_lines, more_line, owners_of
from fieldstone.report.documents.table import MARKDOWN, cell
from fieldstone.report.documents.table import row as table_row


def readiness_lines(answer: Readiness) -> Iterator[str]:
    """The lines of an answer: the verdict, each pair, and what it does not claim."""
    yield f"{printable(answer.what)} in {printable(answer.environment)}: {answer.verdict.value}"
    rows = _ordered(answer)
    for row in rows[:MOST_ROWS]:
        yield f"  - {_pair(row)}: {row.verdict.value}"
        for obstacle in row.obstacles:
            yield f"      {printable(obstacle.problem)}{_rule(obstacle)}"
            yield f"        {_use(obstacle)}"
        for line in doubt_lines(row.doubts):
            yield f"    {line}"
    yield from more_line(rows, "pairs")
    yield from doubt_lines(answer.doubts)
    yield f"  Not claimed: {NOT_CLAIMED}"
    yield f"  Next: {_next(answer)}"


def readiness_markdown(answer: Readiness) -> Iterator[str]:
    """The answer as a table."""
    yield f"**{cell(answer.what)} in {cell(answer.environment)}: {answer.verdict.value}**"
    yield ""
    rows = _ordered(answer)
    if rows:
        yield table_row("consumer", "owner", "built with", "runs with", "answer", "why")
        yield table_row(*["---"] * 6)
    for row in rows[:MOST_ROWS]:
        why = [f"{obstacle.problem}{_rule(obstacle)}; {_use(obstacle)}" for obstacle in row.obstacles]
        why += [doubt.problem for doubt in row.doubts]
        pair = (f"{row.module} {row.built}", f"{row.module} {row.served}", row.verdict.value)
        who = (f"{row.consumer} {row.version}", row.owner)
        yield table_row(*map(cell, (*who, *pair)), "<br>".join(map(cell, why)))
    yield ""
    yield from (line.removeprefix("  ") for line in more_line(rows, "pairs"))
    yield from (line.removeprefix("  ") for line in doubt_lines(answer.doubts, MARKDOWN))
    yield ""
    yield f"_{NOT_CLAIMED}_"


def _ordered(answer: Readiness) -> list[Row]:
    """The pairs: those that are blocked first, then those in doubt."""
    return sorted(answer.rows, key=lambda row: [*Deployable].index(row.verdict))


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
        owners = owners_of(row.owner for row in answer.rows if row.obstacles)
        return f"talk to {owners}; deploy the side first that works with both."
    if answer.verdict is Deployable.UNKNOWN and any(row.doubts for row in answer.rows):
        return "ask the owners to run `fieldstone uses scan`, mend what it could not follow, and publish again."
    if answer.verdict is Deployable.UNKNOWN:
        return "say what runs there: `fieldstone uses deployed NAME@VERSION --env NAME`."
    return f"deploy it, then `fieldstone uses deployed {answer.what.replace(' ', '@')} --env {answer.environment}`."
