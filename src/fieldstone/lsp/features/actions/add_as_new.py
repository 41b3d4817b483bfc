"""Keep what was released, and add the changed field or enum value beside it, with the next free number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fieldstone.lsp.features.actions.case import Case
from fieldstone.lsp.text.edits import Edit, indent_at
from fieldstone.lsp.text.numbers import numbers_of
from fieldstone.lsp.text.outline import Declaration

_MEMBERS = frozenset({"field", "value"})


def additions(case: Case) -> Iterator[Sequence[Edit]]:
    """The edits that may give a changed or new member a number of its own; none for other findings.

    Raises:
        FieldstoneError: the registry cannot be read.
    """
    now = case.declaration
    if case.finding.additive or now.kind not in _MEMBERS or now.number is None:
        return
    if now.type.kind == "extend":
        if case.released is None:
            taken = {part.name for part in case.outline.all()}
            yield [Edit(now.start, now.end, _as(now, _free_name(now.name, taken), now.number))]
        return
    history = case.history_of(now.type.full_name)
    free = numbers_of(now.type, history).next()
    if free is None:
        return
    taken = {part.name for part in now.type.all()} | {use.name for use in history.members}
    other = _free_name(now.name, taken)
    was = case.released[1] if case.released else None
    if was is not None and was.kind == now.kind and was.type.full_name == now.type.full_name:
        indent = indent_at(case.text, now.start)
        for name in dict.fromkeys((now.name, other)):
            if name != was.name:
                yield [Edit(now.start, now.end, f"{was.text}\n{indent}{_as(now, name, free)}")]
        return
    yield [Edit(now.start, now.end, _as(now, now.name, free))]
    yield [Edit(now.start, now.end, _as(now, other, now.number))]
    yield [Edit(now.start, now.end, _as(now, other, free))]


def _as(member: Declaration, name: str, number: int) -> str:
    """The text of a member with another name and number."""
    name_at, number_at = member.name_at - member.start, member.number_at - member.start
    text = member.text
    old = str(member.number)
    end = number_at + (len(old) if text.startswith(old, number_at) else _length_of_number(text[number_at:]))
    return f"{text[:name_at]}{name}{text[name_at + len(member.name) : number_at]}{number}{text[end:]}"


def _length_of_number(text: str) -> int:
    """The length of a number that is not written in decimal digits."""
    return next((i for i, letter in enumerate(text) if not (letter.isalnum() or letter in "- ")), len(text))


def _free_name(name: str, taken: set[str]) -> str:
    """The name with the smallest number at its end that is not taken, nor was."""
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
