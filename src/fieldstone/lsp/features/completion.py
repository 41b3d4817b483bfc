"""Completion of numbers: the next free one, with what the history knows about the others."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsprotocol.types import CompletionItem, CompletionItemKind, MarkupContent, MarkupKind, TextEdit

from fieldstone.lsp.text.context import Context
from fieldstone.lsp.text.numbers import Numbers, numbers_of, numbers_of_extensions
from fieldstone.lsp.text.outline import Declaration
from fieldstone.lsp.text.places import Places
from fieldstone.lsp.text.tokens import is_in_comment

_AFTER_NAME = re.compile(r"(?P<name>\w+)\s*=\s*(?P<typed>\d*)\Z")
"""The end of the text before the cursor where the number of a member is due."""
_IN_RANGES = re.compile(r"(?:^|[;{}\n])\s*(?P<kind>reserved|extensions)\s+(?:[\w\s,-]*[,\s])?(?P<typed>\d*)\Z")
_NO_MEMBER = frozenset({"option", "syntax", "edition", "import", "package"})
_MOST = 8
"""The most past numbers that one item lists."""


def completions(context: Context, places: Places, index: int) -> list[CompletionItem]:
    """The numbers for the place before which the cursor stands; none where no number is due.

    Raises:
        FieldstoneError: the registry cannot be read.
    """
    before = context.buffer.text[:index]
    statement = before[max(before.rfind(sign) for sign in ";{}") + 1 :]
    if is_in_comment(context.buffer.text, index):
        return []
    member, ranges = _AFTER_NAME.search(statement), _IN_RANGES.search(before)
    if ranges:
        typed, kind = ranges["typed"], ranges["kind"]
    elif member and "[" not in statement and statement.split()[0] not in _NO_MEMBER:
        typed, kind = member["typed"], ""
    else:
        return []
    type_ = _type_at(context.outline, index)
    if type_ is None:
        return []
    name = member["name"] if member else ""
    numbers = _numbers(context, type_, without=name)
    texts = _TEXTS[kind](numbers, name)
    span = places.span(index - len(typed), index)
    return [
        CompletionItem(
            label=label,
            kind=CompletionItemKind.Value,
            detail=detail,
            documentation=MarkupContent(MarkupKind.Markdown, note) if note else None,
            text_edit=TextEdit(span, label),
            sort_text=f"{rank:03}",
            filter_text=typed or label,
            preselect=rank == 0,
        )
        for rank, (label, detail, note) in enumerate(texts)
    ]


def _type_at(outline: Declaration, index: int) -> Declaration | None:
    around = outline.at(max(index - 1, 0)).type
    return around if around.kind in {"message", "enum", "extend"} else None


def _numbers(context: Context, type_: Declaration, *, without: str) -> Numbers:
    """The numbers of a type as if the member that is being typed had none yet."""
    if type_.kind == "extend":
        extended = context.message(type_.name, type_.scope)
        name = extended.full_name if extended else type_.name
        blocks = [part for part in context.outline.all() if part.kind == "extend" and part.name == type_.name]
        used = [part.number for block in blocks for part in block.parts if part.name != without and part.number]
        return numbers_of_extensions(extended, used, context.ledger.type(name))
    return numbers_of(type_, context.ledger.type(type_.full_name), without=without)


Item = tuple[str, str, str]
"""A label, what it is, and a note."""


def _free(numbers: Numbers, name: str) -> Iterator[Item]:
    """The released number of that name if it has one, and the next free one."""
    history = numbers.history
    own = next((use for use in history.members if use.name == name and use.until is None), None)
    if own is not None and own.number is not None and own.number not in numbers.used:
        yield str(own.number), f"its number since {own.since}", ""
    free = numbers.next()
    note = "  \n".join(_past(numbers))
    if free is not None:
        yield str(free), "next free number", note


def _after_ranges(numbers: Numbers, _name: str) -> Iterator[Item]:
    """The first number after all members and ranges, for a range of its own."""
    first = numbers.after_ranges()
    if first is not None:
        yield str(first), "first number after all others", "  \n".join(_past(numbers))


def _past(numbers: Numbers) -> Iterator[str]:
    """Sentences about numbers that are taken though nothing in the text has them, the highest first."""
    past = sorted(numbers.past(), reverse=True)
    yield from (f"{number} was `{name}` until {until}" for number, name, until in past[:_MOST])
    if len(past) > _MOST:
        yield f"and {len(past) - _MOST} more"


def _reservable(numbers: Numbers, _name: str) -> Iterator[Item]:
    """The numbers that were used, are not any more, and are not reserved yet."""
    for number, name, until in sorted(numbers.past()):
        if not numbers.is_blocked(number):
            yield str(number), f"was `{name}` until {until}", ""
    for use in numbers.history.members:
        is_gone = use.until is None and use.number is not None and use.number not in numbers.used
        if is_gone and not numbers.is_blocked(use.number):
            yield str(use.number), f"is `{use.name}` since {use.since}, and is not here", ""


_TEXTS = {"": _free, "extensions": _after_ranges, "reserved": _reservable}
"""The items for a member, and for the two kinds of statement with ranges."""
