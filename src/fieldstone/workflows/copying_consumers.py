"""Copying consumers: the published uses and deployments of a registry into another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fieldstone.consumers.published import Deployment, Known
from fieldstone.errors import Damaged
from fieldstone.registry.consumers import Consumers, open_consumers
from fieldstone.registry.consumers.refusals import refuse_other


class ConsumersCopy:
    """The copy of what a registry knows of consumers.

    What the target has already stays, so that an interrupted copy goes on: a deployment there that is newer counts.

    Args:
        source: the address of the registry to read.
        target: the address of the registry to write.

    Raises:
        Conflict: the target has other uses of a version; nothing was written.
        FieldstoneError: a registry cannot be read.
    """

    def __init__(self, source: str, target: str) -> None:
        self._source: Known = open_consumers(source).known()
        self._target: Consumers = open_consumers(target, is_copy=True)
        self._there = self._target.known()
        there = {(one.consumer, one.version): one for one in self._there.published}
        self._missing = []
        for published in sorted(self._source.published, key=lambda one: (one.at, one.consumer, one.version)):
            old = there.get((published.consumer, published.version))
            if old is None:
                self._missing.append(published)
            else:
                refuse_other(published, old)

    def run(self, on_progress: Callable[[str], None]) -> int:
        """Write what the target lacks; returns the number of versions of consumers that were copied.

        Args:
            on_progress: called with a message for each version.

        Raises:
            Damaged: something did not arrive.
            FieldstoneError: the target cannot be written.
        """
        for number, published in enumerate(self._missing, 1):
            what = f"{published.consumer} {published.version}"
            on_progress(f"copying the uses of {what}, {number:,} of {len(self._missing):,}")
            self._target.publish(published)
        deployments = [*self._deployments()]
        for deployment in deployments:
            self._target.deploy(deployment)
        retired = {*self._source.retired} - {*self._there.retired}
        for consumer in sorted(retired):
            self._target.retire(consumer)
        self._verify(deployments)
        return len(self._missing)

    def _deployments(self) -> Iterator[Deployment]:
        """The deployments that the target lacks, without those in a place where it has a newer one."""
        newest: dict[object, str] = {}
        for one in self._there.deployments:
            newest[one.place] = max(one.at, newest.get(one.place, ""))
        for one in self._source.deployments:
            if not self._there.runs(one) and one.at >= newest.get(one.place, ""):
                yield one

    def _verify(self, deployments: list[Deployment]) -> None:
        """Read back what was written."""
        now = self._target.known()
        there = {(one.consumer, one.version): one.uses for one in now.published}
        for one in self._missing:
            if there.get((one.consumer, one.version)) != one.uses:
                raise Damaged(f"the uses of {one.consumer} {one.version} did not arrive unchanged")
        for deployment in deployments:
            if not now.runs(deployment):
                raise Damaged(f"{deployment.what} in {deployment.environment} did not arrive")
