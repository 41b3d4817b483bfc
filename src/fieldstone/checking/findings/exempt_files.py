"""Findings about protected types that move into an exempt file, where their next break would only be noted."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from fieldstone.compatibility.exemption import ENTERED, Exemption, is_at
from fieldstone.compatibility.finding import Finding, fingerprint
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context
from fieldstone.schema.element import Element
from fieldstone.schema.model import Definition


def entered_findings(context: Context, exemptions: Collection[Exemption]) -> Iterator[Finding]:
    """A finding for each released type that leaves a protected file for an exempt one.

    Args:
        context: both schemas.
        exemptions: the exemptions of the module.
    """
    of_paths = [exemption for exemption in exemptions if exemption.path]
    for change in context.changes if of_paths else ():
        if isinstance(change, Kept) and isinstance(change.old, Definition):
            old, new = change.old.location.path, change.new.location.path
            into = next((e for e in of_paths if is_at(new, e.path) and not _held(old, e, of_paths)), None)
            if old != new and into is not None and change.old.parent == change.old.package:
                yield _entered(change, into)


def _held(path: str, exemption: Exemption, exemptions: Collection[Exemption]) -> bool:
    """Whether an exemption, or a wider one, is for this file as well."""
    return any(other.includes(Exemption(path=path, rule=exemption.rule)) for other in exemptions)


def _entered(change: Kept[Element], into: Exemption) -> Finding:
    name, old, new = change.old.full_name, change.old.location.path, change.new.location.path
    return Finding(
        rule=ENTERED,
        subject=name,
        message=f"`{change.old.name}` moved from {old}, which is protected, to {new}: {into.text}",
        location=change.new.location,
        was=change.old.declaration,
        was_at=change.old.location,
        fix=f"leave it in {old}",
        fingerprint=fingerprint(ENTERED, name, old, new),
    )
