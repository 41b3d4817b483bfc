"""Published uses: what a registry knows of the consumers of its modules, and which of it counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from msgspec import Struct

from fieldstone.consumers.uses import Uses


class Published(Struct, frozen=True):
    """The uses of one version of a consumer.

    Attributes:
        uses: its uses.
        version: the consumer's version.
        commit: the commit of its repository; empty outside git.
        at: the time of publication (UTC, ISO 8601).
    """

    uses: Uses
    version: str
    commit: str
    at: str

    @property
    def consumer(self) -> str:
        """The consumer's name."""
        return self.uses.consumer


class Stay(StrEnum):
    """How versions in an environment follow each other: `deployed` replaces the one before, `released` stays."""

    DEPLOYED = "deployed"
    RELEASED = "released"


class Deployment(Struct, frozen=True):
    """A version of a consumer that runs in an environment.

    Attributes:
        consumer: the consumer's name.
        version: its version.
        environment: the environment's name.
        stay: whether it replaced the version before, or stays beside it.
        at: the time since when it runs (UTC, ISO 8601).
    """

    consumer: str
    version: str
    environment: str
    stay: Stay
    at: str


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
        deployments: every version that runs somewhere.
    """

    published: tuple[Published, ...] = ()
    deployments: tuple[Deployment, ...] = ()

    def counted(self, module: str) -> Iterator[Counted]:
        """The versions of the consumers of a module that count, by consumer and version.

        The newest published version of each counts: it runs soon, or already. Older ones count as long as they run.
        """
        running: dict[tuple[str, str], set[str]] = {}
        for deployment in self.deployments:
            running.setdefault((deployment.consumer, deployment.version), set()).add(deployment.environment)
        newest = _newest(self.published)
        for one in sorted(self.published, key=lambda one: (one.consumer, one.at, one.version)):
            key = (one.consumer, one.version)
            if one.uses.of(module) and (key in running or newest[one.consumer] is one):
                yield Counted(one, tuple(sorted(running.get(key, ()))))

    def deployed(self, deployment: Deployment) -> Known:
        """The same with one more deployment; it ends those that it replaces."""
        kept = [one for one in self.deployments if not _ends(deployment, one)]
        return Known(self.published, (*kept, deployment))


def _newest(published: Iterable[Published]) -> dict[str, Published]:
    newest: dict[str, Published] = {}
    for one in published:
        if one.consumer not in newest or newest[one.consumer].at <= one.at:
            newest[one.consumer] = one
    return newest


def _ends(new: Deployment, old: Deployment) -> bool:
    """Whether a deployment ends another: the same version again, or, deployed, an older one in the same place."""
    if (new.consumer, new.environment) != (old.consumer, old.environment):
        return False
    return new.version == old.version or (new.stay == Stay.DEPLOYED and old.stay == Stay.DEPLOYED)
