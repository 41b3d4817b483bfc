"""Reserve the number and the name of what was removed."""

from __future__ import annotations

from fieldstone.lsp.features.actions.case import Case
from fieldstone.lsp.text.edits import Edit, inserted

_MEMBERS = frozenset({"field", "value"})


def reservation(case: Case) -> tuple[str, Edit] | None:
    """The reservation, in words, with the edit; None if the finding is not about a removed field or enum value.

    Raises:
        FieldstoneError: the release cannot be read.
    """
    if not case.finding.rule.endswith("-removed-without-reserve") or case.released is None:
        return None
    _, was = case.released
    now = case.outline.find(was.type.full_name, was.type.kind)
    if was.kind not in _MEMBERS or was.number is None or now is None:
        return None
    name = was.name if any(part.kind == "edition" for part in case.outline.parts) else f'"{was.name}"'
    last = next((part for part in reversed(now.parts) if part.kind == "reserved"), None)
    edit = inserted(case.text, now, last, f"reserved {was.number};")
    both = Edit(edit.start, edit.end, f"{edit.text}{_space_of(edit)}reserved {name};")
    return f"{was.number} and `{was.name}`", both


def _space_of(edit: Edit) -> str:
    """The white space with which an inserted statement begins."""
    return edit.text[: len(edit.text) - len(edit.text.lstrip())]
