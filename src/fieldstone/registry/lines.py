"""The lines of a module: the main line, and minor lines that go on while newer releases exist.

A release of a minor line names it (`line = "1.4"`). Its `previous` is the newest release before it in that minor, so
that each line is a chain of its own back to the first release. All other releases are the main line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fieldstone.errors import Damaged, Invalid, NotFound

if TYPE_CHECKING:
    from semver import Version

    from fieldstone.registry import Registry
    from fieldstone.registry.release import Release

MAIN = "main"
"""The name of the main line on the command line."""
_LINE = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")


def parse_line(name: str) -> str:
    """The name of a line: `1.4`, or `main`.

    Raises:
        Invalid: it is neither.
    """
    if name != MAIN and not _LINE.fullmatch(name):
        raise Invalid(f"{name} is no line of versions", fix=f"write it as 1.4, or {MAIN} for the main line")
    return name


def minor_of(version: Version) -> str:
    """The minor line that a version belongs to: `1.4` of 1.4.2."""
    return f"{version.major}.{version.minor}"


def newest(registry: Registry, module: str, line: str = "") -> Release | None:
    """The newest release of a line of a module; None if the module has no release.

    Args:
        registry: where the releases are.
        module: the module.
        line: the line, `1.4` or `main`; by default that of the newest release of all.

    Raises:
        FieldstoneError: the module has no such line, or a release cannot be read.
    """
    versions = registry.versions(module)
    if not versions:
        return None
    if line == MAIN:
        releases = (registry.release(module, str(version)) for version in reversed(versions))
        return next((release for release in releases if not release.line), None)
    if not line:
        return registry.release(module, str(versions[-1]))
    of_line = [version for version in versions if minor_of(version) == line]
    if all(version.prerelease for version in of_line):
        known = dict.fromkeys(minor_of(version) for version in versions if not version.prerelease)
        has = f"it has {', '.join(known)}" if known else "it has pre-releases only"
        raise NotFound(f"no release of {module} in line {line} in {registry.address}", fix=has)
    return registry.release(module, str(of_line[-1]))


def ancestry(registry: Registry, release: Release) -> Iterator[Release]:
    """A release and those before it in its line, back to the first; each manifest is read when it is reached.

    Raises:
        FieldstoneError: a release cannot be read, or names one as previous that is not lower.
    """
    yield release
    while release.previous:
        before = registry.release(release.name, release.previous.version)
        if before.semver >= release.semver:
            raise Damaged(
                f"{registry.label(release)} names {before.version} as the release before it",
                fix="`fieldstone registry verify` says more",
            )
        release = before
        yield release


def tips(registry: Registry, module: str) -> list[Release]:
    """The newest release of the main line and of each minor line, in semver order.

    Raises:
        FieldstoneError: a release cannot be read.
    """
    main = newest(registry, module, MAIN)
    last = {minor_of(version): version for version in registry.versions(module)}
    releases = [registry.release(module, str(version)) for version in last.values()]
    found = [release for release in releases if release.line]
    return sorted([*found, *([main] if main else [])], key=lambda release: release.semver)


def beside(registry: Registry, module: str, line: str) -> list[Release]:
    """The newest release of each other line, unless the line's own history includes it.

    Args:
        registry: where the releases are.
        module: the module.
        line: the line, `1.4` or `main`.

    Raises:
        FieldstoneError: the module has no such line, or a release cannot be read.
    """
    own, others = newest(registry, module, line), tips(registry, module)
    if own is None or [tip.version for tip in others] == [own.version]:
        return []
    past = {release.version for release in ancestry(registry, own)}
    return [tip for tip in others if tip.version not in past]


def predecessors(releases: Sequence[Release]) -> dict[str, Release | None]:
    """The release that each must follow, by version: the newest before it in its line.

    Args:
        releases: all of a module, in semver order.
    """
    found: dict[str, Release | None] = {}
    main: Release | None = None
    by_minor: dict[str, Release] = {}
    for release in releases:
        found[release.version] = by_minor.get(release.line) if release.line else main
        by_minor[minor_of(release.semver)] = release
        main = main if release.line else release
    return found
