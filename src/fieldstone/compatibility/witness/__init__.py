"""Witnesses: a message of one version, its bytes or its JSON, and how the other version reads it.

A witness is found by trying. protobuf's own encoder writes values at the edges of a field's type with the types of one
version; its decoder reads them with those of the other; in both directions. The search does not know the rules, so a
witness proves a rule's claim. These are breaks:

- one version refuses bytes or text of the other, or they lack a field that it requires;
- a field is read as another value, as unset instead of zero or the reverse, or with another default;
  a member of a oneof is lost;
- old data becomes unknown fields, or holds an enum number that no longer has a name.

A renamed type is the same type: only `google.protobuf.Any` carries its name. A new field or enum value that older code
does not know is an addition and no break: readers keep or ignore it. In the binary encoding a field is identified by
its number, in JSON by its name.

Where no decoder of this runtime can show a break, the specification states it. A call to a removed path is answered
with UNIMPLEMENTED, and Java refuses invalid text where it verifies UTF-8.
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
"""Gives a release of a module by its version; None if it is not available."""

_NO_HISTORY = Ledger()


_BUDGET = 4000
"""The work allowed for all findings together: one for each, plus one for every `_LARGE` members of its type.

Ordinary changes need far less.
"""

_LARGE = 50


def prove_all(
    findings: Iterable[Finding],
    old: Version,
    new: Version,
    *,
    ledger: Ledger = _NO_HISTORY,
    earlier: Earlier | None = None,
) -> list[Finding]:
    """All findings, proven by `prove` within a fixed amount of work.

    A message of thousands of changed fields has thousands of findings, and each proof costs as much as the message has
    fields. Then only the first findings are proven, and the others are returned unchanged.

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
    """The finding with a witness for each of `wire` and `json` that it breaks, if one is found.

    Args:
        finding: a rule's finding about the change between the two versions.
        old: the older version.
        new: the newer one.
        ledger: the history of the module, for elements removed before the older version.
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
    """Witnesses from the older version, then from earlier releases; the reverse if it lacks the element."""
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
    """A witness between two versions for any type that both have, renamed or not.

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
