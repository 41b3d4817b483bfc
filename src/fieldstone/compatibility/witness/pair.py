"""Two versions, and what is asked of them."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.renaming import Renames
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
    """Two versions, the surface that is asked about, and what counts there.

    `is_deep` says that types that live on under another name are looked into from the fields that hold them; by
    default they are tried by themselves. `renamed` are those types where the older version is an earlier release, whose
    types count as called as in the version that the newer is judged against.
    """

    old: Version
    new: Version
    surface: Surface
    mode: Mode = Mode.CHANGE
    is_deep: bool = False
    renamed: Renames = Renames()

    @property
    def is_history(self) -> bool:
        """Whether the older version is an earlier release than the one that the newer is judged against."""
        return self.mode is Mode.HISTORY

    def since(self, release: Version) -> Pair:
        """The same newer version, asked about the data of an earlier release."""
        return replace(self, old=release, mode=Mode.HISTORY, renamed=self.renames)

    def of_addition(self) -> Pair:
        """The same pair, asked about what the newer version added."""
        return replace(self, mode=Mode.ADDITION)

    def looking_inside(self) -> Pair:
        """The same pair, with types of another name looked into from where they are held."""
        return replace(self, is_deep=True)

    @property
    def renames(self) -> Renames:
        """The types that live on under another name."""
        return self.renamed if self.is_history else self.old.renames(self.new)

    def names(self, name: str) -> tuple[str, str]:
        """The full names of an element, or of what holds it, in the older and in the newer version.

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
        """Who writes, who reads, and for whom it breaks if that fails.

        Args:
            old: whether the older version writes.
        """
        if old:
            return self.old, self.new, Direction.READING_OLD
        return self.new, self.old, Direction.READ_BY_OLD
