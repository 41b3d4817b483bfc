"""The tags that are to become releases: those that a glob matches, with their versions, in the order of history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.errors import Conflict, NotFound
from fieldstone.registry.lines import minor_of
from fieldstone.toolchain.git_tags import Commit, Target, in_order, tag_names, targets
from fieldstone.toolchain.tag_version import matches, suggested_glob, version_of

if TYPE_CHECKING:
    from semver import Version


class NumberedTag(Struct, frozen=True):
    """A tag with its version and its commit."""

    name: str
    version: Version
    commit: Commit


class ChosenTags(Struct, frozen=True):
    """The tags that the globs match.

    Attributes:
        numbered: those of a version and a commit: parents first, else by date, then by version; but a minor version
            that began late before the higher ones.
        left_out: the others: name to reason, as a phrase without a full stop.
    """

    numbered: Sequence[NumberedTag]
    left_out: Mapping[str, str]


def chosen_tags(top: Path, globs: Sequence[str], skip: Sequence[str] = ()) -> ChosenTags:
    """The tags that become releases.

    Args:
        top: the root of the checkout.
        globs: the tags to take, as for `git tag --list`.
        skip: the tags to leave out.

    Raises:
        NotFound: there is no such tag.
        Conflict: tags of different commits give one version.
    """
    every = tag_names(top)
    names = [name for name in every if matches(name, globs) and not matches(name, skip)]
    if not names:
        raise _none(top, every, globs)
    versions = {name: version for name in names if (version := _version(name, globs))}
    found = targets([*versions], top)
    left_out = {name: reason for name in names if (reason := _fault(name, versions, found))}
    usable = [name for name in names if name not in left_out]
    left_out |= _same_version({name: (versions[name], found[name].name) for name in usable})
    commits = in_order([found[name].name for name in usable if name not in left_out], top)
    place = {commit.name: number for number, commit in enumerate(commits)}
    numbered = [
        NumberedTag(name, versions[name], commits[place[found[name].name]]) for name in usable if name not in left_out
    ]
    numbered.sort(key=lambda tag: (place[tag.commit.name], tag.version))
    return ChosenTags(_with_late_minors_in_place(numbered), left_out)


def _with_late_minors_in_place(tags: Iterable[NumberedTag]) -> list[NumberedTag]:
    """The tags, with each minor version that began after a higher one put before that: 1.9.0 before 2.0.0.

    A later patch of a minor version that began in time stays where it is, as a release of its line.
    """
    placed: list[NumberedTag] = []
    begun: set[str] = set()
    for tag in tags:
        line = minor_of(tag.version)
        higher = (number for number, other in enumerate(placed) if other.version > tag.version)
        placed.insert(len(placed) if line in begun else next(higher, len(placed)), tag)
        begun |= set() if tag.version.prerelease else {line}
    return placed


def _version(name: str, globs: Iterable[str]) -> Version | None:
    found = (version_of(name, glob) for glob in globs if matches(name, [glob]))
    return next((version for version in found if version), None)


def _fault(name: str, versions: Mapping[str, Version], found: Mapping[str, Target]) -> str:
    """The reason why a tag can be no release; empty if it can."""
    if name not in versions:
        return "its name gives no version like 1.2 or 1.2.3-rc.1"
    target = found.get(name)
    if target is None:
        return "its commit is not in this clone"
    return "" if target.kind == "commit" else f"it points at a {target.kind}, not at a commit"


def _same_version(tags: Mapping[str, tuple[Version, str]]) -> dict[str, str]:
    """The tags whose version an earlier name has, too: name to reason; `tags` has their versions and commits."""
    taken: dict[Version, str] = {}
    again: dict[str, str] = {}
    for name, (version, commit) in tags.items():
        other = taken.setdefault(version, name)
        if other != name and tags[other][1] != commit:
            raise Conflict(
                f"tags {other} ({tags[other][1][:9]}) and {name} ({commit[:9]}) both give version {version}",
                fix=f"leave one of them out: `--skip {other}` or `--skip {name}`",
            )
        if other != name:
            again[name] = f"it is the commit of {other}"
    return again


def _none(top: Path, every: Sequence[str], globs: Sequence[str]) -> NotFound:
    """The error that no tag matches, with a glob that does."""
    asked = " or ".join(globs)
    if not every:
        return NotFound(f"there are no tags in {top}", fix="fetch them: `git fetch --tags`")
    glob = suggested_glob(every)
    fix = f"did you mean --tags '{glob}'?" if glob and glob not in globs else f"it has {', '.join(every[:5])}"
    more = " and more" if len(every) > len(every[:5]) and fix.startswith("it has") else ""
    return NotFound(f"no tag in {top} matches {asked}", fix=fix + more)
