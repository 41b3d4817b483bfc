"""Witnesses: a message of one version, its bytes or its JSON, and what the other version reads.

A witness is found by trying: values at the edges of a field's type are written by protobuf's own encoder with
the types of one version, and read by its decoder with those of the other, in both directions. The search knows
nothing of the rules, so that a witness proves what a rule claims. It is a break that

- bytes or text of one version are refused by the other, or lack what it requires;
- a field reads as another value than was written, as unset where a zero was written or a zero where it was
  unset, or with another default; a member of a oneof is lost;
- old data ends among the unknown fields, or holds an enum number that no longer has a name.

It is none that new data holds a field or an enum value which older code does not know: that is an addition,
and readers keep or ignore it. In binary a field is what has its number, in JSON what has its name.

What no decoder of this runtime shows is said by the specification: a call to a path that left is answered with
UNIMPLEMENTED, Java refuses text that it is told to verify.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from fieldstone.compatibility.finding import Finding, Surface, Witness
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.witness import calls, history, subjects
from fieldstone.compatibility.witness.images import Version

__all__ = ["PROVABLE", "Version", "find_any", "prove"]

PROVABLE = (Surface.WIRE, Surface.JSON)
"""The surfaces on which a break can be shown by a message."""


def prove(
    finding: Finding,
    old: Version,
    new: Version,
    *,
    ledger: Ledger | None = None,
    earlier: Callable[[str], Version | None] | None = None,
) -> Finding:
    """The finding with a witness for each of `wire` and `json` that it breaks, where one is found.

    Args:
        finding: what a rule says of the change between the two versions.
        old: the older version.
        new: the newer one.
        ledger: the history of the module, for what left before the older version.
        earlier: gives a release of that history by its version; None if it cannot be had.
    """
    wanted = [surface for surface in PROVABLE if surface in finding.breaks]
    found = [_prove(finding.subject, surface, old, new, ledger or Ledger(), earlier) for surface in wanted]
    return replace(finding, witnesses=tuple(witness for witness in found if witness))


def _prove(
    subject: str,
    surface: Surface,
    old: Version,
    new: Version,
    ledger: Ledger,
    earlier: Callable[[str], Version | None] | None,
) -> Witness | None:
    found = subjects.search(subject, old, new, surface)
    if found is None and earlier is not None:
        known = (earlier(version) for version in history.releases(subject, old.schema, new.schema, ledger))
        found = next((w for r in known if r and (w := history.search(subject, r, new, surface))), None)
    return found


def find_any(old: Version, new: Version, surface: Surface) -> Witness | None:
    """Any witness between two versions, in either direction, of whatever both know by one name."""
    return next(_find_all(old, new, surface), None)


def _find_all(old: Version, new: Version, surface: Surface) -> Iterator[Witness]:
    for name in old.schema.messages.keys() & new.schema.messages.keys():
        yield from subjects.of_message(old, new, name, surface)
    for name in old.schema.enums.keys() & new.schema.enums.keys():
        yield from subjects.of_enum(old, new, name, surface)
    yield from calls.all_calls(old, new, surface)
