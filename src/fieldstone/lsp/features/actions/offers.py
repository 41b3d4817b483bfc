"""All that is offered about one finding, in the order of a menu."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from fieldstone.compatibility.finding import Finding
from fieldstone.lsp.features.actions.add_as_new import additions
from fieldstone.lsp.features.actions.case import Case
from fieldstone.lsp.features.actions.reserve import reservation
from fieldstone.lsp.features.actions.restore import restorations
from fieldstone.lsp.features.actions.waiver import Waiving, waiving
from fieldstone.lsp.text.edits import Edit
from fieldstone.lsp.text.outline import BLOCKS


class Offer(Struct, frozen=True):
    """An action.

    Attributes:
        title: its line in the menu.
        edits: the edits of each file, by absolute path.
        creates: a file among them that does not exist yet; None if all do.
        is_preferred: whether it is the one to take without looking.
    """

    title: str
    edits: Mapping[Path, Sequence[Edit]]
    creates: Path | None = None
    is_preferred: bool = False


def offers(case: Case, settings_text: Callable[[Path], str | None]) -> Iterator[Offer]:
    """The actions that end a finding; each was checked, except that of a waiver alone.

    Args:
        case: the finding.
        settings_text: gives the text of a settings file that is open in the editor; None if it is not.

    Raises:
        FieldstoneError: a release cannot be read.
        Given: the check was given up.
    """
    path = case.buffer.path
    restored = case.first_that_ends_it(restorations(case))
    if restored:
        yield Offer(f"Restore {_what(case, restored)}", {path: restored}, is_preferred=True)
    yield from _reserving(case, settings_text)
    added = case.first_that_ends_it(additions(case))
    if added:
        yield Offer(_adding(added), {path: added})
    waiver = _waiver(case, case.finding, settings_text)
    if waiver:
        title = f"Waive {case.finding.rule} on {case.finding.subject} until {waiver.until}"
        yield Offer(title, {waiver.file: [waiver.edit]}, creates=_created(waiver))


def _what(case: Case, edits: Sequence[Edit]) -> str:
    """The restored text: the released statement, or more than one line can say."""
    version = case.report.compared_with
    was = case.released[1] if case.released else None
    if was is None or was.kind in BLOCKS or was.kind == "file" or len(edits) > 1:
        return f"what {version} has"
    return f"`{' '.join(was.text.split())}` of {version}"


def _adding(edits: Sequence[Edit]) -> str:
    lines = edits[0].text.strip().split("\n")
    new = lines[-1].strip()
    return f"Keep `{lines[0].strip()}` and add `{new}`" if len(lines) > 1 else f"Write `{new}`"


def _reserving(case: Case, settings_text: Callable[[Path], str | None]) -> Iterator[Offer]:
    """Reserve number and name. Where the removal itself is a break, it is waived as well, or nothing is offered."""
    found = reservation(case)
    after = case.new_after([found[1]]) if found else None
    if found is None or after is None:
        return
    what, edit = found
    if not after:
        yield Offer(f"Reserve {what}", {case.buffer.path: [edit]})
    elif len(after) == 1 and after[0].subject == case.finding.subject:
        waiver = _waiver(case, after[0], settings_text)
        if waiver:
            title = f"Reserve {what}, and waive {after[0].rule} until {waiver.until}"
            yield Offer(title, {case.buffer.path: [edit], waiver.file: [waiver.edit]}, creates=_created(waiver))


def _waiver(case: Case, finding: Finding, settings_text: Callable[[Path], str | None]) -> Waiving | None:
    file = case.judged.project.settings.file
    return waiving(case, finding, settings_text(file) if file else None)


def _created(waiver: Waiving) -> Path | None:
    return None if waiver.file.exists() else waiver.file
