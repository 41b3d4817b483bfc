"""Adopt: releases from git tags, so that a module's history goes before its gate."""

from __future__ import annotations

import os
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

from fieldstone.checking.module_identity import renamed_modules
from fieldstone.errors import Conflict, FieldstoneError, Invalid, NotFound, Unavailable
from fieldstone.project.project import Project
from fieldstone.registry import Registry, lines
from fieldstone.registry.memory import MemoryRegistry
from fieldstone.registry.release import Release
from fieldstone.toolchain import buf, git
from fieldstone.toolchain.diagnostic import CompileError
from fieldstone.workflows.adopting.chosen_tags import NumberedTag, chosen_tags
from fieldstone.workflows.adopting.history_release import HistoryRelease, history_release
from fieldstone.workflows.adopting.tagged_module import (
    Place,
    TaggedModule,
    compiled_at,
    fingerprint_at,
    protos_of,
    sources_at,
)
from fieldstone.workflows.release import require_order

if TYPE_CHECKING:
    from semver import Version

_AHEAD = 8
"""How many tags are compiled before their turn."""

_OF_THE_TAG = (CompileError, Conflict, Invalid, NotFound)
"""Errors that pass a tag over; others, such as a damaged registry or a full disk, end the command."""


class Fate(StrEnum):
    """What became of a tag."""

    RELEASED = "released"
    KNOWN = "already released"
    UNCHANGED = "unchanged"
    PASSED_OVER = "passed over"


class Outcome(Struct, frozen=True):
    """What became of a tag.

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


class Adopted(Struct, frozen=True):
    """The result of adopting a module's history.

    Attributes:
        outcomes: of each tag that matched: those without a version first, then in the order of history.
        newest: the version of the module's newest release then; empty if there is none.
        newest_tag: the highest version that a tag gives; empty if none gives one.
    """

    outcomes: Sequence[Outcome]
    newest: str
    newest_tag: str = ""


def adopt(
    project: Project,
    name: str,
    globs: Sequence[str],
    *,
    at: Sequence[str] = (),
    skip: Sequence[str] = (),
    dry_run: bool = False,
) -> Adopted:
    """Release a module at the git tags of its history, under the versions that the tags give.

    A tag that is released already is left alone, so an interrupted run goes on where it stopped. The working tree is
    neither read nor changed, except for the registry.

    Args:
        project: the project with the module.
        name: the module.
        globs: the tags, as for `git tag --list`.
        at: the folders that the module had, relative to the root of the checkout; by default they are found.
        skip: the tags to leave out, as globs.
        dry_run: judge every tag, but write nothing.

    Raises:
        FieldstoneError: no tag matches, or two give one version; the clone is shallow; a tag is released with other
            files; a tag imports a module whose history is not adopted; the engines disagree; or the registry is in
            disorder or cannot be written.
    """
    settings = replace(project.settings, waivers={})
    project = replace(project, settings=settings, permission=project.permission.only_if_asked())
    require_order(project)
    project.require_living(name)
    module = project.module(name)
    _refuse_renamed(project, name)
    top, registry = _top(project), project.registry
    chosen = chosen_tags(top, globs, skip)
    if dry_run:
        vars(project)["registry"] = _copied(registry, name)
    outcomes = [Outcome(tag, Fate.PASSED_OVER, detail=reason) for tag, reason in chosen.left_out.items()]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            walk = _Walk(project, Place(project, module, at), registry, top, pool, buf.compiler())
            outcomes += walk.outcomes(chosen.numbered)
        finally:
            pool.shutdown(cancel_futures=True)
    newest = project.newest(module)
    highest = max((tag.version for tag in chosen.numbered), default="")
    return Adopted(outcomes, newest.version if newest else "", str(highest))


def _refuse_renamed(project: Project, name: str) -> None:
    """Raise if the module is the new name of one with releases, or another module has taken its name."""
    renamed = renamed_modules(project)
    if name in renamed or name in {module.name for module in renamed.values()}:
        raise Conflict(
            f"module {name} and a released module have changed names",
            fix=f"`fieldstone check {name}` says how to go on",
        )


def _top(project: Project) -> Path:
    """The root of the checkout, with the whole history."""
    root = project.workspace.root
    try:
        top = git.top_of(root)
    except FieldstoneError as error:
        fix = error.fix or "run it in a clone of the repository that has the tags"
        raise Invalid(f"history comes from git, and there is none in {root}: {error.problem}", fix=fix) from error
    if git.is_shallow(top):
        raise Unavailable(
            f"{top} is a shallow clone, which lacks a part of the history", fix="`git fetch --unshallow --tags`"
        )
    return top


def _copied(registry: Registry, module: str) -> MemoryRegistry:
    """A copy of a module's releases in memory."""
    copy = MemoryRegistry("memory:dry-run", {})
    for release in registry.releases(module):
        copy.add(release, {path: registry.read(release, path) for path in release.files})
    return copy


class _Walk(Struct):
    """The walk through a module's tags, oldest first; the next ones are compiled meanwhile.

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
        """What becomes of each tag; releases are written on the way.

        Raises:
            FieldstoneError: as for `adopt`.
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
        """What became of a tag up to the newest one that is released already."""
        if tag.version in known:
            return Outcome(tag.name, Fate.KNOWN, str(tag.version))
        reason = "a later tag is released already, and history cannot be inserted"
        return Outcome(tag.name, Fate.PASSED_OVER, detail=reason)

    def _adopted(self, tags: Sequence[NumberedTag]) -> Iterator[Outcome]:
        """What becomes of each tag that follows all released ones."""
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
