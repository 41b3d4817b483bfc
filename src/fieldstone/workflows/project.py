"""The repository that a command works in: its settings, modules and registry."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from fieldstone.cache.permission import Permission
from fieldstone.errors import FieldstoneError
from fieldstone.schema.digest import file_digest
from fieldstone.schema.workspace import Module, Workspace, load_workspace
from fieldstone.settings import Settings, find_settings
from fieldstone.workflows.phases import Phases

if TYPE_CHECKING:
    from fieldstone.cache import Cache
    from fieldstone.registry import Registry
    from fieldstone.registry.manifest import Release
    from fieldstone.schema.dependencies import Dependencies


class Project(Struct, frozen=True, dict=True):
    """Settings, modules and registry, each read when first asked for."""

    settings: Settings
    bare: bool = False
    """Whether a folder without a buf configuration is taken for one module."""
    phases: Phases = field(default_factory=Phases)
    """What time is spent on."""
    permission: Permission = field(default_factory=Permission)
    """Whether its cache may be used."""

    @classmethod
    def at(cls, folder: Path, *, bare: bool = False, permission: Permission | None = None) -> Project:
        """The project that a folder belongs to.

        Args:
            folder: the folder.
            bare: whether a folder without a buf configuration is taken for one module.
            permission: whether its cache may be used; by default as the environment says.

        Raises:
            FieldstoneError: its settings cannot be read.
        """
        return cls(find_settings(folder), bare, permission=permission or Permission())

    def under(self, settings: Settings, workspace: Workspace) -> Project:
        """The same working tree under other settings, its modules called otherwise.

        Args:
            settings: the settings to judge by.
            workspace: the modules.
        """
        other = Project(settings, self.bare, self.phases, self.permission)
        vars(other).update(workspace=workspace, cache=self.cache)
        return other

    @cached_property
    def workspace(self) -> Workspace:
        """The modules that the buf configuration lists.

        Raises:
            FieldstoneError: there is none, or it does not fit the settings.
        """
        names, root, outside = self.settings.module_names, self.settings.workspace, self.settings.registry
        workspace = load_workspace(root, names=names, outside=outside, bare=self.bare)
        listed = {module.path for module in workspace.modules.values()}
        for path, name in names.items():
            if path not in listed:
                raise FieldstoneError(
                    f"{self.settings.file} names {path} as module {name}, and {workspace.config} does not list it",
                    fix=f"it lists {', '.join(sorted(listed))}",
                )
        for name in self.settings.values.get("modules", {}):
            workspace.module(name)
        return workspace

    @cached_property
    def dependencies(self) -> Dependencies:
        """What the modules import from one another."""
        from fieldstone.schema.dependencies import Dependencies

        return Dependencies(self.workspace, self.cache.digests)

    @cached_property
    def cache(self) -> Cache:
        """What was worked out before; one that forgets where the cache on the disk may not be used.

        Raises:
            FieldstoneError: FIELDSTONE_CACHE has another value than it may have.
        """
        from fieldstone.cache import Cache

        root = self.settings.root
        return Cache(root if self.permission.allows(str(root)) else None)

    @cached_property
    def registry(self) -> Registry:
        """Where the releases are."""
        from fieldstone.registry import open_registry

        return open_registry(self.settings.registry, self.cache)

    def intact(self, release: Release, path: str) -> Path:
        """The place of a file of a release on this machine, found to be what was released.

        Raises:
            FieldstoneError: it is missing, or not what was released.
        """
        place = Path(self.registry.place(release), path)
        if self.cache.digests.one(str(place)) != release.files.get(path):
            raise FieldstoneError(f"{place} is not what was released", fix="restore it from git")
        return place

    def modules(self, names: Iterable[str]) -> list[Module]:
        """The named modules, or all of them.

        Raises:
            FieldstoneError: the buf configuration does not list one of them.
        """
        return [self.workspace.module(name) for name in dict.fromkeys(names)] or list(self.workspace.modules.values())

    def newest(self, module: Module) -> Release | None:
        """The newest release of a module, by semver; None if it has none."""
        versions = self.registry.versions(module.name)
        return self.registry.release(module.name, str(versions[-1])) if versions else None

    def stable_before(self, name: str) -> Release | None:
        """A module's newest release that is no pre-release, where its newest is one."""
        versions = self.registry.versions(name)
        stable = [version for version in versions if not version.prerelease]
        return self.registry.release(name, str(stable[-1])) if stable and stable[-1] != versions[-1] else None


def release_sources(registry: Registry, release: Release) -> dict[str, bytes]:
    """The sources of a release: path relative to the module's root, to content.

    Raises:
        FieldstoneError: a file is missing.
    """
    from fieldstone.registry.manifest import SOURCES

    return {path: registry.read(release, SOURCES + path) for path in release.sources}


def read_intact(registry: Registry, release: Release, path: str) -> bytes:
    """A file of a release, of which what is done next depends.

    Raises:
        FieldstoneError: it is missing, or not what was released.
    """
    content = registry.read(release, path)
    if file_digest(content) != release.files.get(path):
        where = f"{registry.place(release)}/{path}"
        raise FieldstoneError(f"{where} is not what was released ({len(content)} bytes)", fix="restore it from git")
    return content
