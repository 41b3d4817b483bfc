"""Releases accepted as history, compared with the git tags that they come from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from msgspec import Struct

from fieldstone.errors import FieldstoneError, NotFound, Unavailable
from fieldstone.project.project import Project
from fieldstone.registry import Defect, Registry
from fieldstone.registry.release import IMAGE, LEDGER, SOURCES, Release, schema_files
from fieldstone.schema.digest import manifest
from fieldstone.toolchain import git
from fieldstone.toolchain.git_tags import Commit, in_order, tag_names, targets
from fieldstone.toolchain.tag_version import versions_in
from fieldstone.workspace.dependencies import Dependencies
from fieldstone.workspace.modules import Module
from fieldstone.workspace.past_contents import PastContents, contents_of
from fieldstone.workspace.past_module import past_module


def unproven_history(releases: Iterable[Release], registry: Registry, project: Project, top: Path) -> Iterator[Defect]:
    """The new releases that say that they are history, and are not what `fieldstone adopt` releases at a tag.

    Args:
        releases: the releases that the change brings.
        registry: where they are.
        project: the change, whose modules are looked for at the tags.
        top: the root of the checkout.

    Raises:
        FieldstoneError: git cannot be read.
    """
    history = [release for release in releases if release.accepted]
    if not history:
        return
    proof = _Proof(registry, project, top, _tagged_commits(top))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [*pool.map(proof.problem, history)]
    for release, problem in zip(history, problems, strict=True):
        if problem:
            label = registry.label(release)
            fetch = "git fetch --tags" + (" --unshallow" if git.is_shallow(top) else "")
            fix = f"fetch all tags: `{fetch}`; if that does not help, remove {label}"
            said = f"it says that it is history from commit {release.commit[:9] or 'none'}"
            yield Defect("registry-history-unproven", release.name, release.version, label, f"{said}, {problem}", fix)


class _Tagged(Struct, frozen=True):
    """A commit with the names of the tags that point at it."""

    commit: Commit
    tags: Sequence[str]


def _tagged_commits(top: Path) -> dict[str, _Tagged]:
    """The commits that the tags of a checkout point at, by full hash."""
    tags: dict[str, list[str]] = {}
    for tag, target in targets(tag_names(top), top).items():
        if target.kind == "commit":
            tags.setdefault(target.name, []).append(tag)
    return {commit.name: _Tagged(commit, tags[commit.name]) for commit in in_order(tags, top)}


class _Proof(Struct, frozen=True):
    """The comparison of releases with the tags of a checkout.

    Attributes:
        registry: where the releases are.
        project: the project with today's modules.
        top: the root of the checkout.
        tagged: the commits with tags.
    """

    registry: Registry
    project: Project
    top: Path
    tagged: Mapping[str, _Tagged]

    def problem(self, release: Release) -> str:
        """The difference between a release and its tag, as a clause; empty if there is none.

        Raises:
            FieldstoneError: git cannot be read.
        """
        tagged = self.tagged.get(release.commit)
        if tagged is None:
            return "and no tag here points at that"
        if tagged.commit.seconds != release.released_time.timestamp():
            return f"which has another date than {release.released_at}"
        if not any(release.semver in versions_in(tag) for tag in tagged.tags):
            return f"whose tag gives another version: {', '.join(tagged.tags)}"
        try:
            return self._difference(release, self._contents(release))
        except Unavailable:
            raise
        except FieldstoneError as error:
            return f"and its module cannot be found there: {error.problem}"

    def _contents(self, release: Release) -> PastContents:
        """The files of the release's module at its commit: where it is found, or where only `adopt --at` finds it."""
        module = self.project.module(release.name)
        try:
            return self._contents_at(release.commit, module)
        except NotFound:
            for folder in _folders_with(release, self.registry, self.top):
                contents = self._contents_at(release.commit, module, (folder,))
                if not self._difference(release, contents):
                    return contents
            raise

    def _contents_at(self, commit: str, module: Module, at: Sequence[str] = ()) -> PastContents:
        workspace, outside = self.project.workspace, self.project.settings.registry_folder
        with past_module(commit, module, workspace, at=at, outside=outside) as past:
            return contents_of(past, Dependencies(past.workspace))

    def _difference(self, release: Release, contents: PastContents) -> str:
        """The first difference between a release and its module at the tag, as a clause; empty if there is none."""
        tagged = manifest(schema_files(contents.sources, contents.third_party, contents.imported))
        ours = {path: digest for path, digest in release.files.items() if path not in {IMAGE, LEDGER}}
        if changed := sorted(ours.items() - tagged.items()):
            return f"which has no file like its {changed[0][0]}"
        if missing := sorted(tagged.keys() - ours.keys()):
            return f"and lacks {missing[0]} of that"
        links = {link.name: link.version for link in release.dependencies if link.is_release}
        imports = {other.name: other.protos for other in contents.imports}
        if names := sorted(links.keys() ^ imports.keys()):
            return f"and imports other modules than that: {names[0]}"
        for name, version in sorted(links.items()):
            if self.registry.release(name, version).protos != imports[name]:
                return f"whose {name} has other files than {name} {version}, which it imports"
        return ""


def _folders_with(release: Release, registry: Registry, top: Path) -> list[str]:
    """The folders of a release's commit with its first .proto file below them, relative to the root, nearest first."""
    if not release.protos:
        return []
    path = min(release.protos)
    blob = git.blob_hash(registry.read(release, SOURCES + path), like=release.commit)
    same = (entry.path for entry in git.entries(release.commit, cwd=top) if entry.blob == blob)
    homes = [f"/{file}".removesuffix(f"/{path}") for file in same if f"/{file}".endswith(f"/{path}")]
    parents = (folder for home in homes for folder in (home, *map(str, PurePosixPath(home).parents)))
    return [*dict.fromkeys(folder.lstrip("/") or "." for folder in parents)]
