"""Restore what was released: a statement, a name, the options and reservations of a block, or a whole declaration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from fieldstone.lsp.features.actions.case import Case
from fieldstone.lsp.text.edits import Edit, inserted, removed
from fieldstone.lsp.text.outline import BLOCKS, Declaration
from fieldstone.lsp.text.tokens import tokens_of

_STATEMENTS = frozenset({"option", "reserved", "extensions", "package", "syntax", "edition"})
"""The statements of a block or a file that say something about it as a whole."""

_UNIQUE = frozenset({"option", "package", "syntax", "edition"})
"""Those of which a block has at most one of a name."""


_RANGES = frozenset({"reserved", "extensions"})
"""The statements of a block that may overlap with others of their kind."""


def restorations(case: Case) -> Iterator[Sequence[Edit]]:
    """The edits that may restore what was released, the smallest first; none if it was never there.

    Raises:
        FieldstoneError: the release cannot be read.
    """
    if case.released is None:
        return
    _, was = case.released
    if was.kind in BLOCKS or was.kind == "file":
        yield from _of_block(case, was)
    else:
        yield from _of_statement(case, was)


def _of_statement(case: Case, was: Declaration) -> Iterator[Sequence[Edit]]:
    here = case.declaration
    same = case.outline.find(was.full_name, was.kind)
    now = here if here.kind == was.kind else same
    if now is not None:
        yield [Edit(now.start, now.end, was.text)]
    into = _counterpart(case, was.parent)
    if into is None:
        yield from _with_parent(case, was)
    else:
        added = _added(case, into, was)
        if now is not None and now.parent is not into:
            yield [removed(case.text, now), added]
        yield [added]
        yield [*_freed(into.type, was), added]
        yield from _with_parent(case, was)
    if same is not None and same is not here and here.kind == was.kind and here.parent:
        yield [removed(case.text, here), inserted(case.text, here.parent, here.parent.parts[-1], here.text)]
    yield [*_members(case, was)]


def _with_parent(case: Case, was: Declaration) -> Iterator[Sequence[Edit]]:
    """Restore the block around a statement, if that is gone as well."""
    block = was.parent
    if block is None or block.kind not in {"oneof", "extend"} or case.outline.find(block.full_name, block.kind):
        return
    into = _counterpart(case, block.parent)
    if into is not None:
        yield [*_moved(case, block), _added(case, into, block)]


def _moved(case: Case, block: Declaration) -> Iterator[Edit]:
    """Remove the members of a released block where they are now."""
    there = (case.outline.find(part.full_name, part.kind) for part in block.parts if part.name)
    yield from (removed(case.text, part) for part in there if part is not None)


def _members(case: Case, was: Declaration) -> Iterator[Edit]:
    """Restore all members of a type that are there under their name or number: some may have swapped them."""
    type_ = case.outline.find(was.type.full_name, was.type.kind)
    now = [part for part in type_.all() if part.kind == was.kind] if type_ else []
    for released in was.type.all():
        same = next((part for part in now if released.name and part.name == released.name), None)
        if same is not None and released.kind == was.kind and same.text != released.text:
            yield Edit(same.start, same.end, released.text)


def _of_block(case: Case, was: Declaration) -> Iterator[Sequence[Edit]]:
    now = case.outline if was.kind == "file" else case.outline.find(was.full_name, was.kind)
    if now is not None:
        restored = [*_statements(case, now, was)]
        yield restored
        known = {_identity(part) for part in was.parts}
        others = (part for part in now.parts if part.kind in _RANGES and _identity(part) not in known)
        yield [*restored, *(removed(case.text, part) for part in others)]
        return
    here = case.declaration
    if here.kind == was.kind and here.name != was.name:
        yield [Edit(here.name_at, here.name_at + len(here.name), was.name)]
        yield [*_renamed(case.text, here.name, was.name)]
    into = _counterpart(case, was.parent)
    if into is not None:
        yield [_added(case, into, was)]
        yield [*_moved(case, was), _added(case, into, was)]


def _renamed(text: str, name: str, to: str) -> Iterator[Edit]:
    """The edits that call a type by another name, wherever the file names it."""
    for token in tokens_of(text):
        scope, _, last = token.text.rpartition(".")
        if last == name:
            start = token.start + len(scope) + (1 if "." in token.text else 0)
            yield Edit(start, token.end, to)


def _counterpart(case: Case, was: Declaration | None) -> Declaration | None:
    """The declaration of the buffer that a released one is now."""
    if was is None or was.kind == "file":
        return case.outline
    return case.outline.find(was.full_name, was.kind)


def _added(case: Case, into: Declaration, was: Declaration) -> Edit:
    """Insert a released declaration, with the comment above it, after the one that it followed."""
    siblings = was.parent.parts if was.parent else []
    before = siblings[: siblings.index(was)]
    there = {_identity(part): part for part in into.parts}
    after = next((there[key] for part in reversed(before) if (key := _identity(part)) in there), None)
    return inserted(case.text, into, after, _with_comment(was))


def _with_comment(was: Declaration) -> str:
    above: list[str] = []
    for line in reversed(was.whole[: was.start].split("\n")[:-1]):
        if not line.strip().startswith("//"):
            break
        above.append(line)
    start = was.start - sum(len(line) + 1 for line in above)
    text = was.whole[start : was.end] if above else was.text
    return text.lstrip(" \t") if above else text


def _identity(part: Declaration) -> tuple[str, str]:
    if part.kind in _UNIQUE:
        return part.kind, part.name if part.kind == "option" else ""
    return part.kind, part.name or re.sub(r"\s+", " ", part.text)


def _statements(case: Case, now: Declaration, was: Declaration) -> Iterator[Edit]:
    """The edits that restore the options and reservations of a block; its other contents stay."""
    there = {_identity(part): part for part in now.parts if part.kind in _STATEMENTS}
    for part in was.parts:
        if part.kind not in _STATEMENTS:
            continue
        same = there.pop(_identity(part), None)
        if same is None:
            yield _added(case, now, part)
        elif same.text != part.text:
            yield Edit(same.start, same.end, part.text)
    for part in there.values():
        if part.kind in _UNIQUE:
            yield removed(case.text, part)


def _freed(type_: Declaration, was: Declaration) -> Iterator[Edit]:
    """The edits that take the number and the name of a declaration out of the reservations of its type."""
    for part in type_.parts:
        if part.kind != "reserved":
            continue
        items = [item.strip() for item in part.text.removeprefix("reserved").rstrip(";").split(",")]
        kept = [item for item in items if item not in {str(was.number), f'"{was.name}"', f"'{was.name}'", was.name}]
        if not kept:
            yield removed(type_.whole, part)
        elif kept != items:
            yield Edit(part.start, part.end, f"reserved {', '.join(kept)};")
