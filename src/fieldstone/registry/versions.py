"""The versions of a module by their names, in the order of semver.

https://semver.org/spec/v2.0.0.html#spec-item-11 says the order. Versions compare themselves in Python, at 1 µs
and more each time; a key for each is made once.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from semver import Version

from fieldstone.errors import Damaged

_Identifier = tuple[bool, int, str]
_Precedence = tuple[int, int, int, bool, list[_Identifier]]


def in_order(names: Iterable[str], where: str) -> dict[str, Version]:
    """Each name as a version, from the lowest to the highest.

    Args:
        names: those of a module's releases.
        where: where the module's releases are, for the error.

    Raises:
        Damaged: one is no version, or two are of one precedence.
    """
    found = {name: _parse(name, where) for name in names}
    ranked = sorted((precedence(version), name) for name, version in found.items())
    for (rank, name), (next_rank, next_name) in pairwise(ranked):
        if rank == next_rank:
            raise two_of_one_number(where, next_name, name)
    return {name: found[name] for _, name in ranked}


def precedence(version: Version) -> _Precedence:
    """What sorts as the version does; equal for two that differ in build metadata alone."""
    pre = version.prerelease
    identifiers = [_rank(identifier) for identifier in pre.split(".")] if pre else []
    return version.major, version.minor, version.patch, not pre, identifiers


def two_of_one_number(where: str, name: str, other: str) -> Damaged:
    """The refusal of two releases that would be the same version.

    Args:
        where: where the module's releases are.
        name: the name that is not wanted.
        other: the one that has the number already.
    """
    return Damaged(
        f"two releases of one number in {where}: {name} is {other} too",
        fix="keep the one that was released, and remove the other",
    )


def _rank(identifier: str) -> _Identifier:
    """Numbers come before words, and a longer number, which has no zero before it, after a shorter one."""
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
