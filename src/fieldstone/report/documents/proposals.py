"""Proposals in words: text for a terminal, and Markdown for a comment on a change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fieldstone.printed import printable
from fieldstone.proposals.proposal import Decision, Kind
from fieldstone.proposals.shown import Shown, Summary, names_of

_DONE = {Kind.APPROVE: "approved", Kind.REJECT: "rejected", Kind.WITHDRAW: "withdrew", Kind.REVOKE: "revoked"}


def list_lines(found: Sequence[Summary]) -> Iterator[str]:
    """One line for each proposal, and one for each thing that is missing until it is approved."""
    for one in found:
        as_ = f" as {one.version}" if one.version else ""
        stale = ", judged before the newest release" if one.is_stale else ""
        yield f"{one.number}  {one.module}  {one.state}{as_}  {_about(one)}{stale}"
        yield from (f"    missing: {printable(lacking)}" for lacking in one.missing)
    if not found:
        yield "no proposals"


def list_markdown(found: Sequence[Summary]) -> Iterator[str]:
    """The same as a table."""
    yield "| proposal | module | state | by | breaks | may break | missing |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for one in found:
        state = f"{one.state} as {one.version}" if one.version else one.state.value
        cells = (str(one.number), one.module, state, ", ".join(one.authors), str(one.breaks))
        yield _row(*cells, ", ".join(one.affected), "; ".join(one.missing))


def shown_lines(found: Shown, *, findings: bool = True) -> Iterator[str]:
    """A proposal with its standing and its history.

    Args:
        found: the proposal.
        findings: whether its findings follow.
    """
    proposal, newest = found.proposal, found.proposal.newest
    as_ = f" as {proposal.version}" if proposal.version else ""
    yield f"proposal {proposal.number} ({proposal.module}): {found.standing.state}{as_}"
    yield f"  by {printable(', '.join(names_of(proposal.authors)))}: {printable(proposal.reason or 'no reason given')}"
    yield f"  revision {newest.number} of {newest.created_at}; its label for buf is {found.label}"
    yield from (f"  {line}" for line in _standing(found))
    yield "history:"
    yield from (f"  {line}" for line in _history(found))
    if findings:
        yield from newest.judged.text.splitlines()
    if found.note:
        yield f"note: {printable(found.note)}"


def shown_markdown(found: Shown) -> Iterator[str]:
    """The same as Markdown."""
    proposal, judged = found.proposal, found.proposal.newest.judged
    first, *rest = shown_lines(found, findings=False)
    yield f"### {first}"
    yield ""
    for line in rest[: rest.index("history:")]:
        yield f"- {line.strip()}"
    yield ""
    yield "| breaks | on |"
    yield "| --- | --- |"
    yield from (_row(f"`{one.rule}`", f"`{printable(one.subject)}`") for one in judged.breaks)
    yield ""
    yield from (f"- {line}" for line in _history(found))
    if found.note:
        yield ""
        yield f"_{printable(found.note)}_"
    yield ""
    yield f"_Decide about revision {proposal.newest.number}: `fieldstone proposal approve {proposal.number}`_"


def _about(one: Summary) -> str:
    breaks = f"{one.breaks} breaking finding{'' if one.breaks == 1 else 's'}"
    since = f" since {one.compared_with}" if one.compared_with else ", not judged yet"
    of = f"revision {one.revision} by {printable(', '.join(one.authors))}"
    concerned = f", may break {printable(', '.join(one.affected))}" if one.affected else ""
    return f"{of}: {breaks}{since}{concerned}"


def _standing(found: Shown) -> Iterator[str]:
    standing, judged = found.standing, found.proposal.newest.judged
    if judged.compared_with:
        waivers = f"{len(judged.breaks)} waiver{'' if len(judged.breaks) == 1 else 's'}"
        yield f"compared with {judged.compared_with}: needs {waivers}, and earns {judged.version}"
    if standing.is_stale:
        yield f"stale: {found.proposal.module} was released since, so that it is judged again before it is approved"
    for one in judged.affected:
        yield f"may break {printable(one.consumer)} ({printable(one.owner)}): {one.verdict}, {printable(one.problem)}"
    if not judged.affected:
        yield "no known consumer may break; who published no uses is not known"
    yield from (f"missing: {printable(lacking)}" for lacking in standing.missing)


def _history(found: Shown) -> Iterator[str]:
    """Revisions and decisions, oldest first."""
    told = [
        (one.created_at, f"{printable(one.who)} proposed revision {one.number}") for one in found.proposal.revisions
    ]
    told += [(one.at, _decided(one)) for one in found.proposal.decisions]
    yield from (f"{at} {what}" for at, what in sorted(told, key=lambda event: event[0]))
    if found.proposal.version:
        yield f"released as {found.proposal.version}"


def _decided(one: Decision) -> str:
    what = (
        f"the approval of {printable(one.revoked)}, revision {one.revision}"
        if one.revoked
        else f"revision {one.revision}"
    )
    return f"{printable(one.who)} {_DONE[one.kind]} {what}: {printable(one.reason)}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(printable(cell).replace('|', '&#124;') for cell in cells)} |"
