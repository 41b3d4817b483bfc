"""Arguments that several commands share: modules, rules and formats, with their completion."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import chain
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


class OneOf(click.Choice[str]):
    """A choice of words; the error for another word suggests the nearest one."""

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:
        """The error for a word that is no choice."""
        from fieldstone.suggestions import did_you_mean

        hint = did_you_mean(str(value), self.choices).replace("did", " Did", 1)
        return f"{super().get_invalid_choice_message(value, ctx)}{hint}"


class ModuleName(click.ParamType[str]):
    """The name of a module in the buf configuration, or a path at or inside it.

    A word that is both a name and a path is the name; `./shop` is always a path.
    """

    name = "module"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name; of the module at or around a path, or of the only one below it.

        Raises:
            FieldstoneError: a path has no module or several.
        """
        if not is_path(value):
            return value
        from fieldstone.project.module_paths import module_at
        from fieldstone.project.project import Project

        project = Project.at(Path.cwd(), bare=True)
        return value if is_name(project, value) else module_at(project, value)

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


def is_path(value: str) -> bool:
    """Whether a word may be a path: it has a slash or begins with a dot, or a file or folder has that name."""
    return "/" in value or os.sep in value or value.startswith(".") or (bool(value) and os.path.lexists(value))


def is_name(project: Project, word: str) -> bool:
    """Whether a word is the name of a module, listed or released."""
    return word in project.workspace.modules or ("/" not in word and word in project.registry.modules())


class Modules(click.Argument):
    """The argument MODULES: names or paths; a path means all modules below it if none is around it."""

    def type_cast_value(self, ctx: click.Context, value: Sequence[str] | None) -> tuple[str, ...]:
        """The names, each once; none, which means all modules, if a path is at or above the buf configuration.

        Raises:
            FieldstoneError: a path has no module.
        """
        words = tuple(value or ())
        if not any(map(is_path, words)):
            return words
        from fieldstone.project.module_paths import holds_all, modules_at
        from fieldstone.project.project import Project

        project = Project.at(Path.cwd(), bare=True)
        paths = [word for word in words if is_path(word) and not is_name(project, word)]
        if any(holds_all(project, path) for path in paths):
            return ()
        names = (modules_at(project, word) if word in paths else [word] for word in words)
        return tuple(dict.fromkeys(chain.from_iterable(names)))


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
    help="An older minor line of MODULE to go on with, such as 1.4, or main. By default that of its newest release.",
)
"""`--line`: the line of a module to judge and to release in."""


class ReleaseName(click.ParamType[str]):
    """A released module, or a path at or inside it, optionally with `@` and one of its versions."""

    name = "release"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text with the name of the module instead of a path.

        Raises:
            FieldstoneError: a path has no module or several.
        """
        module, at, version = value.rpartition("@") if "@" in value else (value, "", "")
        return f"{ReleasedModule().convert(module, param, ctx)}{at}{version}"

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


class NameAndVersion(click.ParamType[tuple[str, str]]):
    """A consumer or module, an `@` and its version."""

    name = "version"

    def convert(
        self, value: str | tuple[str, str], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """The name and the version."""
        if isinstance(value, tuple):
            return value
        name, _, version = value.partition("@")
        if not name or not version:
            self.fail(f"{value!r} names no version; write NAME@VERSION: billing@4.2.0", param, ctx)
        return name, version


environment_option = click.option(
    "--env", "environment", metavar="NAME", required=True, help="The environment, such as production."
)
"""`--env`: an environment."""
party_option = click.option(
    "--as", "party", type=OneOf(["consumer", "module"]), help="Needed if a consumer and a module have the same name."
)
"""`--as`: the side of a contract that a name means."""
max_age_option = click.option(
    "--max-age", "oldest", type=click.IntRange(0), metavar="DAYS", help="Do not count older evidence as evidence."
)
"""`--max-age`: the days for which evidence is good."""


class RuleId(click.ParamType[str]):
    """The id of a rule or of another kind of finding, or the beginning of a rule's."""

    name = "rule"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The ids of all rules and other findings."""
        from fieldstone.compatibility.rules import rule_ids
        from fieldstone.workflows.explain import OTHERS

        return [CompletionItem(name) for name in (*rule_ids(), *OTHERS) if name.startswith(incomplete)]
