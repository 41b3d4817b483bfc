"""Two versions, and what is asked of them."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.witness.images import Version


class Mode(Enum):
    """What counts as a difference.

    In a change it is whatever both versions know. An addition counts where it is the subject itself: what the
    reader does not know yet is then lost to it. In data of an earlier release, whose fields left since, another
    name or another number is another thing.
    """

    CHANGE = "change"
    ADDITION = "addition"
    HISTORY = "history"


class Pair(Struct, frozen=True):
    """Two versions, the surface that is asked about, and what counts there."""

    old: Version
    new: Version
    surface: Surface
    mode: Mode = Mode.CHANGE

    @property
    def is_history(self) -> bool:
        """Whether the older version is an earlier release than the one that the newer is judged against."""
        return self.mode is Mode.HISTORY

    def of_addition(self) -> Pair:
        """The same pair, asked about what the newer version added."""
        return replace(self, mode=Mode.ADDITION)

    def writing(self, *, old: bool) -> tuple[Version, Version, Direction]:
        """Who writes, who reads, and for whom it breaks if that fails.

        Args:
            old: whether the older version writes.
        """
        if old:
            return self.old, self.new, Direction.READING_OLD
        return self.new, self.old, Direction.READ_BY_OLD
