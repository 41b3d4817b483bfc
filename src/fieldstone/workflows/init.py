"""Init: settings, hooks, the annotation vocabulary and, in a folder without buf, a buf.yaml.

Everything is planned before anything is written, and existing files are never changed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import Struct

from fieldstone.errors import Conflict, FieldstoneError, Invalid, NotFound, Unavailable
from fieldstone.project.project import Project
from fieldstone.project.settings import Settings, find_settings
from fieldstone.project.settings_file import OWN_FILE
from fieldstone.registry import open_registry
from fieldstone.toolchain.buf import Running
from fieldstone.workflows.setup import texts
from fieldstone.workflows.setup.advice import advise
from fieldstone.workflows.setup.hooks import HOOKS_FILE, local_config
from fieldstone.workflows.setup.import_roots import Layout, Survey, infer_layout, is_below, is_vendored, survey
from fieldstone.workspace.modules import CONFIG_FILES, load_workspace
from fieldstone.workspace.vocabulary import VOCABULARY, vocabulary_text

_BESIDE = "schemas/fieldstone"
"""The folder of the vocabulary, which is its own module unless another module contains it."""


class SetUp(Struct):
    """The result of init.

    Attributes:
        written: the new files, relative to the folder.
        kept: the files that existed already.
        advice: the steps left to do by hand.
    """

    written: list[str] = []
    kept: list[str] = []
    advice: list[str] = []


def init(folder: Path, *, vocabulary: bool = True, hooks: bool = True) -> SetUp:
    """Set up Fieldstone in a folder: empty, with a buf workspace, or with plain .proto files.

    Args:
        folder: the root of the repository.
        vocabulary: whether to write the annotation vocabulary.
        hooks: whether to write the pre-commit configuration.

    Raises:
        FieldstoneError: the folder does not exist or cannot be written, or its schemas do not compile.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}")
    settings = find_settings(folder)
    top = _top_of_checkout(folder)
    _refuse_inside(folder, settings, top)
    files = _plan(folder, settings, vocabulary=vocabulary)
    if hooks and top in {None, folder}:
        files[HOOKS_FILE] = texts.to_yaml(local_config())
    outcome = SetUp(kept=[settings.file.name] if settings.file else [])
    _write_all(folder, files, outcome)
    outcome.advice += advise(Project.at(folder), outcome.written, top=top, hooks=hooks)
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


def _plan(folder: Path, settings: Settings, *, vocabulary: bool) -> dict[str, str]:
    """The files to write: path relative to the folder, to text."""
    registry = _registry_path(folder, settings)
    found = survey(folder, registry=registry)
    workspace = _find_workspace(found, settings)
    if workspace is None:
        files, names = _new_workspace(found, vocabulary=vocabulary)
    else:
        files, names = _old_workspace(folder, workspace, settings, vocabulary=vocabulary)
    if registry:
        files[f"{registry}/.gitattributes"] = texts.REGISTRY_ATTRIBUTES
    if settings.file is None:
        files[OWN_FILE] = texts.settings(registry, workspace or ".", names)
    return files


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
    folder: Path, workspace: str, settings: Settings, *, vocabulary: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """The files to add to a buf workspace, and the modules to name: path to name."""
    loaded = load_workspace(folder / workspace, outside=settings.registry_folder)
    modules = loaded.modules.values()
    # Without a name, it would be named after the folder of the clone.
    names = {m.path: _identifier(m.name) for m in modules if m.path == "." and not m.buf_name}
    if not vocabulary or any(VOCABULARY in module.proto_files for module in modules):
        return {}, names
    path = PurePosixPath(workspace, _vocabulary_root([module.path for module in modules]), VOCABULARY)
    return {path.as_posix(): vocabulary_text()}, names


def _vocabulary_root(roots: Sequence[str]) -> str:
    """The root of the module that contains the folder of the vocabulary, or the folder as its own module."""
    return next((root for root in roots if is_below(_BESIDE, root)), _BESIDE)


def _new_workspace(found: Survey, *, vocabulary: bool) -> tuple[dict[str, str], dict[str, str]]:
    """A buf.yaml with further files, and the modules to name: path to name."""
    name = _identifier(found.folder.name)
    files: dict[str, str] = {}
    layout = infer_layout(found)
    if not found.protos:
        files[f"schemas/{name}/{name}/v1/{name}_v1.proto"] = texts.starter(name)
        layout = Layout((f"schemas/{name}",), {}, {}, ())
    _refuse_missing(found.folder, layout)
    config = _buf_config(layout)
    broken = _broken_rules(found.folder, config) if found.protos else []
    if vocabulary and not any(proto.endswith(VOCABULARY) for proto in found.protos):
        root = _vocabulary_root(layout.roots)
        files[PurePosixPath(root, VOCABULARY).as_posix()] = vocabulary_text()
        config["modules"] += [] if root in layout.roots else [{"path": root}]
    files["buf.yaml"] = texts.buf_yaml(config, broken)
    return files, {".": name} if "." in layout.roots else {}


def _refuse_missing(folder: Path, layout: Layout) -> None:
    if layout.missing:
        importer, path = layout.missing[0]
        more = f" (and {len(layout.missing) - 1} more such imports)" if len(layout.missing) > 1 else ""
        raise Invalid(
            f"{importer} imports {path}, which no .proto file in {folder} answers{more}",
            fix="add the file; or, if a buf registry has it, write a buf.yaml with `deps`, run `buf dep update` and "
            "then `fieldstone init` again",
        )


def _buf_config(layout: Layout) -> dict[str, Any]:
    own = [("excludes", root, layout.excludes.get(root)) for root in layout.roots]
    theirs = [("includes", root, folders) for root, folders in layout.vendored.items()]
    modules = [{"path": root} | ({key: list(paths)} if paths else {}) for key, root, paths in (*own, *theirs)]
    ignore = {"ignore": list(layout.vendored)} if layout.vendored else {}
    return {"version": "v2", "modules": modules, "lint": {"use": ["STANDARD"], **ignore}}


def _broken_rules(folder: Path, config: Mapping[str, Any]) -> list[str]:
    """The lint rules that the schemas break under a configuration that is not written yet."""
    flags = ["--config", json.dumps(config), "--error-format", "json"]
    try:
        found = Running(["lint", ".", *flags], cwd=folder).diagnostics(what="the .proto files do not compile")
    except FieldstoneError as error:
        roots = ", ".join(module["path"] for module in config["modules"])
        raise Invalid(
            f"cannot make a buf.yaml for the .proto files in {folder} (imports seem to start in {roots}): {error}",
            fix="write a buf.yaml that `buf build` accepts, then run `fieldstone init` again",
        ) from error
    return sorted({annotation.rule for annotation in found})


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


def _identifier(name: str) -> str:
    cleaned = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return cleaned if cleaned[:1].isalpha() else f"schema_{cleaned}".rstrip("_")
