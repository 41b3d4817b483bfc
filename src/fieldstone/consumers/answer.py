"""Can this go? The answer to it: blocked, no known reader, or unknown; never more than the evidence gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct

from fieldstone.compatibility.reader import Reader
from fieldstone.consumers.concerned import Structure
from fieldstone.consumers.enforced import covers
from fieldstone.consumers.published import Counted, Known, Published
from fieldstone.consumers.uses import CONCLUSIVE, Evidence, How, Places, Rank

UNCLAIMED = (
    "Consumers that never published their uses, stored data, and reads through reflection or by other languages than "
    "those scanned are not known."
)
"""The limits of every answer."""


class Verdict(StrEnum):
    """An answer. There is no `safe`: absence can be known of the known consumers only."""

    BLOCKED = "blocked"
    NO_KNOWN_READER = "no known reader"
    UNKNOWN = "unknown"


class Doubt(Struct, frozen=True):
    """A reason why nothing follows from the absence of a use.

    Attributes:
        consumer: the consumer; empty if none is known.
        owner: who answers for it.
        problem: the reason, as a sentence without a full stop.
        places: the lines that could not be followed.
    """

    consumer: str
    owner: str
    problem: str
    places: Places = ()


class Basis(Struct, frozen=True):
    """A piece of evidence on which `no known reader` rests.

    Attributes:
        consumer: the consumer that does not use the element.
        rank: the rank of its evidence.
        day: the day of the evidence (UTC).
        publisher: see `Reader`.
    """

    consumer: str
    rank: Rank
    day: date
    publisher: str = ""


class Answer(Struct, frozen=True):
    """Everything that is known about the readers of an element.

    Attributes:
        module: the module's name.
        subject: the full name of the element.
        verdict: the answer.
        readers: the uses that it concerns, by consumer.
        doubts: why it is unknown, as far as nobody is known to use it.
        evidence: the evidence on which `no known reader` rests.
    """

    module: str
    subject: str
    verdict: Verdict
    readers: tuple[Reader, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    evidence: tuple[Basis, ...] = ()


class Readers(Struct, frozen=True, dict=True):
    """Answers about the elements of one module.

    Attributes:
        module: the module's name.
        structure: the structure of the release that has the elements.
        counted: the versions of its consumers that count.
        today: the day of the question (UTC).
        max_age: the days for which evidence is good; None for ever.
        at_least: the weakest rank from which something follows for what is not used.
    """

    module: str
    structure: Structure
    counted: tuple[Counted, ...]
    today: date
    max_age: int | None = None
    at_least: Rank = Rank.DECLARED

    @classmethod
    def known(
        cls,
        known: Known,
        module: str,
        structure: Structure,
        today: date,
        oldest: int | None = None,
        *,
        at_least: Rank = Rank.DECLARED,
    ) -> Readers:
        """The readers that a registry knows of."""
        return cls(module, structure, tuple(known.counted(module)), today, oldest, at_least)

    def of(self, subject: str) -> tuple[Reader, ...]:
        """The uses that a change of an element concerns."""
        concerned = self.structure.concerned(subject)
        used = (concerned.elements | concerned.wholes) & self._by_element.keys()
        found = [use.reader for name in used for use in self._by_element[name] if concerned.by(name, use.how)]
        return tuple(sorted(found, key=lambda one: (one.consumer, one.version, one.element != subject, one.element)))

    def can_remove(self, subject: str) -> Answer:
        """The answer to whether an element can be removed."""
        readers = self.of(subject)
        if readers:
            return Answer(self.module, subject, Verdict.BLOCKED, readers)
        if self.doubts:
            return Answer(self.module, subject, Verdict.UNKNOWN, doubts=self.doubts)
        rests_on = (_basis(one.published, e) for one in self.counted for e in self._evidence(one))
        return Answer(self.module, subject, Verdict.NO_KNOWN_READER, evidence=tuple(rests_on))

    def _evidence(self, one: Counted) -> Sequence[Evidence]:
        return one.published.uses.of(self.module)

    @cached_property
    def _by_element(self) -> Mapping[str, list[_Use]]:
        """Every use, by the full name of its element."""
        found: dict[str, list[_Use]] = {}
        for one in self.counted:
            for evidence in self._evidence(one):
                for name, how, places in evidence.uses():
                    found.setdefault(name, []).append(_Use(one, evidence, name, how, places))
        return found

    @cached_property
    def doubts(self) -> tuple[Doubt, ...]:
        """The reasons why nothing follows from the absence of a use."""
        return tuple(self._doubts())

    def _doubts(self) -> Iterator[Doubt]:
        if not self.counted:
            yield nobody_known(self.module)
        for one in self.counted:
            yield from doubts_about(one.published, self.module, self.today, self.max_age, self.at_least)


def nobody_known(module: str) -> Doubt:
    """The doubt about a module without a consumer that counts."""
    return Doubt("", "", f"no consumer of {module} is known")


def doubts_about(
    published: Published, module: str, today: date, max_age: int | None, at_least: Rank = Rank.DECLARED
) -> Iterator[Doubt]:
    """Why nothing follows from what a version of a consumer does not use of a module.

    Args:
        published: its uses.
        module: the module.
        today: the day of the question (UTC).
        max_age: the days for which evidence is good; None for ever.
        at_least: the weakest rank from which something follows.
    """
    uses, who = published.uses, f"{published.consumer} {published.version}"
    evidence = uses.of(module)
    ranks = {e.rank for e in evidence if e.rank in CONCLUSIVE}
    if not ranks:
        yield Doubt(uses.consumer, uses.owner, f"{who} reads {module}, and did not say which fields")
    elif not any(rank.is_at_least(at_least) for rank in ranks):
        weak = " and ".join(sorted(rank.value for rank in ranks))
        yield Doubt(uses.consumer, uses.owner, f"the evidence of {who} is {weak}, less than {at_least.value}")
    for e in evidence:
        kind = e.by or e.rank.value
        if e.unseen and not any(covers(other, e) for other in evidence):
            problem = f"the {kind} evidence of {who} is incomplete: {len(e.unseen)} places not followed"
            yield Doubt(uses.consumer, uses.owner, problem, e.unseen)
        age = (today - e.day).days
        if max_age is not None and age > max_age:
            problem = f"the {kind} evidence of {who} is {age} days old, more than {max_age}"
            yield Doubt(uses.consumer, uses.owner, problem)


def _basis(published: Published, evidence: Evidence) -> Basis:
    return Basis(published.consumer, evidence.rank, evidence.day, published.publisher)


class _Use(NamedTuple):
    """A use, from which a reader is made if it is asked for."""

    by: Counted
    evidence: Evidence
    element: str
    how: How
    places: Places

    @property
    def reader(self) -> Reader:
        """The use as a finding names it."""
        published, evidence = self.by.published, self.evidence
        return Reader(
            published.consumer,
            published.uses.owner,
            published.version,
            self.by.environments,
            self.element,
            self.how,
            self.places,
            evidence.rank,
            evidence.day,
            evidence.release,
            published.publisher,
        )
