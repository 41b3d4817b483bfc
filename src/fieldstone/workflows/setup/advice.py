"""The steps that `fieldstone init` leaves to the user, because it never changes an existing file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fieldstone.printed import printable
from fieldstone.project.project import Project
from fieldstone.project.settings_file import OWN_FILE
from fieldstone.workflows.setup.annotations import ROOTS
from fieldstone.workflows.setup.hooks import HOOKS_FILE, local_config
from fieldstone.workflows.setup.texts import imports_only, to_yaml
from fieldstone.workflows.setup.third_party import third_party_in
from fieldstone.workspace.config.text import load_config
from fieldstone.workspace.modules import Module, load_workspace
from fieldstone.workspace.vocabulary import VOCABULARY


def advise(project: Project, written: Sequence[str], *, top: Path | None, hooks: bool, formats: bool) -> Iterator[str]:
    """The steps left to do by hand; each is one line, or a line with a text to copy.

    Args:
        project: the new project.
        written: the files that init wrote or changed.
        top: the root of the checkout; None outside a checkout.
        hooks: whether hooks are wanted.
        formats: whether one of them may format.
    """
    yield from _about_third_party(project, written)
    yield from _about_registry(project)
    yield from _about_vocabulary(project)
    if hooks:
        yield from _about_hooks(project.settings.root, written, top, formats=formats)


def _about_third_party(project: Project, written: Sequence[str]) -> Iterator[str]:
    """A word on the schemas that are imports only, or the setting for them if the settings were there before."""
    settings = project.settings
    if OWN_FILE in written:
        if settings.imports_only:
            listed = printable(", ".join(settings.imports_only))
            yield f"third-party schemas are imported, and not judged: review imports-only in {OWN_FILE} ({listed})"
        return
    if settings.imports_only is None:
        listed_modules = load_workspace(project.workspace.root, outside=settings.registry_folder, imports_only=())
        found = third_party_in(listed_modules, top=settings.root)
        if found:
            yield f"add third-party schemas to the settings:\n{imports_only(found)}\n"


def _about_registry(project: Project) -> Iterator[str]:
    """Advice if a module contains the registry: buf itself would compile the releases as well."""
    workspace, registry = project.workspace, project.settings.registry_folder
    if registry is None:
        return
    configured = load_workspace(workspace.root, names=project.settings.module_names)
    for module in configured.modules.values():
        around = module.root in registry.parents
        if around and not any(folder == registry or folder in registry.parents for folder in module.excludes):
            config, section = _with_exclude(project, module, registry)
            yield (
                f"the registry lies inside module {module.name}, and `buf build` on its own would compile every "
                f"release with it: let {next(iter(section))} in {printable(config)} read\n\n{to_yaml(section)}"
            )


def _with_exclude(project: Project, module: Module, registry: Path) -> tuple[str, dict[str, Any]]:
    """The buf configuration that lists a module, and its section with the registry excluded."""
    root = project.workspace.root
    shared = _load(root / "buf.yaml")
    if shared.get("version") == "v2":
        named = {"name": shared["name"]} if "name" in shared else {}
        listed = shared.get("modules") or [{"path": ".", **named}]
        path = registry.relative_to(root).as_posix()
        modules = [_excluding(entry, path) if entry.get("path", ".") == module.path else entry for entry in listed]
        return "buf.yaml", {"modules": modules}
    config = module.root / "buf.yaml"
    build = _excluding(_load(config).get("build") or {}, registry.relative_to(module.root).as_posix())
    return config.relative_to(root).as_posix(), {"build": build}


def _excluding(section: dict[str, Any], path: str) -> dict[str, Any]:
    return {**section, "excludes": [*(section.get("excludes") or ()), path]}


def _about_vocabulary(project: Project) -> Iterator[str]:
    workspace = project.workspace
    if any(VOCABULARY in module.proto_files for module in workspace.modules.values()):
        return
    for path in ROOTS:
        if not (workspace.root / path / VOCABULARY).is_file():
            continue
        entry, key = (
            (f"- {path}", "directories") if workspace.config == "buf.work.yaml" else (f"- path: {path}", "modules")
        )
        yield f"to use the annotations, add `{printable(entry)}` to {key} in {workspace.config}"


def _about_hooks(folder: Path, written: Iterable[str], top: Path | None, *, formats: bool) -> Iterator[str]:
    if top not in {None, folder}:
        yield f"pre-commit knows only the configuration in {printable(str(top))}: hooks are left out here"
        return
    if HOOKS_FILE in written:
        yield ("run " if top else "run `git init`, then ") + "`pre-commit install`"
        return
    config = folder / HOOKS_FILE
    text = config.read_text("utf-8", "replace") if config.is_file() else ""
    missing = local_config(formats=formats, existing=text)
    if missing["repos"][0]["hooks"]:
        hooks = to_yaml(missing)
        yield f"`fieldstone init --merge-hooks` adds its hooks; or add the hooks to {HOOKS_FILE}:\n\n{hooks}"


def _load(path: Path) -> dict[str, Any]:
    return dict(load_config(path)) if path.is_file() else {}
