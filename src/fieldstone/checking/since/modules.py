"""Modules of the target branch that a change removes, renames, moves, or takes files out of."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from msgspec import Struct

from fieldstone.checking.module_identity import successor
from fieldstone.checking.since.base import Base
from fieldstone.checking.since.policy import Weakened
from fieldstone.checking.since.third_party import third_party_paths
from fieldstone.project.project import refuse_names
from fieldstone.project.settings import Settings
from fieldstone.schema.location import Location
from fieldstone.workspace.modules import Module, Workspace, load_workspace
from fieldstone.workspace.unsaved import Unsaved


class Pairing(Struct, frozen=True):
    """The modules of a change, under the names that they have on the target branch.

    Attributes:
        workspace: the modules of the change, under their names on the branch.
        same: the modules that both have, by name: the branch's version and the change's.
        left: the modules that the change removes, by name.
        own_names: the names of the modules in the change, by their paths.
    """

    workspace: Workspace
    same: Mapping[str, tuple[Module, Module]]
    left: Mapping[str, Module]
    own_names: Mapping[str, str]


def pair_modules(base: Base, own: Settings, settings: Settings, unsaved: Unsaved | None = None) -> Pairing:
    """Match the modules of the target branch with those of a change: by path, else by name, else by files.

    Args:
        base: the branch.
        own: the settings of the change, with its names of modules.
        settings: the settings that the change is judged by.
        unsaved: texts of an editor that stand for files of the change.

    Raises:
        FieldstoneError: the buf configuration of either cannot be read.
    """
    only = third_party_paths(base, own, settings)
    load = partial(load_workspace, outside=settings.registry_folder, imports_only=only, unsaved=unsaved)
    workspace = load(settings.workspace, names=own.module_names)
    refuse_names(workspace)
    now = {module.key: module for module in workspace.modules.values()}
    found: dict[str, Module] = {}
    for match in (_by_path, _by_name, _by_files):
        taken = {module.key for module in found.values()}
        for name, module in base.modules.items():
            if name not in found:
                same = match(module, {path: m for path, m in now.items() if path not in taken})
                if same is not None:
                    found[name] = same
                    taken.add(same.key)
    called = {name: _history_of(base, name, module.name) for name, module in found.items()}
    names = _names(workspace, {module.key: called[name] for name, module in found.items()})
    renamed = load(workspace.root, names=names)
    return Pairing(
        renamed,
        {called[name]: (base.modules[name], renamed.modules[called[name]]) for name in found},
        {name: module for name, module in base.modules.items() if name not in found},
        {path: module.name for path, module in now.items()},
    )


def _history_of(base: Base, name: str, own_name: str) -> str:
    """The name of a module on the branch, or its own name if the branch has releases of that alone.

    Without a name in the settings, a module at the root is named after the folder that it was cloned into.
    """
    released = {module for module, _ in base.releases}
    return own_name if own_name in released and name not in released else name


def _by_path(module: Module, candidates: Mapping[str, Module]) -> Module | None:
    return candidates.get(module.key)


def _by_name(module: Module, candidates: Mapping[str, Module]) -> Module | None:
    return next((other for other in candidates.values() if other.name == module.name), None)


def _by_files(module: Module, candidates: Mapping[str, Module]) -> Module | None:
    return successor(module.proto_paths.keys(), candidates.values())


def _names(workspace: Workspace, known: Mapping[str, str]) -> dict[str, str]:
    """A name for each path: the branch's, else the change's unless the branch uses it for another module."""
    taken = {*known.values()}
    own = {
        module.key: module.name if module.name not in taken else module.key.replace("/", "-")
        for module in workspace.modules.values()
    }
    return {**own, **known}


def weakened_modules(
    base: Base, pairing: Pairing, settings: Settings, *, retired: Collection[str]
) -> Iterator[Weakened]:
    """Changes to the list of modules that take something of the branch out of the check.

    Args:
        base: the branch.
        pairing: its modules in the change.
        settings: the settings that the change is judged by.
        retired: the modules that a release of the change retires: these may be removed.
    """
    config = Location(str(pairing.workspace.root / pairing.workspace.config))
    for name, module in pairing.left.items():
        if name not in retired:
            yield Weakened(
                f"module {name}",
                f"module {name} ({module.key}) was removed from {pairing.workspace.config}: it is no longer checked",
                f"list it again, or retire it with `fieldstone release {name} --retire`",
                config,
            )
    for was, now in pairing.same.values():
        folders = base.path(was.root), base.path(now.root)
        yield from _moved(folders, now, pairing.own_names[now.key], settings, config)
        yield from _left_out(base, was, pairing, config)


def _moved(
    folders: tuple[str, str], now: Module, own_name: str, settings: Settings, config: Location
) -> Iterator[Weakened]:
    """A module with a new name or a new folder; links to folders are followed."""
    subject, moved = f"module {now.name}", " moved from {} to {}".format(*folders) if folders[0] != folders[1] else ""
    if own_name != now.name:
        table = "tool.fieldstone." if settings.file and settings.file.name == "pyproject.toml" else ""
        yield Weakened(
            subject,
            f"{subject} is called {own_name}{' and' + moved if moved else ''}: that would start a new history",
            f'keep its history with `[{table}modules.{now.name}]` and `path = "{now.key}"` in the settings',
            config,
        )
    elif moved:
        fix = "leave it where it is, or have the owners of the schema agree"
        yield Weakened(subject, f"{subject}{moved}", fix, config)


def _left_out(base: Base, was: Module, pairing: Pairing, config: Location) -> Iterator[Weakened]:
    """Source files of a module that still exist and belong to no module."""
    judged = {path for module in pairing.workspace.modules.values() for path in module.proto_paths.values()}
    start = len(f"{base.root}/")
    paths = (path[start:] for path in was.proto_paths.values())
    missing = [path for path in paths if f"{base.parting.top}/{path}" not in judged]
    real = {os.path.realpath(path) for path in judged} if missing else set()
    files = {path: base.parting.top / path for path in missing}
    lost = [path for path, file in files.items() if os.path.lexists(file) and os.path.realpath(file) not in real]
    if lost:
        count = "1 source file" if len(lost) == 1 else f"{len(lost)} source files"
        verb = "belongs" if len(lost) == 1 else "belong"
        yield Weakened(
            f"module {was.name}",
            f"{count} of module {was.name} no longer {verb} to any module: {_listed(lost)}",
            f"add them again: see `excludes` and `includes` of {Path(config.path).name}",
            config,
        )


def _listed(paths: Iterable[str], most: int = 3) -> str:
    """The first few of some paths, and the number of the others."""
    listed = sorted(paths)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
