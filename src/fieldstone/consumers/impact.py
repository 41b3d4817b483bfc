"""Impact: the findings of a change joined with the uses of consumers: whom each break concerns, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from fieldstone.compatibility.finding import Finding, Surface
from fieldstone.compatibility.reader import Reader
from fieldstone.consumers.answer import Readers
from fieldstone.consumers.uses import How


class Concern(Struct, frozen=True):
    """A finding that concerns a use.

    Attributes:
        rule: the rule of the finding.
        subject: the changed element.
        breaks: the surfaces that break for the consumer.
        reader: the use.
    """

    rule: str
    subject: str
    breaks: tuple[Surface, ...]
    reader: Reader


class Touched(Struct, frozen=True):
    """A version of a consumer that a change concerns.

    Attributes:
        consumer: the consumer's name.
        version: its version.
        owner: who answers for it.
        environments: where that version runs.
        concerns: the findings that concern it, with the lines of its code.
    """

    consumer: str
    version: str
    owner: str
    environments: tuple[str, ...]
    concerns: tuple[Concern, ...]


def impact(findings: Iterable[Finding]) -> list[Touched]:
    """The consumers that some findings concern, by name and version."""
    found: dict[tuple[str, str], list[Concern]] = {}
    for finding in findings:
        for reader in finding.used_by:
            concern = Concern(finding.rule, finding.subject, tuple(_breaks(finding, reader)), reader)
            found.setdefault((reader.consumer, reader.version), []).append(concern)
    return [_touched(concerns) for _, concerns in sorted(found.items())]


def _touched(concerns: list[Concern]) -> Touched:
    first = concerns[0].reader
    return Touched(first.consumer, first.version, first.owner, first.environments, tuple(concerns))


def used_by(readers: Readers, finding: Finding) -> tuple[Reader, ...]:
    """The known uses that a breaking finding concerns."""
    found = (
        reader
        for subject in (finding.subject, *finding.covers)
        for reader in readers.of(readers.structure.nearest(subject))
    )
    return tuple(reader for reader in dict.fromkeys(found) if any(_breaks(finding, reader)))


def _breaks(finding: Finding, reader: Reader) -> Iterator[Surface]:
    """The surfaces that break for a use.

    Storage is the module's owner's alone; and code that takes a message as a whole names none of its fields.
    """
    for surface in finding.breaks:
        if surface is not Surface.STORAGE and (surface is not Surface.SOURCE or reader.how != How.WHOLE):
            yield surface
