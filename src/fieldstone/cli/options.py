"""Arguments that several commands share: modules, rules and formats, with their completion."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from fieldstone.errors import FieldstoneError

if TYPE_CHECKING:
    from fieldstone.project.project import Project
    from fieldstone.registry import Registry

cache_option = click.option(
    "--cache/--no-cache",
    default=None,
    help="Use the cache of earlier checks, or not. By default FIELDSTONE_CACHE (1 or 0) decides; without it, "
    "a check uses it except in CI, and a release does not.",
)
"""`--cache`, `--no-cache`, or None for neither."""


class ModuleName(click.ParamType[str]):
    """The name of a module in the buf configuration."""

    name = "module"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The modules of the project in the working directory."""
        from fieldstone.project.project import Project

        try:
            names = list(dict.fromkeys(self.names(Project.at(Path.cwd()))))
        except FieldstoneError:
            return []
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]

    @staticmethod
    def names(project: Project) -> Iterable[str]:
        """The names for completion, in order."""
        return project.workspace.modules


class ReleasedModule(ModuleName):
    """The name of a module with releases, retired ones included, or of one in the buf configuration."""

    @staticmethod
    def names(project: Project) -> Iterable[str]:
        """The names for completion: those in the buf configuration, then the others of the registry."""
        return [*project.workspace.modules, *project.registry.modules()]


class ReleasableModule(ModuleName):
    """The name of a module that can have another release."""

    @staticmethod
    def names(project: Project) -> Iterable[str]:
        """The names for completion: listed modules, then unlisted ones, without retired ones."""
        return [name for name in (*project.workspace.modules, *project.unlisted()) if not project.retirement(name)]


class VersionName(click.ParamType[str]):
    """A released version of the module named before it, or another reference."""

    name = "ref"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text unchanged; an empty one, as from an unset variable, is refused."""
        if not value:
            self.fail("it is empty, and names no version, folder, image or git revision", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The versions of the module on the command line."""
        from fieldstone.project.project import Project

        # A word before an option without a value is in `args`, and not in a parameter yet.
        module = ctx.params.get("module") or next(iter(ctx.params.get("modules") or ctx.args), None)
        try:
            versions = Project.at(Path.cwd()).registry.versions(module) if module else []
        except FieldstoneError:
            return []
        return [CompletionItem(str(version)) for version in versions if str(version).startswith(incomplete)]


class LineName(click.ParamType[str]):
    """A minor line of the module named before it, or the main line."""

    name = "line"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text unchanged; text that names no line is refused."""
        from fieldstone.registry.lines import parse_line

        try:
            return parse_line(value)
        except FieldstoneError as error:
            self.fail(str(error), param, ctx)


line_option = click.option(
    "--line",
    type=LineName(),
    metavar="MINOR",
    help="Continue an older minor line of MODULE, such as 1.4, or main. By default the line of its newest release.",
)
"""`--line`: the line of a module to judge and to release in."""


class ReleaseName(click.ParamType[str]):
    """A released module, optionally with `@` and one of its versions."""

    name = "release"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The modules of the registry, and after an @ the versions of the module before it."""
        from fieldstone.project.project import Project

        module, at, _ = incomplete.partition("@")
        try:
            registry = Project.at(Path.cwd()).registry
            found = _with_sources(registry, module) if at else registry.modules()
        except FieldstoneError:
            return []
        return [CompletionItem(name) for name in found if name.startswith(incomplete)]


def _with_sources(registry: Registry, module: str) -> list[str]:
    """The releases of a module that can be packaged, as MODULE@VERSION."""
    versions = map(str, registry.versions(module))
    return [f"{module}@{version}" for version in versions if not registry.release(module, version).retired]


class RuleId(click.ParamType[str]):
    """The id of a rule or of another kind of finding, or the beginning of a rule's."""

    name = "rule"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The ids of all rules and other findings."""
        from fieldstone.compatibility.rules import rule_ids
        from fieldstone.workflows.explain import OTHERS

        return [CompletionItem(name) for name in (*rule_ids(), *OTHERS) if name.startswith(incomplete)]
