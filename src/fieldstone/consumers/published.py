"""Published uses and deployments: what a registry knows of the consumers of its modules, and which of it counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.consumers.uses import Uses


class Published(Struct, frozen=True, omit_defaults=True):
    """The uses of one version of a consumer.

    Attributes:
        uses: its uses.
        version: the consumer's version.
        commit: the commit of its repository; empty outside git.
        at: the time of publication (UTC, ISO 8601).
        publisher: who published it: the name of a token or identity, as the server knows it. Empty in a folder, whose
            history in git tells.
    """

    uses: Uses
    version: str
    commit: str
    at: str
    publisher: str = ""

    @property
    def consumer(self) -> str:
        """The consumer's name."""
        return self.uses.consumer


class Stay(StrEnum):
    """The course of a version in an environment: `deployed` replaces the last, `released` stays, `ended` leaves."""

    DEPLOYED = "deployed"
    RELEASED = "released"
    ENDED = "ended"


class Party(StrEnum):
    """A side of a contract: a consumer, or a module as its providers serve it."""

    CONSUMER = "consumer"
    MODULE = "module"


class Deployment(Struct, frozen=True, omit_defaults=True):
    """A version that runs in an environment.

    Attributes:
        name: the name of the consumer or module.
        version: the version of the consumer, or the release of the module that its providers serve there.
        environment: the environment's name.
        stay: what becomes of the versions before it.
        at: the time since when it runs (UTC, ISO 8601).
        party: whether it is a consumer or a module.
    """

    name: str
    version: str
    environment: str
    stay: Stay
    at: str
    party: Party = Party.CONSUMER

    @property
    def place(self) -> tuple[Party, str, str]:
        """The place that may have one deployed version: the party, its name and the environment."""
        return self.party, self.name, self.environment

    @property
    def what(self) -> str:
        """The version in words: "billing 4.2.0"."""
        return f"{self.name} {self.version}"


class Counted(Struct, frozen=True):
    """A version of a consumer that counts: the newest one, or one that runs somewhere.

    Attributes:
        published: its uses.
        environments: where it runs, sorted; empty if nobody said so.
    """

    published: Published
    environments: tuple[str, ...]


class Known(Struct, frozen=True):
    """Everything that a registry knows about consumers.

    Attributes:
        published: every published version, in any order.
        deployments: every version that runs somewhere, of consumers and of modules.
        retired: the names of the consumers that are gone for good.
    """

    published: tuple[Published, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    retired: tuple[str, ...] = ()

    @property
    def current(self) -> Iterator[Counted]:
        """The versions of consumers that count, by consumer and version.

        The newest published version of each counts: it runs soon, or already. Older ones count as long as they run, and
        none of a retired consumer.
        """
        running: dict[tuple[str, str], set[str]] = {}
        for one in self.deployments:
            if one.party is Party.CONSUMER:
                running.setdefault((one.name, one.version), set()).add(one.environment)
        newest, retired = _newest(self.published), {*self.retired}
        for published in sorted(self.published, key=lambda one: (one.consumer, one.at, one.version)):
            environments = running.get((published.consumer, published.version), set())
            is_newest = newest[published.consumer] is published and published.consumer not in retired
            if environments or is_newest:
                yield Counted(published, tuple(sorted(environments)))

    def counted(self, module: str) -> Iterator[Counted]:
        """The versions that count of the consumers of a module; see `current`."""
        return (one for one in self.current if one.published.uses.of(module))

    def lost_in(self, later: Known) -> Iterator[Published]:
        """The versions that count, and that a later state lacks or has with other uses; not of consumers retired there.

        Args:
            later: the later state.
        """
        there = {(one.consumer, one.version): one.uses for one in later.published}
        for published in (one.published for one in self.current):
            is_same = there.get((published.consumer, published.version)) == published.uses
            if not is_same and published.consumer not in later.retired:
                yield published

    def running(self, party: Party, environment: str) -> tuple[Deployment, ...]:
        """The versions that run in an environment, of consumers or of modules, by name and version."""
        found = (one for one in self.deployments if (one.party, one.environment) == (party, environment))
        return tuple(sorted(found, key=lambda one: (one.name, one.version)))

    def deployed(self, deployment: Deployment) -> Known:
        """The same after a deployment began or ended; it ends those that it replaces."""
        kept = tuple(one for one in self.deployments if not _ends(deployment, one))
        began = () if deployment.stay is Stay.ENDED else (deployment,)
        return replace(self, deployments=(*kept, *began))

    def runs(self, deployment: Deployment) -> bool:
        """Whether a version runs in an environment."""
        return any((*deployment.place, deployment.version) == (*one.place, one.version) for one in self.deployments)


def _newest(published: Iterable[Published]) -> dict[str, Published]:
    newest: dict[str, Published] = {}
    for one in published:
        if one.consumer not in newest or newest[one.consumer].at <= one.at:
            newest[one.consumer] = one
    return newest


def _ends(new: Deployment, old: Deployment) -> bool:
    """Whether a deployment ends another: the same version again, or, deployed, an older one in the same place."""
    if new.place != old.place:
        return False
    return new.version == old.version or (new.stay == Stay.DEPLOYED and old.stay == Stay.DEPLOYED)
