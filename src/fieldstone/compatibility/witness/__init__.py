"""Witnesses: a message of one version, its bytes or its JSON, and what the other version reads.

A witness is found by trying: values at the edges of a field's type are written by protobuf's own encoder with
the types of one version, and read by its decoder with those of the other, in both directions. The search knows
nothing of the rules, so that a witness proves what a rule claims. It is a break that

- bytes or text of one version are refused by the other, or lack what it requires;
- a field reads as another value than was written, as unset where a zero was written or a zero where it was
  unset, or with another default; a member of a oneof is lost;
- old data ends among the unknown fields, or holds an enum number that no longer has a name.

A type that lives on under another name is the same type: only `google.protobuf.Any` carries its name.

It is none that new data holds a field or an enum value which older code does not know: that is an addition,
and readers keep or ignore it. In binary a field is what has its number, in JSON what has its name.

What no decoder of this runtime shows is said by the specification: a call to a path that left is answered with
UNIMPLEMENTED, Java refuses text that it is told to verify.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain

from msgspec.structs import replace

from fieldstone.compatibility.finding import Direction, Finding, Surface, Witness
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.witness import calls, history, subjects
from fieldstone.compatibility.witness.images import Version
from fieldstone.compatibility.witness.pair import Pair

__all__ = ["PROVABLE", "Earlier", "Version", "find_any", "prove", "prove_all"]

PROVABLE = (Surface.WIRE, Surface.JSON)
"""The surfaces on which a break can be shown by a message."""

Earlier = Callable[[str], Version | None]
"""Gives a release of a module by its version; None if it cannot be had."""

_NO_HISTORY = Ledger()


_BUDGET = 4000
"""So much work is done for all findings together: one for each, and one more for every `_LARGE` members of the
type that it is in. Ordinary changes never come near it."""

_LARGE = 50


def prove_all(
    findings: Iterable[Finding],
    old: Version,
    new: Version,
    *,
    ledger: Ledger = _NO_HISTORY,
    earlier: Earlier | None = None,
) -> list[Finding]:
    """All findings, proven as `prove` does it until the work would grow beyond all bounds.

    A message of thousands of fields that all changed has thousands of findings, and to write and read it costs
    as much as it has fields: then the first ones are proven, and the others are left as they are.

    Raises:
        TypeError: this runtime cannot read one of the images.
    """
    left = _BUDGET
    proven = []
    for finding in findings:
        left -= _cost(finding, old, new) if {*PROVABLE} & {*finding.breaks} else 0
        proven.append(prove(finding, old, new, ledger=ledger, earlier=earlier) if left >= 0 else finding)
    return proven


def _cost(finding: Finding, old: Version, new: Version) -> int:
    names = finding.subject, finding.subject.rpartition(".")[0]
    schemas = old.schema, new.schema
    fields = (len(schema.messages[name].fields) for schema in schemas for name in names if name in schema.messages)
    values = (len(schema.enums[name].values) for schema in schemas for name in names if name in schema.enums)
    return 1 + max((*fields, *values), default=0) // _LARGE


def prove(
    finding: Finding, old: Version, new: Version, *, ledger: Ledger = _NO_HISTORY, earlier: Earlier | None = None
) -> Finding:
    """The finding with a witness for each of `wire` and `json` that it breaks, where one is found.

    Args:
        finding: what a rule says of the change between the two versions.
        old: the older version.
        new: the newer one.
        ledger: the history of the module, for what left before the older version.
        earlier: gives the releases of that history.

    Raises:
        TypeError: this runtime cannot read one of the images.
    """
    found = []
    for surface, directions in finding.breaks_for.items():
        if surface in PROVABLE:
            witnesses = _witnesses(finding, Pair(old, new, surface), ledger, earlier)
            found.append(next((witness for witness in witnesses if witness.direction in directions), None))
    return replace(finding, witnesses=tuple(witness for witness in found if witness))


def _witnesses(finding: Finding, pair: Pair, ledger: Ledger, earlier: Earlier | None) -> Iterator[Witness]:
    """What the older version shows first; where it had nothing, what earlier releases show."""
    tries = [
        subjects.of_subject(pair, finding.subject, finding.message),
        _of_history(finding, pair, ledger, earlier) if earlier else (),
    ]
    yield from chain(*(tries if finding.was else reversed(tries)))


def _of_history(finding: Finding, pair: Pair, ledger: Ledger, earlier: Earlier) -> Iterator[Witness]:
    for version in history.releases(finding.subject, pair, ledger):
        release = earlier(version)
        if release is not None:
            yield from history.of_subject(pair.since(release), finding.subject)


def find_any(
    old: Version, new: Version, surface: Surface, *, directions: Collection[Direction] = tuple(Direction)
) -> Witness | None:
    """Any witness between two versions of whatever both know, by one name or by two.

    Args:
        old: the older version.
        new: the newer one.
        surface: `wire` or `json`.
        directions: for whom it may break.

    Raises:
        TypeError: this runtime cannot read one of the images.
    """
    found = _find_all(Pair(old, new, surface))
    return next((witness for witness in found if witness.direction in directions), None)


def _find_all(pair: Pair) -> Iterator[Witness]:
    old, new = pair.old.schema, pair.new.schema
    for name in sorted(name for name in old.messages if pair.names(name)[1] in new.messages):
        yield from subjects.of_message(pair, name)
    for name in sorted(name for name in old.enums if pair.names(name)[1] in new.enums):
        yield from subjects.of_enum(pair, name)
    yield from calls.all_calls(pair)
