"""Can this be deployed? The versions of consumers beside the releases that providers serve, a row for each pair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property

from msgspec import Struct

from fieldstone.compatibility.finding import Direction, Finding, Surface
from fieldstone.consumers.answer import Doubt
from fieldstone.consumers.concerned import Structure
from fieldstone.consumers.published import Published
from fieldstone.consumers.uses import Evidence, How, Places, Rank

NOT_CLAIMED = (
    "Consumers that never published their uses, versions that nobody said run there, messages that are stored or "
    "queued, and what the code does with the values are not known."
)
"""The limits of every answer about a deployment."""

_SURFACES = {Surface.WIRE, Surface.JSON, Surface.HTTP}
"""The surfaces between programs that are built already; source code breaks at the next build only."""


class Deployable(StrEnum):
    """An answer, the worst first. There is no `safe`: obstacles can be known of the known consumers only."""

    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    NO_KNOWN_OBSTACLE = "no known obstacle"


class Obstacle(Struct, frozen=True):
    """A use that does not work with the served release.

    Attributes:
        subject: the element that is missing there or differs.
        problem: what is wrong, as a sentence without a full stop.
        rule: the rule of the finding; empty for an element that is missing.
        breaks: the surfaces that break; empty for an element that is missing.
        element: the used element: the subject, one that contains it or is in it.
        how: the way in which it is used.
        places: the lines of the consumer's code.
        rank: the kind of evidence.
    """

    subject: str
    problem: str
    rule: str
    breaks: tuple[Surface, ...]
    element: str
    how: How
    places: Places
    rank: Rank


class Row(Struct, frozen=True):
    """A version of a consumer beside a release of a module that it uses.

    Attributes:
        consumer: the consumer's name.
        version: its version.
        owner: who answers for it.
        module: the module.
        built: the release that the consumer is built with.
        served: the release that the providers serve.
        verdict: the answer for this pair.
        obstacles: the uses that do not work.
        doubts: why it is unknown.
    """

    consumer: str
    version: str
    owner: str
    module: str
    built: str
    served: str
    verdict: Deployable
    obstacles: tuple[Obstacle, ...] = ()
    doubts: tuple[Doubt, ...] = ()


class Readiness(Struct, frozen=True):
    """The answer to whether a version can be deployed.

    Attributes:
        what: the version: "billing 4.2.0".
        environment: the environment.
        verdict: the answer: the worst of its rows; unknown if there is a doubt, or no row.
        rows: the pairs that were compared.
        doubts: what is not known about the environment.
    """

    what: str
    environment: str
    verdict: Deployable
    rows: tuple[Row, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @classmethod
    def of(cls, what: str, environment: str, rows: Iterable[Row], doubts: Iterable[Doubt]) -> Readiness:
        """The answer that rows and doubts come to."""
        found, open_ = tuple(rows), tuple(doubts)
        verdicts = {row.verdict for row in found}
        if Deployable.BLOCKED in verdicts:
            verdict = Deployable.BLOCKED
        elif open_ or not found or Deployable.UNKNOWN in verdicts:
            verdict = Deployable.UNKNOWN
        else:
            verdict = Deployable.NO_KNOWN_OBSTACLE
        return cls(what, environment, verdict, found, open_)


class Pair(Struct, frozen=True, dict=True):
    """Two releases of a module: one that a consumer is built with, and one that its providers serve.

    Attributes:
        module: the module.
        built: the version that the consumer is built with.
        served: the version that the providers serve.
        is_ahead: whether the consumer is built with the newer one.
        before: the structure of the older one.
        offered: the structure of the served one.
        findings: the breaks between the older and the newer one.
    """

    module: str
    built: str
    served: str
    is_ahead: bool
    before: Structure
    offered: Structure
    findings: tuple[Finding, ...]

    @cached_property
    def breaks(self) -> tuple[Finding, ...]:
        """The findings that break what is built already."""
        return tuple(one for one in self.findings if one.is_breaking and not _SURFACES.isdisjoint(one.breaks))

    def row(self, published: Published, doubts: Iterable[Doubt] = ()) -> Row:
        """A version of a consumer beside the served release.

        Args:
            published: its uses.
            doubts: why nothing follows from what it does not use; they count where something breaks.
        """
        evidence = [one for one in published.uses.of(self.module) if one.release == self.built]
        obstacles = tuple(obstacle for one in evidence for obstacle in self._obstacles(one))
        open_ = () if obstacles or not self.breaks else tuple(doubts)
        unblocked = Deployable.UNKNOWN if open_ else Deployable.NO_KNOWN_OBSTACLE
        return Row(
            published.consumer,
            published.version,
            published.uses.owner,
            self.module,
            self.built,
            self.served,
            Deployable.BLOCKED if obstacles else unblocked,
            obstacles,
            open_,
        )

    def _obstacles(self, evidence: Evidence) -> Iterator[Obstacle]:
        for name, how, places in evidence.uses():
            found = [(f, broken) for f in self._about(name, how) if (broken := tuple(self._broken(f, name, how)))]
            for finding, broken in found:
                yield Obstacle(finding.subject, finding.message, finding.rule, broken, name, how, places, evidence.rank)
            if not found and name not in self._offered:
                problem = f"`{name}` is not in {self.module} {self.served}"
                yield Obstacle(name, problem, "", (), name, how, places, evidence.rank)

    def _about(self, name: str, how: How) -> Sequence[Finding]:
        """The breaks that concern a use."""
        used, whole = self._by_use
        if how is not How.WHOLE:
            return used.get(name, ())
        return tuple({id(one): one for one in (*used.get(name, ()), *whole.get(name, ()))}.values())

    @cached_property
    def _offered(self) -> frozenset[str]:
        return frozenset(self.offered.names)

    @cached_property
    def _by_use(self) -> tuple[Mapping[str, Sequence[Finding]], Mapping[str, Sequence[Finding]]]:
        """The breaks by the element whose use in any way they concern, and by the message that is taken as a whole."""
        used: dict[str, list[Finding]] = {}
        whole: dict[str, list[Finding]] = {}
        for finding in self.breaks:
            for subject in (finding.subject, *finding.covers):
                concerned = self.before.concerned(self.before.nearest(subject))
                for names, found in ((concerned.elements, used), (concerned.wholes, whole)):
                    for name in names:
                        found.setdefault(name, []).append(finding)
        return used, whole

    def _broken(self, finding: Finding, name: str, how: How) -> Iterator[Surface]:
        """The surfaces on which a use breaks."""
        for surface, directions in finding.breaks_for.items():
            if surface in _SURFACES and not self._directions(name, how).isdisjoint(directions):
                yield surface

    def _directions(self, name: str, how: How) -> set[Direction]:
        """The ways in which data goes in a use: calls, enum values and whole messages go both ways."""
        reading, writing = Direction.READ_BY_OLD, Direction.READING_OLD
        if self.is_ahead:
            reading, writing = writing, reading
        if how is How.WHOLE or name in self._both_ways:
            return {reading, writing, Direction.CALLING}
        return {writing if how is How.WRITE else reading}

    @cached_property
    def _both_ways(self) -> frozenset[str]:
        """The rpcs, and the enum values, which are compared with what is read as well as written."""
        schemas = (self.before.schema, self.offered.schema)
        rpcs = (rpc for schema in schemas for service in schema.services.values() for rpc in service.rpcs.values())
        values = (value for schema in schemas for enum in schema.enums.values() for value in enum.values)
        return frozenset(element.full_name for element in (*rpcs, *values))
