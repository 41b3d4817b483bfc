"""The error that Fieldstone and buf disagree, with both schemas ready for a bug report."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from fieldstone import __version__
from fieldstone.compatibility.engine import judge
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.rules import Context, all_rules
from fieldstone.compatibility.second_opinion import Disagreement, disagreements
from fieldstone.errors import FieldstoneError
from fieldstone.schema.descriptors import load_schema
from fieldstone.toolchain import buf


def refuse_disagreement(found: Sequence[Disagreement], old: bytes, new: bytes, label: str) -> NoReturn:
    """Write a folder for a bug report, and fail.

    Args:
        found: the disagreements.
        old: the image of the baseline.
        new: the image of the module as it is now.
        label: the baseline's label.

    Raises:
        FieldstoneError: always; it names the folder of the report.
    """
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    folder = write_report(found, old, new)
    raise FieldstoneError(
        f"Fieldstone and buf disagree about the change against {label}: {found[0]}{more}",
        fix=f"this is an error of Fieldstone: please report it with {folder}, which holds both schemas as images",
    )


def write_report(found: Sequence[Disagreement], old: bytes, new: bytes) -> Path:
    """Write both images, `before.binpb` and `after.binpb`, and the disagreements into a new folder.

    Raises:
        FieldstoneError: there is no buf.
    """
    folder = Path(tempfile.mkdtemp(prefix="fieldstone-disagreement-"))
    (folder / "before.binpb").write_bytes(old)
    (folder / "after.binpb").write_bytes(new)
    lines = [f"fieldstone {__version__}, {buf.compiler()}", "", *map(str, found)]
    (folder / "report.txt").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def find_disagreements(old: bytes, new: bytes) -> list[Disagreement]:
    """The disagreements of the two engines about a pair of images, without a ledger.

    Raises:
        FieldstoneError: buf fails.
    """
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        second = buf.breaking(old, new, scratch=Path(scratch))
        schemas = load_schema(old, where="before"), load_schema(new, where="after")
        context = Context(*schemas, Ledger(), datetime.now(UTC).date())
        native = judge(context, [rule for rule in all_rules().values() if not rule.is_style])
        annotations = second.diagnostics(what="buf breaking")
    return disagreements(native, annotations, schemas)
