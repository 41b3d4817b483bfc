"""Whether the releases of a module follow one another: each names the one before, and none is named twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from fieldstone.registry import Defect
from fieldstone.registry.manifest import Link, Release


def broken_links(releases: Sequence[Release], root: Path) -> Iterator[Defect]:
    """What is wrong with the chain of a module's releases, given in the order of semver."""
    before: Release | None = None
    by_version = {release.version: release for release in releases}
    for release in releases:
        expected = before.link if before else None
        if release.previous != expected:
            yield _defect(release, before, by_version.get(release.previous.version) if release.previous else None, root)
        before = release


def _defect(release: Release, before: Release | None, named: Release | None, root: Path) -> Defect:
    path = str(root / release.name / release.version)
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
        "restore the registry from git: releases are never removed or replaced",
    )


def _words(link: Link | None) -> str:
    return f"{link.version} ({link.digest[:15]}..., seal {link.seal[9:17]}...)" if link else "none"
