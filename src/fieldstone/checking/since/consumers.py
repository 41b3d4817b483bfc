"""Consumers of the target branch whose published uses a change removes or edits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fieldstone.checking.since.base import Base
from fieldstone.registry import Defect
from fieldstone.registry.consumers import open_consumers
from fieldstone.registry.folder import CONSUMERS


def lost_consumers(base: Base, registry: Path) -> Iterator[Defect]:
    """The published uses that count on the branch, and that are deleted or edited in the working tree.

    Args:
        base: the branch; its registry is a folder in git.
        registry: the absolute folder of the registry.

    Raises:
        FieldstoneError: what either side has cannot be read.
    """
    if not base.keeps_registry:
        return
    for published in base.known_consumers().lost_in(open_consumers(str(registry)).known()):
        consumer, version = published.consumer, published.version
        file = registry / CONSUMERS / consumer / f"{version}.json"
        yield Defect(
            "registry-consumer-lost",
            consumer,
            version,
            base.path(file),
            f"its published uses were {'edited' if file.exists() else 'deleted'} since {base.parting.reference.label}",
            f"restore the file; if {consumer} is gone for good, `fieldstone uses retire {consumer}`",
        )
