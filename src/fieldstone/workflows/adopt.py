"""Adopt: releases from git tags, so that a module's history goes before its gate."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.checking.module_identity import renamed_modules
from fieldstone.errors import Conflict, FieldstoneError, Invalid, Unavailable
from fieldstone.project.project import Project
from fieldstone.registry import Registry
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.memory import MemoryStore
from fieldstone.toolchain import buf, git
from fieldstone.workflows.adopting.chosen_tags import chosen_tags
from fieldstone.workflows.adopting.tagged_module import Place
from fieldstone.workflows.adopting.walk import Fate, Outcome, Walk
from fieldstone.workflows.release import require_order


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

    A tag that is released already is skipped, so an interrupted run goes on where it stopped. The working tree is
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
            walk = Walk(project, Place(project, module, at), registry, top, pool, buf.compiler())
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


def _copied(registry: Registry, module: str) -> Registry:
    """A copy of a module's releases in memory."""
    copy = FetchedRegistry(MemoryStore("memory:dry-run", {}))
    for release in registry.releases(module):
        copy.add(release, {path: registry.read(release, path) for path in release.own_files})
    return copy
