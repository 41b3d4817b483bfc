"""Two versions, and what counts as a difference between them."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.renaming import Renames
from fieldstone.compatibility.witness.images import Version


class Mode(Enum):
    """The kinds of differences that count.

    CHANGE: whatever both versions know. ADDITION: also what only the writer knows, because the addition itself is the
    subject. HISTORY: data of an earlier release, whose fields were removed since; another name or number is a
    difference.
    """

    CHANGE = "change"
    ADDITION = "addition"
    HISTORY = "history"


class Pair(Struct, frozen=True):
    """Two versions, the surface to compare, and what counts as a difference.

    `is_deep` also compares renamed types inside the fields that contain them; by default they are compared separately.
    `renamed` replaces the renamed types if the older version is an earlier release: its types then count as named in
    the baseline.
    """

    old: Version
    new: Version
    surface: Surface
    mode: Mode = Mode.CHANGE
    is_deep: bool = False
    renamed: Renames = Renames()

    @property
    def is_history(self) -> bool:
        """Whether the older version is an earlier release than the baseline."""
        return self.mode is Mode.HISTORY

    def since(self, release: Version) -> Pair:
        """The same newer version, compared with the data of an earlier release."""
        return replace(self, old=release, mode=Mode.HISTORY, renamed=self.renames)

    def of_addition(self) -> Pair:
        """The same pair, with the newer version's additions as the subject."""
        return replace(self, mode=Mode.ADDITION)

    def looking_inside(self) -> Pair:
        """The same pair, with renamed types compared inside the fields that contain them."""
        return replace(self, is_deep=True)

    @property
    def renames(self) -> Renames:
        """The renamed types."""
        return self.renamed if self.is_history else self.old.renames(self.new)

    def names(self, name: str) -> tuple[str, str]:
        """The full names of an element in the older and in the newer version; its container may be renamed.

        Args:
            name: its full name in either of them.
        """
        renames = self.renames
        if name in renames.types:
            return name, renames.types[name]
        if name in renames.came:
            return renames.came[name], name
        around, _, own = name.rpartition(".")
        before, after = renames.came.get(around, around), renames.types.get(around, around)
        return (f"{before}.{own}", f"{after}.{own}") if around else (name, name)

    def writing(self, *, old: bool) -> tuple[Version, Version, Direction]:
        """The writing version, the reading version, and for whom it breaks if reading fails.

        Args:
            old: whether the older version writes.
        """
        if old:
            return self.old, self.new, Direction.READING_OLD
        return self.new, self.old, Direction.READ_BY_OLD
