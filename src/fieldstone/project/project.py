"""The repository that a command works in: its settings, modules and registry."""

from __future__ import annotations

import json
import os.path
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from fieldstone.cache.permission import Permission
from fieldstone.compatibility.exemption import is_at
from fieldstone.errors import FieldstoneError, Invalid, NotFound
from fieldstone.project.known_style import to_toml
from fieldstone.project.progress import Phases
from fieldstone.project.settings import Settings, find_settings
from fieldstone.schema.digest import file_digest
from fieldstone.workspace.module_name import REQUIREMENT, is_module_name
from fieldstone.workspace.modules import Module, Workspace, load_workspace
from fieldstone.workspace.unsaved import Unsaved

if TYPE_CHECKING:
    from semver import Version

    from fieldstone.cache import Cache
    from fieldstone.consumers.published import Known
    from fieldstone.registry import Registry
    from fieldstone.registry.release import Release
    from fieldstone.workspace.checkouts import Checkouts
    from fieldstone.workspace.dependencies import Dependencies


class Project(Struct, frozen=True, dict=True):
    """Settings, modules and registry of a repository, each loaded on first use."""

    settings: Settings
    bare: bool = False
    """Whether a folder without a buf configuration counts as one module."""
    phases: Phases = field(default_factory=Phases)
    """The progress and timing of the command."""
    permission: Permission = field(default_factory=Permission)
    """The permission to use its cache."""
    lines: Mapping[str, str] = {}
    """The line to work on, `1.4` or `main`, by module; by default that of the newest release."""
    opened: Registry | None = None
    """A registry that is open already; by default the one that the settings name is opened."""
    has_sources: bool = True
    """Whether its sources are there: of a merge base only their names are known."""
    signing_key: str = ""
    """The file of the key that signs new releases; empty to leave them unsigned."""
    unsaved: Unsaved | None = None
    """Texts of an editor that stand for files of the working tree."""
    asked: Callable[[], Known] | None = None
    """Gives what is known of consumers; by default the registry is asked."""

    @classmethod
    def at(cls, folder: Path, *, bare: bool = False, permission: Permission | None = None) -> Project:
        """The project that a folder belongs to.

        Args:
            folder: the folder.
            bare: whether a folder without a buf configuration counts as one module.
            permission: the permission to use its cache; by default from the environment.

        Raises:
            FieldstoneError: its settings cannot be read.
        """
        return cls(find_settings(folder), bare, permission=permission or Permission())

    def under(self, settings: Settings, workspace: Workspace) -> Project:
        """The same working tree with other settings and other names of modules.

        Args:
            settings: the settings to judge by.
            workspace: the modules.
        """
        other = Project(settings, self.bare, self.phases, self.permission, self.lines, self.opened, asked=self.asked)
        vars(other).update(workspace=workspace, cache=self.cache)
        return other

    def again(self) -> Project:
        """The same project for another check of a process that goes on: only unsaved texts are read anew."""
        other = replace(self, phases=Phases())
        vars(other).update(
            {name: vars(self)[name] for name in ("workspace", "cache", "registry") if name in vars(self)}
        )
        return other

    @cached_property
    def workspace(self) -> Workspace:
        """The modules that the buf configuration lists.

        Raises:
            FieldstoneError: there is no buf configuration, it does not match the settings, or a module in it has an
                invalid name.
        """
        names, root, outside = self.settings.module_names, self.settings.workspace, self.settings.registry_folder
        only = self.settings.imports_only
        workspace = load_workspace(
            root,
            names=names,
            outside=outside,
            bare=self.bare,
            joined=self.bare,
            imports_only=only,
            unsaved=self.unsaved,
        )
        listed = workspace
        if workspace.joined:
            listed = load_workspace(root, names=names, outside=outside, bare=True, imports_only=only)
        self._refuse_strangers(listed)
        if self.has_sources:
            self._refuse_absent_imports(workspace)
        if not self.bare:
            refuse_names(workspace)
        return workspace

    def _refuse_strangers(self, workspace: Workspace) -> None:
        """Raise if the settings have an unknown module; a released one may have been removed or moved."""
        tables: Mapping[str, Any] = self.settings.values.get("modules", {})
        paths = {module.key for module in workspace.modules.values()}
        given = self.settings.module_names
        for name, table in tables.items():
            path = Path(table["path"]).as_posix() if "path" in table else ""
            if path and given[path] != name:
                raise Invalid(
                    f"{self.settings.file} gives modules {name} and {given[path]} one path, {path}",
                    fix="a folder is one module: keep one of the two",
                )
            if any(path == module.path for module in workspace.third_party.values()):
                raise Invalid(
                    f"{self.settings.file} names {path} as module {name}, and it is imports only",
                    fix=f"{workspace.to_govern(path)}; else leave out its table",
                )
            if path and path not in paths and not self._was_removed(name, workspace):
                raise NotFound(
                    f"{self.settings.file} names {path} as module {name}, and {workspace.config} does not list it",
                    fix=_listed(workspace, name, paths),
                )
            if name not in workspace.modules and not self._was_removed(name, workspace):
                workspace.module(name)

    def _refuse_absent_imports(self, workspace: Workspace) -> None:
        """Raise if a path of `imports-only` is at or below no module, as after a typing error."""
        for path in workspace.imports_only or ():
            target = (workspace.root / path).resolve()
            related = [
                m for m in workspace.everything if m.root.is_relative_to(target) or target.is_relative_to(m.root)
            ]
            if not related:
                lists = ", ".join(module.path for module in workspace.everything)
                raise NotFound(
                    f"imports-only in {self.settings.file} names {path}, which is in no module of {workspace.config}",
                    fix=f"name a module or a path inside one ({lists}), or leave it out",
                )
            if not target.exists():
                raise NotFound(
                    f"imports-only in {self.settings.file} names {path}, and there is no {target}",
                    fix=f"if it is a git submodule: `git submodule update --init {path}`; else leave it out",
                )

    def _was_removed(self, name: str, workspace: Workspace) -> bool:
        return name not in workspace.modules and self.owns_registry and bool(self.registry.versions(name))

    @property
    def owns_registry(self) -> bool:
        """Whether the registry is below the settings' folder: then all its modules belong to this repository."""
        folder = self.settings.registry_folder
        return folder is not None and self.settings.root in folder.resolve().parents

    def called(self, names: Mapping[str, str]) -> Project:
        """The same project with other names for some modules, as if they were in the settings.

        Args:
            names: module key to new name.
        """
        if not names:
            return self
        listed = [replace(m, name=names.get(m.key, m.name)) for m in self.workspace.modules.values()]
        other = Project(self.settings, self.bare, self.phases, lines=self.lines, asked=self.asked)
        workspace = replace(self.workspace, modules={module.name: module for module in listed})
        vars(other).update(workspace=workspace, cache=self.cache, registry=self.registry)
        return other

    def style_digest(self, module: Module) -> str:
        """The digest of what decides the style findings of a module: the buf configuration and the known faults."""
        digest, known = self.workspace.style_digest(module), self.settings.known_style
        top = os.path.relpath(module.root, self.settings.root)
        of_module = {key: count for key, count in known.faults.items() if is_at(key[1], PurePosixPath(top).as_posix())}
        return file_digest(f"{digest}\n{to_toml(of_module)}".encode()) if of_module else digest

    @cached_property
    def dependencies(self) -> Dependencies:
        """The imports between modules."""
        from fieldstone.workspace.dependencies import Dependencies

        return Dependencies(self.workspace, self.cache.digests)

    @cached_property
    def checkouts(self) -> Checkouts:
        """The git revisions of the workspace."""
        from fieldstone.workspace.checkouts import Checkouts

        return Checkouts(self.workspace, self.settings.registry_folder)

    @cached_property
    def cache(self) -> Cache:
        """The cache of earlier results; in memory only if the one on disk may not be used.

        Raises:
            FieldstoneError: FIELDSTONE_CACHE has an invalid value.
        """
        from fieldstone.cache import Cache

        root = self.settings.root
        texts = self.unsaved.texts if self.unsaved else None
        return Cache(root if self.permission.allows(str(root)) else None, texts)

    @cached_property
    def registry(self) -> Registry:
        """The registry of the releases."""
        from fieldstone.registry import open_registry

        return self.opened or open_registry(self.settings.registry, self.cache)

    def known_consumers(self) -> Known:
        """The known consumers.

        Raises:
            FieldstoneError: nobody can be asked.
        """
        from fieldstone.registry.consumers import open_consumers

        return self.asked() if self.asked else open_consumers(self.settings.registry).known()

    def module(self, name: str) -> Module:
        """The module with a name.

        Raises:
            FieldstoneError: the buf configuration does not list it.
        """
        if name not in self.workspace.modules and (retirement := self.retirement(name)):
            raise _refused(retirement, "`fieldstone registry list` shows what was released of it")
        return self.workspace.module(name)

    def retirement(self, name: str) -> Release | None:
        """The release that retired a module; None if the module is not retired."""
        versions = self.registry.versions(name)
        newest = self.registry.release(name, str(versions[-1])) if versions else None
        return newest if newest and newest.retired else None

    def require_living(self, name: str) -> None:
        """Raise if a module is retired.

        Raises:
            FieldstoneError: it is retired; the error names the version and a fix.
        """
        retirement = self.retirement(name)
        if retirement:
            raise _refused(retirement, STILL_LISTED)

    def unlisted(self) -> list[str]:
        """The released modules that the buf configuration does not list; empty for a shared registry."""
        if not self.owns_registry:
            return []
        return [name for name in self.registry.modules() if name not in self.workspace.modules]

    def modules(self, names: Iterable[str]) -> list[Module]:
        """The named modules, or all of them.

        Raises:
            FieldstoneError: the buf configuration does not list one of them.
        """
        return [self.module(name) for name in dict.fromkeys(names)] or list(self.workspace.modules.values())

    def newest(self, module: Module) -> Release | None:
        """The newest release of a module in its line, by semver; None if it has none."""
        return self.newest_of(module.name)

    def on_line(self, names: Sequence[str], line: str | None) -> Project:
        """The same project, with the line of one module to work on.

        Args:
            names: the module, as the only one; if empty, the only one of the workspace.
            line: the line, `1.4` or `main`; None for that of the newest release.

        Raises:
            FieldstoneError: there are several modules.
        """
        if line is None:
            return self
        chosen = [*(names or self.workspace.modules)]
        if len(chosen) != 1:
            raise Invalid(
                f"line {line} can be of one module only, and not of {', '.join(chosen)}", fix="name one module"
            )
        return replace(self, lines={chosen[0]: line})

    def newest_of(self, name: str) -> Release | None:
        """The newest release of the module with a name, which may not be listed, in its line; None if it has none.

        Raises:
            FieldstoneError: it has no release in the line to work on, or a release cannot be read.
        """
        from fieldstone.registry.lines import newest

        return newest(self.registry, name, self.lines.get(name, ""))

    def ancestry(self, name: str) -> Iterator[Release]:
        """The releases of a module in its line, the newest first; each is read when it is reached."""
        from fieldstone.registry.lines import ancestry

        newest = self.newest_of(name)
        yield from ancestry(self.registry, newest) if newest else ()

    def line_of(self, name: str) -> str:
        """The minor line of a module that goes on (`1.4`); empty in the main line."""
        from fieldstone.registry.lines import MAIN

        newest = self.newest_of(name)
        line = self.lines.get(name) or (newest.line if newest else "")
        return "" if line == MAIN else line

    def versions(self, name: str) -> list[Version]:
        """The versions of a module up to the newest of its line, in semver order."""
        newest = self.newest_of(name)
        return [version for version in self.registry.versions(name) if newest and version <= newest.semver]

    def versions_beside(self, name: str) -> list[Version]:
        """The versions of minor lines above the newest release of the main line; none in a minor line."""
        newest = self.newest_of(name)
        if newest is None or self.line_of(name):
            return []
        return [version for version in self.registry.versions(name) if version > newest.semver]

    def stable_before(self, name: str) -> Release | None:
        """The newest stable release in a module's line, if its newest release is a pre-release; else None."""
        releases = self.ancestry(name)
        newest = next(releases, None)
        if newest is None or not newest.semver.prerelease:
            return None
        return next((release for release in releases if not release.semver.prerelease), None)


STILL_LISTED = "remove it from the buf configuration, or give the new module another name"
"""The fix for a retired module that is still listed."""


def _refused(retirement: Release, fix: str) -> FieldstoneError:
    last = f" ({retirement.previous.version} is the last release with sources)" if retirement.previous else ""
    return Invalid(f"module {retirement.name} is retired since {retirement.version}{last}", fix=fix)


def _listed(workspace: Workspace, name: str, paths: Iterable[str]) -> str:
    """The paths of the listed modules as a sentence, with the path of the module of that name."""
    lists = f"it lists {', '.join(sorted(paths))}"
    here = workspace.modules.get(name)
    return f'{lists}; {name} is at path = "{here.key}"' if here else lists


def refuse_names(workspace: Workspace) -> None:
    """Raise if a module's name, from the buf configuration or its folder, is invalid.

    Raises:
        FieldstoneError: a name is invalid.
    """
    for module in workspace.modules.values():
        if not is_module_name(module.name):
            path = json.dumps(module.key, ensure_ascii=False)
            raise Invalid(
                f"{workspace.root / workspace.config} lists the module {path}, and its name would be {module.name!r}; "
                f"{REQUIREMENT}",
                fix=f"name it in the settings: [tool.fieldstone.modules.NAME] with path = {path}",
            )


def release_sources(registry: Registry, release: Release) -> dict[str, bytes]:
    """The sources of a release: path relative to the module's root, to content.

    Raises:
        FieldstoneError: a file is missing.
    """
    from fieldstone.registry.release import SOURCES

    return {path: registry.read(release, SOURCES + path) for path in release.sources}
