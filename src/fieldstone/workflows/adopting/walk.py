"""The walk through a module's tags, oldest first, and what becomes of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.errors import Conflict, FieldstoneError, Invalid, NotFound
from fieldstone.project.project import Project
from fieldstone.registry import Registry, lines
from fieldstone.registry.release import Release
from fieldstone.toolchain.diagnostic import CompileError
from fieldstone.workflows.adopting.chosen_tags import NumberedTag
from fieldstone.workflows.adopting.history_release import HistoryRelease, history_release
from fieldstone.workflows.adopting.tagged_module import (
    Place,
    TaggedModule,
    compiled_at,
    fingerprint_at,
    protos_of,
    sources_at,
)

if TYPE_CHECKING:
    from semver import Version

_AHEAD = 8
"""The number of tags that are compiled before their turn."""

_OF_THE_TAG = (CompileError, Conflict, Invalid, NotFound)
"""Errors that pass a tag over; others, such as a damaged registry or a full disk, end the command."""


class Fate(StrEnum):
    """The kinds of outcome of a tag."""

    RELEASED = "released"
    KNOWN = "already released"
    UNCHANGED = "unchanged"
    PASSED_OVER = "passed over"


class Outcome(Struct, frozen=True):
    """The outcome of a tag.

    Attributes:
        tag: its name.
        fate: what became of it.
        version: the version of its release; empty if there is none.
        detail: the bump that its changes need, or the reason why there is no release.
        breaks: how many findings of its release break something.
    """

    tag: str
    fate: Fate
    version: str = ""
    detail: str = ""
    breaks: int = 0


class Walk(Struct):
    """A walk through a module's tags, oldest first; the next ones are compiled meanwhile.

    Attributes:
        project: the project, with the registry that gets the releases.
        place: where the module is looked for.
        others: the registry with the releases of other modules.
        top: the root of the checkout.
        pool: where git and buf run.
        compiler: the local compiler with its version.
        last: the release that was made last.
    """

    project: Project
    place: Place
    others: Registry
    top: Path
    pool: ThreadPoolExecutor
    compiler: str
    last: HistoryRelease | None = None

    def outcomes(self, tags: Sequence[NumberedTag]) -> Iterator[Outcome]:
        """The outcome of each tag; releases are written on the way.

        Raises:
            FieldstoneError: as for `fieldstone.workflows.adopt.adopt`.
        """
        known = {release.semver: release for release in self._registry.releases(self._name)}
        self._refuse_moved([(tag, known[tag.version]) for tag in tags if tag.version in known])
        done = max((number for number, tag in enumerate(tags, 1) if tag.version in known), default=0)
        for tag in tags[:done]:
            yield self._earlier(tag, known)
        gated = [release for release in known.values() if not release.accepted]
        if gated:
            reason = f"{gated[0].version} is no history: what follows it is released by `fieldstone release`"
            yield from (Outcome(tag.name, Fate.PASSED_OVER, detail=reason) for tag in tags[done:])
            return
        yield from self._adopted(tags[done:])

    @property
    def _registry(self) -> Registry:
        return self.project.registry

    @property
    def _name(self) -> str:
        return self.place.module.name

    def _refuse_moved(self, tags: Sequence[tuple[NumberedTag, Release]]) -> None:
        """Raise if a tag is released already, with other files."""
        jobs = [(tag, release, self.pool.submit(sources_at, tag.commit.name, self.place)) for tag, release in tags]
        for tag, release, job in jobs:
            with _about(tag):
                protos = protos_of(job.result())
            if protos != release.protos:
                path = min(path for path, _ in {*protos.items()} ^ {*release.protos.items()})
                raise Conflict(
                    f"{self._name} {release.version} was released with other files than tag {tag.name} has: {path}",
                    fix=f"restore the tag, or leave it out: `--skip {tag.name}`",
                )

    def _earlier(self, tag: NumberedTag, known: Mapping[Version, Release]) -> Outcome:
        """The outcome of a tag that is not newer than the newest released one."""
        if tag.version in known:
            return Outcome(tag.name, Fate.KNOWN, str(tag.version))
        reason = "a later tag is released already, and history cannot be inserted"
        return Outcome(tag.name, Fate.PASSED_OVER, detail=reason)

    def _adopted(self, tags: Sequence[NumberedTag]) -> Iterator[Outcome]:
        """The outcome of each tag that follows all released ones."""
        for number, (tag, job) in enumerate(self._compiled(tags), 1):
            self.project.phases.told(f"adopting {tag.name}, {number} of {len(tags)} tags")
            with _about(tag):
                found = self._judged(tag, job)
            yield found if isinstance(found, Outcome) else self._released(tag, found)

    def _compiled(self, tags: Sequence[NumberedTag]) -> Iterator[tuple[NumberedTag, Future[TaggedModule]]]:
        """The tags, each with its module; tags in a row without a difference in files share one."""
        commits = [*dict.fromkeys(tag.commit.name for tag in tags)]
        prints = dict(zip(commits, self.pool.map(lambda name: fingerprint_at(name, self.top), commits), strict=True))
        waiting: deque[tuple[NumberedTag, Future[TaggedModule]]] = deque()
        last, of = None, ""
        for tag in tags:
            if last is None or prints[tag.commit.name] != of:
                last, of = self._start(tag), prints[tag.commit.name]
            waiting.append((tag, last))
            if len(waiting) > _AHEAD:
                yield waiting.popleft()
        yield from waiting

    def _start(self, tag: NumberedTag) -> Future[TaggedModule]:
        return self.pool.submit(compiled_at, tag.commit.name, self.place)

    def _judged(self, tag: NumberedTag, job: Future[TaggedModule]) -> Outcome | HistoryRelease:
        """The release to make of a tag, or what became of the tag if there is none to make."""
        try:
            _require_past(tag)
            project = self._on_its_line(tag)
            tagged = job.result()
        except _OF_THE_TAG as error:
            return Outcome(tag.name, Fate.PASSED_OVER, detail=_reason(error))
        newest = project.newest(self.place.module)
        links = tuple(tagged.links(self.others))
        if newest and tagged.protos == newest.protos and links == newest.dependencies and not _ends(newest, tag):
            return Outcome(tag.name, Fate.UNCHANGED, detail=f"no change of the schema since {newest.version}")
        return history_release(project, tag, tagged, links, compiler=self.compiler, start=self.top, last=self.last)

    def _on_its_line(self, tag: NumberedTag) -> Project:
        """The project on the line that a tag goes on: the main line, or the minor line of an older version.

        Raises:
            Invalid: its version is older than the main line, and its minor line has a newer release, or none.
        """
        main = lines.newest(self._registry, self._name, lines.MAIN)
        is_main = main is None or tag.version > main.semver
        line = lines.MAIN if is_main else lines.minor_of(tag.version)
        if main and not is_main and line not in map(lines.minor_of, self._registry.versions(self._name)):
            raise Invalid(f"it is older than {main.version}, and line {line} has no release that it could follow")
        newest = lines.newest(self._registry, self._name, line)
        if newest and tag.version <= newest.semver:
            raise Invalid(f"it is older than {newest.version}, which history has before it")
        project = replace(self.project, lines={self._name: line})
        vars(project).update(workspace=self.project.workspace, registry=self._registry)
        return project

    def _released(self, tag: NumberedTag, made: HistoryRelease) -> Outcome:
        """Write a release."""
        self.last = made
        self._registry.add(made.draft.release, made.draft.files)
        breaks = sum(finding.is_breaking for finding in made.report.findings)
        return Outcome(tag.name, Fate.RELEASED, str(tag.version), made.draft.release.bump, breaks)


def _ends(newest: Release, tag: NumberedTag) -> bool:
    """Whether a tag is the version that the newest release prepared as a pre-release."""
    return bool(newest.semver.prerelease) and not tag.version.prerelease


def _reason(error: FieldstoneError) -> str:
    """An error as one line; of several compile errors the first."""
    if isinstance(error, CompileError) and len(error.errors) > 1:
        return f"{error.problem}, the first: {error.errors[0].as_line}"
    return "; ".join(filter(None, (error.problem, error.fix)))


def _require_past(tag: NumberedTag) -> None:
    if tag.commit.made > datetime.now(UTC):
        raise Invalid(f"its commit is dated {tag.commit.made:%Y-%m-%d}, in the future")


@contextmanager
def _about(tag: NumberedTag) -> Iterator[None]:
    """Make errors name the tag, and a way to go on without it."""
    try:
        yield
    except FieldstoneError as error:
        fix = "; or ".join(filter(None, (error.fix, f"leave the tag out: `--skip {tag.name}`")))
        raise type(error)(f"at tag {tag.name}: {error.problem}", fix=fix) from error
