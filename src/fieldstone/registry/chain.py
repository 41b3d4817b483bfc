"""Checks that a module's releases are a chain: each names the previous one, and a retirement is the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from fieldstone.compatibility.verdict import Bump, smallest_version
from fieldstone.errors import Conflict
from fieldstone.registry import Defect
from fieldstone.registry.release import IMAGE, LEDGER, Link, Release
from fieldstone.schema.digest import file_digest

Label = Callable[[Release], str]
"""Returns the location of a release for messages."""


def refuse_if_overtaken(release: Release, versions: Sequence[str]) -> None:
    """Refuse to add a release that does not follow the newest one, or whose version exists.

    Args:
        release: the new release.
        versions: the versions of its module in the registry, in semver order.

    Raises:
        Conflict: another release was added meanwhile, or this version exists already.
    """
    previous = release.previous.version if release.previous else None
    newest = versions[-1] if versions else None
    if newest == previous and release.version in versions:
        raise Conflict(f"{release.name} {release.version} exists already", fix="release another version")
    if newest != previous:
        raise Conflict(
            f"{release.name} {newest} was released meanwhile, and {release.version} is based on {previous}",
            fix="release again on top of it",
        )


def broken_links(releases: Sequence[Release], label: Label, remedy: str) -> Iterator[Defect]:
    """The defects of a chain of releases: each must name the one before it.

    Args:
        releases: all of a module, in the order of semver.
        label: returns the location of a release for messages.
        remedy: the fix for a missing or changed release.
    """
    before: Release | None = None
    by_version = {release.version: release for release in releases}
    for release in releases:
        expected = before.link if before else None
        if release.previous != expected:
            named = by_version.get(release.previous.version) if release.previous else None
            yield _defect(release, before, named, label(release), remedy)
        before = release


def broken_retirements(releases: Sequence[Release], label: Label, remedy: str) -> Iterator[Defect]:
    """Releases that say they retire a module and do not, and those that follow one that does.

    Args:
        releases: all of a module, in the order of semver.
        label: returns the location of a release for messages.
        remedy: the fix for a missing or changed release.
    """
    for number, release in enumerate(releases):
        problems = _retirement_faults(release, releases[:number]) if release.retired else []
        retired = [earlier.version for earlier in releases[:number] if earlier.retired]
        if retired:
            problems.append(f"{release.version} follows {retired[0]}, which retired the module")
        for problem in problems:
            yield Defect(
                "registry-retirement-wrong",
                release.name,
                release.version,
                label(release),
                problem,
                f"{remedy}: a module is retired by `fieldstone release --retire` alone",
            )


def _retirement_faults(release: Release, before: Sequence[Release]) -> list[str]:
    """The faults in the manifest of a release that claims to retire its module."""
    who = f"{release.version} retires the module"
    faults: list[str] = []
    extra = sorted(release.files.keys() - {IMAGE, LEDGER})
    if extra or release.dependencies:
        held = extra[0] if extra else f"an import of {release.dependencies[0].name}"
        faults.append(f"{who}, and holds {held}")
    if release.files.get(IMAGE) != file_digest(b""):
        faults.append(f"{who}, and its {IMAGE} is not empty")
    smallest = smallest_version([earlier.semver for earlier in before], Bump.MAJOR)
    number = release.semver
    if not before:
        faults.append(f"{who}, and no release came before it")
    elif smallest is None or number < smallest or number.prerelease or release.bump != str(Bump.MAJOR):
        faults.append(f"{who}, and is no major step from {before[-1].version}")
    return faults


def _defect(release: Release, before: Release | None, named: Release | None, path: str, remedy: str) -> Defect:
    previous = release.previous
    if named is not None and before is not None and named.version != before.version and previous == named.link:
        return Defect(
            "registry-forked",
            release.name,
            release.version,
            path,
            f"{release.version} and {before.version} were both released on top of {named.version}",
            f"remove {path}, take over its change on top of {before.version}, and release it again",
        )
    link = before.link if before else None
    return Defect(
        "registry-chain-broken",
        release.name,
        release.version,
        path,
        f"{release.version} names {_words(previous)} as the release before, and that is {_words(link)}",
        f"{remedy}: releases are never removed or replaced",
    )


def _words(link: Link | None) -> str:
    return f"{link.version} ({link.digest[:15]}..., seal {link.seal[9:17]}...)" if link else "none"
