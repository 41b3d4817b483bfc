"""The verdict: the smallest semver version that may carry a change, and whether the change is allowed.

Versions are ordered and bumped as https://semver.org/spec/v2.0.0.html says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum

from msgspec import Struct
from semver import Version

from fieldstone.compatibility.finding import Finding

FIRST_VERSION = Version(1, 0, 0)


class Bump(IntEnum):
    """The part of the version that a change raises."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    def __str__(self) -> str:
        """The word that release notes use."""
        return self.name.lower()


class Verdict(Struct, frozen=True):
    """The result of judging a change.

    Attributes:
        bump: the part of the version that the change raises.
        version: the smallest version that may carry it; None when nothing changed.
        allowed: whether the change may be released at all.
    """

    bump: Bump
    version: Version | None
    allowed: bool


def required_bump(findings: Iterable[Finding], *, same_contract: bool, same_sources: bool) -> Bump:
    """The bump that a change needs; an addition needs a minor one, even if older code loses it.

    Args:
        findings: the findings that count.
        same_contract: whether both sides compile to the same descriptors.
        same_sources: whether the sources are equal to the byte.
    """
    if any(finding.is_breaking for finding in findings):
        return Bump.MAJOR
    if not same_contract:
        return Bump.MINOR
    return Bump.NONE if same_sources else Bump.PATCH


def smallest_version(
    released: Sequence[Version],
    bump: Bump,
    *,
    zero_minor: bool = True,
    line: str = "",
    beside: Iterable[Version] = (),
) -> Version | None:
    """The smallest version that may follow the released ones; None if no release is needed.

    Args:
        released: the versions of the module up to the newest of the judged line, in any order.
        bump: the bump that the change needs, against the newest version that is no pre-release.
        zero_minor: whether a break before 1.0.0 raises the minor and not the major.
        line: the minor line that goes on, where an addition raises the patch; empty in the main line.
        beside: the versions of minor lines, whose numbers the main line leaves to them.
    """
    if not released:
        return FIRST_VERSION
    newest = max(released)
    stable = max((version for version in released if not version.prerelease), default=None)
    if bump is Bump.NONE and newest == stable:
        return None
    if line and bump is Bump.MINOR:
        bump = Bump.PATCH
    wanted = _raise(stable, bump, zero_minor=zero_minor) if stable else newest.finalize_version()
    wanted = max(wanted, newest.finalize_version()) if newest.prerelease else wanted
    is_of_line = any((version.major, version.minor) == (wanted.major, wanted.minor) for version in beside)
    return wanted.bump_minor() if is_of_line else wanted


def may_carry(version: Version, released: Sequence[Version], smallest: Version) -> bool:
    """Whether `version` may carry a change whose smallest version is `smallest`.

    A pre-release counts as the version that it prepares: 1.3.0-rc.1 may carry what 1.3.0 may.
    """
    return version.finalize_version() >= smallest and (not released or version > max(released))


def _raise(version: Version, bump: Bump, *, zero_minor: bool) -> Version:
    if bump is Bump.MAJOR and not (zero_minor and version.major == 0):
        return version.bump_major()
    return version.bump_patch() if bump <= Bump.PATCH else version.bump_minor()
