"""Numbers and names that two lines of a module gave to different things, on branches apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from msgspec import Struct

from fieldstone.checking.baseline import ledger_of
from fieldstone.compatibility.ledger import Ledger, Use
from fieldstone.registry import Defect, Registry
from fieldstone.registry.lines import ancestry, tips
from fieldstone.registry.release import Release


class LineConflict(Struct, frozen=True):
    """Two releases of different lines that use one number or name for different things, and the defect that says so."""

    releases: tuple[Release, Release]
    defect: Defect


def line_conflicts(registry: Registry, module: str) -> Iterator[LineConflict]:
    """The conflicts between the lines of a module; none that a recorded waiver permits, or of history alone.

    Raises:
        FieldstoneError: a release cannot be read.
    """
    newest = tips(registry, module)
    if len(newest) < 2:  # noqa: PLR2004 - lines are compared in pairs
        return
    lines = [_Line.of(registry, tip) for tip in newest]
    seen: set[tuple[str, str, str]] = set()
    for one, other in combinations(lines, 2):
        for name in sorted(one.ledger.types.keys() & other.ledger.types.keys()):
            for mine, theirs in _clashes(one, other, name):
                key = (name, mine.name, theirs.name)
                releases = one.past[mine.since], other.past[theirs.since]
                permitted = any(_permits(release, name, {mine, theirs}) for release in releases)
                if key not in seen and not permitted and not all(release.accepted for release in releases):
                    seen.add(key)
                    yield LineConflict(releases, _defect(registry, name, (mine, theirs), releases))


class _Line(Struct, frozen=True):
    """A line: its ledger, and its releases by version."""

    ledger: Ledger
    past: Mapping[str, Release]

    @classmethod
    def of(cls, registry: Registry, tip: Release) -> _Line:
        return cls(ledger_of(registry, tip), {release.version: release for release in ancestry(registry, tip)})

    def own(self, name: str, other: _Line) -> list[Use]:
        """The members of a type that only this line brought, as far as another one goes."""
        return [use for use in self.ledger.type(name).members if use.since not in other.past]


def _clashes(one: _Line, other: _Line, name: str) -> Iterator[tuple[Use, Use]]:
    for mine in one.own(name, other):
        for theirs in other.own(name, one):
            same_number = mine.number is not None and mine.number == theirs.number
            if mine.key != theirs.key and (same_number or mine.name == theirs.name):
                yield mine, theirs


def _permits(release: Release, name: str, uses: set[Use]) -> bool:
    """Whether a release records a waiver for one of these members."""
    subjects = {f"{name}.{use.name}" for use in uses} | {use.name for use in uses}
    return any(waiver.subject in subjects for waiver in release.waivers)


def _defect(registry: Registry, name: str, uses: tuple[Use, Use], releases: tuple[Release, Release]) -> Defect:
    later = max(releases, key=lambda release: release.released_time)
    where = registry.label(later)
    said = " and ".join(
        f"`{use.of} {use.name}{f' = {use.number}' if use.number is not None else ''}` in {use.since}" for use in uses
    )
    return Defect(
        "registry-lines-conflict",
        later.name,
        later.version,
        where,
        f"`{name}` has {said}: one number or name for different things in two lines",
        f"if {later.version} is new, remove {where}, change what it took, and release it again; if not, leave it out "
        f"with `fieldstone registry verify --trust {later.name}@{max(releases, key=lambda r: r.semver).version}`",
    )
