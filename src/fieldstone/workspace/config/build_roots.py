"""Modules with `build.roots` of buf.yaml v1beta1: their import paths are relative to folders other than their own.

The format is described in https://buf.build/docs/configuration/v1beta1/buf-yaml/.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from fieldstone.errors import Conflict, Invalid
from fieldstone.workspace.config.text import load_config
from fieldstone.workspace.imports_only import THIRD_PARTY
from fieldstone.workspace.modules import Module, Workspace, load_workspace

_OWN, _FOREIGN = "own", "third_party"
"""The folders that own and third-party roots are copied to."""


def with_one_root(workspace: Workspace, module: Module, folder: Path) -> tuple[Workspace, Module]:
    """A module whose files lie below one folder, as in a release; unchanged if it has one root, its own folder.

    Roots in a folder called third_party become a third-party module, unless the module has `deps`.

    Args:
        workspace: its workspace.
        module: the module.
        folder: the folder to copy its files to; it must not exist.

    Raises:
        FieldstoneError: its configuration cannot be read, or two roots have a file of one import path.
    """
    config = module.root / "buf.yaml"
    content = load_config(config) if config.is_file() else {}
    build = content.get("build") or {}
    roots = build.get("roots", ["."]) if content.get("version") == "v1beta1" and isinstance(build, dict) else ["."]
    if roots == ["."]:
        return workspace, module
    if not isinstance(roots, list) or not all(isinstance(root, str) for root in roots):
        raise Invalid(f"build.roots in {config} is no list of paths")
    deps = content.get("deps") or []
    foreign = [] if deps else [root for root in roots if not THIRD_PARTY.isdisjoint(PurePosixPath(root).parts)]
    foreign = foreign if len(foreign) < len(roots) else []
    for root in roots:
        target = folder / (_FOREIGN if root in foreign else _OWN)
        for path, file in replace(module, root=_inside(module, root, config)).proto_files.items():
            _copy(file, target / path, f"two build.roots of {config} have a file {path}")
    for name, file in module.documents.items():
        _copy(file, folder / _OWN / name, f"{config} has two files {name}")
    if foreign:
        listed = [{"path": _OWN}, {"path": _FOREIGN}]
        (folder / "buf.yaml").write_text(json.dumps({"version": "v2", "modules": listed}))
        then = load_workspace(folder, names={_OWN: module.name})
        return then, then.module(module.name)
    own = folder / _OWN
    own.mkdir(parents=True, exist_ok=True)
    (own / "buf.yaml").write_text(json.dumps({"version": "v1beta1", "deps": deps}))
    if (module.root / "buf.lock").is_file():
        shutil.copyfile(module.root / "buf.lock", own / "buf.lock")
    moved = Module(module.name, own, ".", module.buf_name)
    return Workspace(own, "buf.yaml", {module.name: moved}), moved


def _inside(module: Module, root: str, config: Path) -> Path:
    """The absolute folder of a root, which must lie in the module."""
    found = (module.root / root).resolve()
    if not found.is_relative_to(module.root):
        raise Invalid(f"build.roots in {config} has {root}, which is not in {module.root}")
    return found


def _copy(file: Path, to: Path, problem: str) -> None:
    if to.exists():
        raise Conflict(problem, fix="leave one of them out")
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, to)
