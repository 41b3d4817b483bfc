"""Two engines that disagree: the error, and a minimal pair of schemas ready to send in."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from fieldstone import __version__
from fieldstone.compatibility.engine import judge
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.rules import Context, all_rules
from fieldstone.compatibility.second_opinion import Disagreement, disagreements
from fieldstone.errors import FieldstoneError
from fieldstone.schema import buf
from fieldstone.schema.descriptors import read_schema
from fieldstone.schema.reduction import Sources, reduce_pair

Kind = tuple[str, str]
"""Who found something alone, and by which rule."""


def refuse_disagreement(found: Sequence[Disagreement], old: bytes, new: bytes, label: str) -> NoReturn:
    """Fail, and leave behind what a bug report needs.

    Args:
        found: what the engines disagree about.
        old: the image of the baseline.
        new: the image of the module as it is now.
        label: what people call the baseline.

    Raises:
        FieldstoneError: always; it names the folder of the report.
    """
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    folder = write_report(found, old, new)
    raise FieldstoneError(
        f"Fieldstone and buf disagree about the change against {label}: {found[0]}{more}",
        fix=f"this is an error of Fieldstone: please report it with {folder}, the smallest pair that shows it",
    )


def write_report(found: Sequence[Disagreement], old: bytes, new: bytes) -> Path:
    """Write the smallest pair of sources that shows the first disagreement into a folder of its own.

    The folder holds `before/`, `after/` and `report.txt`; the two images instead of sources where sources
    made from them do not show it.

    Raises:
        FieldstoneError: there is no buf.
    """
    folder = Path(tempfile.mkdtemp(prefix="fieldstone-disagreement-"))
    reduced = reduce_pair(old, new, _shows((found[0].finder, found[0].rule)))
    if reduced is None:
        (folder / "before.binpb").write_bytes(old)
        (folder / "after.binpb").write_bytes(new)
    else:
        for name, sources in zip(("before", "after"), reduced, strict=True):
            _write(folder / name, sources)
    lines = [f"fieldstone {__version__}, {buf.compiler()}", "", *map(str, found)]
    (folder / "report.txt").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def _shows(kind: Kind) -> Callable[[Sources, Sources], bool]:
    """Whether a pair of sources compiles and the engines disagree about it in the same way."""

    def shows(before: Sources, after: Sources) -> bool:
        try:
            return kind in {(d.finder, d.rule) for d in find_disagreements(*_compiled(before, after))}
        except FieldstoneError:
            return False

    return shows


def find_disagreements(old: bytes, new: bytes) -> list[Disagreement]:
    """What the engines disagree about between two images, without a history.

    Raises:
        FieldstoneError: buf fails.
    """
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        second = buf.breaking(old, new, scratch=Path(scratch))
        schemas = read_schema(old, where="before"), read_schema(new, where="after")
        context = Context(*schemas, Ledger(), datetime.now(UTC).date())
        native = judge(context, [rule for rule in all_rules().values() if not rule.is_style])
        annotations = second.annotations(what="buf breaking")
    return disagreements(native, annotations, schemas)


def _compiled(*sides: Sources) -> list[bytes]:
    """The images of sources; they compile side by side."""
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch, ExitStack() as under_way:
        building = []
        for i, sources in enumerate(sides):
            folder = Path(scratch, str(i))
            _write(folder, sources)
            building.append(buf.build(".", cwd=folder))
            under_way.callback(building[-1].close)
        return [one.output(what="a part of the schema does not compile") for one in building]


def _write(folder: Path, sources: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in sources.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
