"""The result of a scan: what a program that reads a consumer's code has written down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from fieldstone.consumers.enforced import check_enforced, installed
from fieldstone.consumers.uses import FILE, Evidence, How, Places, Rank, from_toml


class Use(Struct, frozen=True, array_like=True):
    """A use of an element of a module, at one place."""

    module: str
    name: str
    how: How
    path: str
    line: int


class Unseen(Struct, frozen=True, array_like=True):
    """A place in the code, with words for it."""

    module: str
    path: str
    line: int
    words: str


class Package(Struct, frozen=True, array_like=True):
    """An installed client package: its module, its name, and the text of the uses that it is narrowed to, if it is."""

    module: str
    name: str
    uses: str


class Scanned(Struct, frozen=True):
    """The results of a scan.

    Attributes:
        files: the number of files that were read.
        releases: the release of each module whose client package is installed.
        packages: the client packages that the code imports.
        uses: the uses.
        unseen: the places that could not be followed.
        partial: the places that take a message as a whole of which a narrowed package lacks fields, by its full name.
    """

    files: int
    releases: Mapping[str, str]
    packages: tuple[Package, ...] = ()
    uses: tuple[Use, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    partial: tuple[Unseen, ...] = ()

    def evidence(self, language: str, day: date) -> list[Evidence]:
        """The evidence about each module whose package is installed, used or not.

        Args:
            language: the scanned language.
            day: the day of the scan (UTC).
        """
        return [self._about(module, release, language, day) for module, release in sorted(self.releases.items())]

    def enforced(self, module: str, language: str, day: date) -> Evidence | None:
        """The evidence of the narrowed package of a module; None if the code imports another one, too.

        Args:
            module: the module's name.
            language: the scanned language.
            day: the day of the scan (UTC).

        Raises:
            Invalid: what the package says of itself is not what it was built with.
        """
        packages = [package for package in self.packages if package.module == module]
        if len(packages) != 1 or not packages[0].uses:
            return None
        carried = from_toml(packages[0].uses, where=f"{FILE} in {packages[0].name}").of(module)
        found = [installed(one, language, day) for one in carried if one.rank is Rank.ENFORCED]
        for one in found:
            check_enforced(one)
        return found[0] if found else None

    def _about(self, module: str, release: str, language: str, day: date) -> Evidence:
        uses: dict[How, dict[str, list[str]]] = {how: defaultdict(list) for how in How}
        for use in self.uses:
            if use.module == module:
                uses[use.how][use.name].append(f"{use.path}:{use.line}")
        unseen = tuple(f"{one.path}:{one.line}: {one.words}" for one in self.unseen if one.module == module)
        read, write, whole = (_fixed(uses[how]) for how in (How.READ, How.WRITE, How.WHOLE))
        return Evidence(
            module, release, Rank.SCAN, day, by=language, unseen=unseen, read=read, write=write, whole=whole
        )


def _fixed(uses: Mapping[str, list[str]]) -> dict[str, Places]:
    return {name: tuple(dict.fromkeys(places)) for name, places in sorted(uses.items())}
