"""The versions of a module by their names, in semver order.

The order is defined in https://semver.org/spec/v2.0.0.html#spec-item-11. Sorting uses one key per version,
because a comparison of `Version` objects is slow (1 µs and more).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from semver import Version

from fieldstone.errors import Damaged

_Identifier = tuple[bool, int, str]
_Precedence = tuple[int, int, int, bool, list[_Identifier]]


def in_order(names: Iterable[str], where: str) -> dict[str, Version]:
    """The versions by their names, from the lowest to the highest.

    Args:
        names: the names of a module's releases.
        where: the location of the module's releases, for the error.

    Raises:
        Damaged: a name is not a version, or two have the same precedence.
    """
    found = {name: _parse(name, where) for name in names}
    ranked = sorted((precedence(version), name) for name, version in found.items())
    for (rank, name), (next_rank, next_name) in pairwise(ranked):
        if rank == next_rank:
            raise two_of_one_number(where, next_name, name)
    return {name: found[name] for _, name in ranked}


def precedence(version: Version) -> _Precedence:
    """The sort key of a version; equal for versions that differ only in build metadata."""
    pre = version.prerelease
    identifiers = [_rank(identifier) for identifier in pre.split(".")] if pre else []
    return version.major, version.minor, version.patch, not pre, identifiers


def two_of_one_number(where: str, name: str, other: str) -> Damaged:
    """The error about two releases with the same version.

    Args:
        where: the location of the module's releases.
        name: the name of the duplicate.
        other: the name that has the version already.
    """
    return Damaged(
        f"two releases of one number in {where}: {name} is {other} too",
        fix="keep the one that was released, and remove the other",
    )


def _rank(identifier: str) -> _Identifier:
    """The sort key of a pre-release identifier: numbers before words, and shorter numbers before longer ones."""
    is_word = not identifier.isdigit()
    return is_word, 0 if is_word else len(identifier), identifier


def _parse(name: str, where: str) -> Version:
    try:
        return Version.parse(name)
    except ValueError:
        raise Damaged(
            f"stray folder in the registry: {where}/{name} is no version",
            fix="remove it: a module's folder holds releases only",
        ) from None
