"""Init: settings, hooks and, in a folder without buf, a buf.yaml; on request the annotation vocabulary.

Everything is planned before anything is written. Existing files are never changed, and nothing is added to a module.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.atomic_files import replacing
from fieldstone.errors import Conflict, FieldstoneError, Invalid, NotFound, Unavailable
from fieldstone.project.known_style import KNOWN_STYLE, to_toml
from fieldstone.project.project import Project
from fieldstone.project.settings import Settings, find_settings
from fieldstone.project.settings_file import OWN_FILE
from fieldstone.registry import open_registry
from fieldstone.toolchain.checkout_gaps import find_gaps
from fieldstone.workflows.setup import texts
from fieldstone.workflows.setup.advice import advise
from fieldstone.workflows.setup.annotations import planned_root, vocabulary_path
from fieldstone.workflows.setup.buf_policy import take_policies
from fieldstone.workflows.setup.checkout import refuse_empty, refuse_text_links
from fieldstone.workflows.setup.existing_style import (
    existing_faults,
    existing_unformatted,
    planned_faults,
    planned_unformatted,
)
from fieldstone.workflows.setup.hook_merging import merged_config
from fieldstone.workflows.setup.hooks import HOOKS_FILE, local_config
from fieldstone.workflows.setup.import_roots import Layout, Survey, infer_layout, is_vendored, survey
from fieldstone.workflows.setup.missing_imports import refuse_missing
from fieldstone.workflows.setup.naming import (
    DERIVED,
    Nameless,
    Naming,
    nameless_modules,
    names_to_write,
    refuse_renaming,
    remote_name,
)
from fieldstone.workflows.setup.permanence import permanent
from fieldstone.workflows.setup.third_party import third_party_in
from fieldstone.workspace.imports_only import is_at_or_below
from fieldstone.workspace.modules import CONFIG_FILES, load_workspace
from fieldstone.workspace.vocabulary import VOCABULARY, vocabulary_text


class SetUp(Struct):
    """The result of init.

    Attributes:
        written: the new files, relative to the folder.
        changed: the existing files that were changed, because that was asked for.
        kept: the files that existed already.
        taken: what the settings take from the buf configuration, a line each.
        advice: the steps left to do by hand.
        permanent: what the first release makes permanent, a line each.
    """

    written: list[str] = []
    changed: list[str] = []
    kept: list[str] = []
    taken: list[str] = []
    advice: list[str] = []
    permanent: list[str] = []


class _Plan(Struct):
    """The files to write.

    Attributes:
        files: path relative to the folder, to text.
        names: the modules to name by hand, path to name.
        policies: the settings of modules that correspond to the buf configuration, as for `texts.settings`.
        third_party: the paths of third-party schemas, relative to the workspace.
        taken: as for `SetUp`.
        advice: as for `SetUp`.
        formats: whether a hook may format commits: it would rewrite files that nobody formatted.
    """

    files: dict[str, str] = {}
    names: dict[str, str] = {}
    policies: Mapping[str, Mapping[str, Any]] = {}
    third_party: Sequence[str] = ()
    taken: list[str] = []
    advice: list[str] = []
    formats: bool = True


def init(
    folder: Path, *, storage: bool = False, hooks: bool = True, naming: Naming = DERIVED, merge_hooks: bool = False
) -> SetUp:
    """Set up Fieldstone in a folder: empty, with a buf workspace, or with plain .proto files.

    Args:
        folder: the root of the repository.
        storage: whether to write the annotation vocabulary, as a module of its own.
        hooks: whether to write the pre-commit configuration.
        naming: the names of modules that are given, and whom to ask for others.
        merge_hooks: whether to add the hooks to an existing pre-commit configuration.

    Raises:
        FieldstoneError: the folder does not exist or cannot be written, or its schemas do not compile.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}")
    settings = find_settings(folder)
    top = _top_of_checkout(folder)
    _refuse_inside(folder, settings, top)
    refuse_text_links(folder, find_gaps(folder))
    plan = _plan(folder, settings, naming, storage=storage)
    merged = b""
    if hooks and top in {None, folder}:
        config = local_config(formats=plan.formats)
        plan.files[HOOKS_FILE] = texts.to_yaml(config)
        merged = merged_config(folder, config) if merge_hooks else b""
    outcome = SetUp(kept=[settings.file.name] if settings.file else [], taken=plan.taken, advice=plan.advice)
    _write_all(folder, plan.files, outcome)
    if merged:
        _replace(folder, HOOKS_FILE, merged, outcome)
    project, done = Project.at(folder), [*outcome.written, *outcome.changed]
    outcome.advice += advise(project, done, top=top, hooks=hooks, formats=plan.formats)
    outcome.permanent += permanent(project)
    return outcome


def _top_of_checkout(folder: Path) -> Path | None:
    return next((path for path in (folder, *folder.parents) if (path / ".git").exists()), None)


def _refuse_inside(folder: Path, settings: Settings, top: Path | None) -> None:
    """Raise if a parent folder is set up already: a second set-up would hide the first."""
    if settings.file is not None and settings.root != folder:
        raise Conflict(
            f"Fieldstone is set up in {settings.root} already", fix=f"what {settings.file} says holds here too"
        )
    above = [path for path in folder.parents if top is not None and (path == top or top in path.parents)]
    around = [path for path in above if any((path / name).is_file() for name in CONFIG_FILES)]
    if around:
        raise Invalid(f"{folder} belongs to the buf workspace {around[0]}", fix="run `fieldstone init` there")


def _plan(folder: Path, settings: Settings, naming: Naming, *, storage: bool) -> _Plan:
    registry = _registry_path(folder, settings)
    found = survey(folder, registry=registry)
    workspace = _find_workspace(found, settings)
    if workspace is None:
        plan = _new_workspace(found, settings, naming, storage=storage)
    else:
        plan = _old_workspace(folder, workspace, settings, naming, registry=registry, storage=storage)
    if registry:
        plan.files[f"{registry}/.gitattributes"] = texts.REGISTRY_ATTRIBUTES
    if settings.file is None:
        plan.files[OWN_FILE] = texts.settings(registry, workspace or ".", plan.names, plan.policies, plan.third_party)
    return plan


def _registry_path(folder: Path, settings: Settings) -> str:
    """The registry relative to the folder; empty if it is outside."""
    if settings.file is not None:
        registry = settings.registry_folder
        return registry.relative_to(folder).as_posix() if registry and registry.is_relative_to(folder) else ""
    try:
        open_registry(folder / "registry").modules()
    except FieldstoneError:  # the folder has another purpose
        return "schema-registry"
    return "registry"


def _find_workspace(found: Survey, settings: Settings) -> str | None:
    """The folder of the buf configuration: the one at the root, or the only one below; None if there is none."""
    if settings.file is not None and settings.workspace.resolve() != found.folder:
        return Path(os.path.relpath(settings.workspace, found.folder)).as_posix()
    configs = [PurePosixPath(path) for path in found.configs if not is_vendored(path)]
    for candidates in (
        [path for path in configs if path.parent == PurePosixPath()],
        [path for path in configs if path.name == "buf.work.yaml"],
        configs,
    ):
        folders = sorted({path.parent.as_posix() for path in candidates})
        if len(folders) > 1:
            raise Invalid(
                f"several buf configurations below {found.folder}: {', '.join(folders)}",
                fix=f'join them in one buf.yaml of version v2, or write workspace = "{folders[0]}" to fieldstone.toml',
            )
        if folders:
            return folders[0]
    return None


def _old_workspace(
    folder: Path, workspace: str, settings: Settings, naming: Naming, *, registry: str, storage: bool
) -> _Plan:
    """The files to add to a buf workspace."""
    load = partial(load_workspace, folder / workspace, names=settings.module_names, outside=settings.registry_folder)
    third_party = () if settings.file else third_party_in(load(imports_only=()), top=folder)
    loaded = load(imports_only=third_party or settings.imports_only)
    modules, gaps = loaded.modules.values(), find_gaps(folder)
    for module in loaded.everything:
        if not module.all_paths or (module in modules and not module.proto_files):
            refuse_empty(module.root, gaps)
    plan = _Plan(names=_names(folder, settings, nameless_modules(modules), naming, registry))
    planned = Project(settings)
    if settings.file is None:
        named = {name: {"path": path} for path, name in plan.names.items()}
        plan.third_party = third_party
        values = {"workspace": workspace, "modules": named, **({"registry": registry} if registry else {})}
        values |= {"imports-only": plan.third_party} if plan.third_party else {}
        planned = Project(replace(settings, root=folder, values=values))
        plan.policies = take_policies(planned.workspace, plan.taken)
    path = vocabulary_path(loaded) if storage else ""
    if path:
        plan.files[PurePosixPath(workspace, path).as_posix()] = vocabulary_text()
    _add_style(planned, plan)
    return plan


def _add_style(project: Project, plan: _Plan) -> None:
    """Plan a file with the faults of the existing schemas, and decide about the hook that formats."""
    try:
        if faults := existing_faults(project):
            plan.files[KNOWN_STYLE] = to_toml(faults)
        _leave_unformatted(plan, existing_unformatted(project))
    except FieldstoneError as error:
        plan.formats = False
        plan.advice.append(
            f"the style of the schemas is unknown ({error}): once they compile, run `fieldstone init` again, so that "
            "it records their faults"
        )


def _leave_unformatted(plan: _Plan, files: int) -> None:
    if files:
        plan.formats = False
        plan.advice.append(
            f"the hook that formats is left out, because {files} {'file is' if files == 1 else 'files are'} not "
            "formatted: run `fieldstone format`, then `fieldstone init` again to see how to add it"
        )


def _names(
    folder: Path, settings: Settings, modules: Sequence[Nameless], naming: Naming, registry: str
) -> dict[str, str]:
    """The names to write to new settings, path to name; existing settings keep theirs."""
    if settings.file is not None:
        refuse_renaming(modules, naming, settings.file)
        return {}
    return names_to_write(modules, naming, folder, open_registry(folder / registry).modules() if registry else ())


def _new_workspace(found: Survey, settings: Settings, naming: Naming, *, storage: bool) -> _Plan:
    """A buf.yaml for a folder without one, with further files."""
    name = _identifier(naming.only or remote_name(found.folder)[1] or found.folder.name)
    plan, layout, gaps = _Plan(), infer_layout(found), find_gaps(found.folder)
    if not found.protos:
        refuse_empty(found.folder, gaps)
        plan.files[f"schemas/{name}/{name}/v1/{name}_v1.proto"] = texts.starter(name)
        layout = Layout((f"schemas/{name}",), {}, {}, (), {f"schemas/{name}": frozenset({f"{name}.v1"})})
    refuse_missing(found, layout, gaps)
    config = _buf_config(layout)
    excepted, faults = planned_faults(found.folder, config) if found.protos else ([], {})
    if found.protos:
        governed = [proto for proto in found.protos if not is_at_or_below(proto, layout.copied)]
        _leave_unformatted(plan, planned_unformatted(found.folder, config, governed))
    if faults:
        plan.files[KNOWN_STYLE] = to_toml(faults)
    if storage and not any(proto.endswith(VOCABULARY) for proto in found.protos):
        root = planned_root(layout.roots)
        plan.files[f"{root}/{VOCABULARY}"] = vocabulary_text()
        for module in config["modules"]:
            if module["path"] == ".":
                module["excludes"] = [*module.get("excludes", ()), root]
        config["modules"].append({"path": root})
    plan.files["buf.yaml"] = texts.buf_yaml(config, excepted)
    paths = [module["path"] for module in config["modules"]]
    theirs = {path: Nameless(path, Path(path).name, kept=True) for path in paths}
    own = {root: Nameless(root, Path(root).name, packages=packages) for root, packages in layout.packages.items()}
    plan.names = _names(found.folder, settings, [*(theirs | own).values()], naming, found.registry)
    plan.third_party = layout.third_party
    return plan


def _buf_config(layout: Layout) -> dict[str, Any]:
    own = [("excludes", root, layout.excludes.get(root)) for root in layout.roots]
    theirs = [("includes", root, folders) for root, folders in layout.vendored.items()]
    modules = [{"path": root} | ({key: list(paths)} if paths else {}) for key, root, paths in (*own, *theirs)]
    ignore = {"ignore": layout.third_party} if layout.third_party else {}
    return {"version": "v2", "modules": modules, "lint": {"use": ["STANDARD"], **ignore}}


def _write_all(folder: Path, files: Mapping[str, str], outcome: SetUp) -> None:
    """Write the files that do not exist yet: all of them, or none."""
    try:
        for path, text in files.items():
            target = folder / path
            if os.path.lexists(target):
                outcome.kept.append(path)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("x", encoding="utf-8", newline="\n") as file:
                outcome.written.append(path)
                file.write(text)
    except OSError as error:
        for path in outcome.written:
            (folder / path).unlink(missing_ok=True)
        raise Unavailable(f"cannot write {path} in {folder}: {error.strerror}; nothing was set up") from error


def _replace(folder: Path, path: str, content: bytes, outcome: SetUp) -> None:
    """Replace an existing file."""
    undone = f"; {path} was not changed"
    with replacing(folder, {path: content}, undone=undone, again="run `fieldstone init` again"):
        outcome.kept.remove(path)
        outcome.changed.append(path)


def _identifier(name: str) -> str:
    cleaned = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return cleaned if cleaned[:1].isalpha() else f"schema_{cleaned}".rstrip("_")
