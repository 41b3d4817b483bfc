"""Compiles or lints a reference: a folder, an image file or a git revision.

Versions in a registry are references, too; workflows resolve them, because they know the registry.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from fieldstone.errors import NotFound
from fieldstone.suggestions import VERSION_LIKENESS, did_you_mean
from fieldstone.toolchain import buf
from fieldstone.toolchain.diagnostic import Diagnostic
from fieldstone.workspace.buf_inputs import read_image, refuse_git_folder
from fieldstone.workspace.checkouts import Checkouts, compile_module, has_config, workspace_with
from fieldstone.workspace.modules import Module, Workspace, load_workspace


class Compiled(Struct, frozen=True):
    """A compiled module: the image's bytes, a label for its origin, and the folder of its sources."""

    image: bytes
    label: str
    root: Path


def compile_reference(
    ref: str, module: Module, checkouts: Checkouts, *, versions: Sequence[str] = (), since_parting: bool = False
) -> Compiled | None:
    """Compile a module at `ref`; None if a revision has no such module yet.

    Args:
        ref: the path of an image file or a folder, or a git revision.
        module: the module to look for there.
        checkouts: the revisions of the current workspace.
        versions: the versions that `ref` could have meant, for the error.
        since_parting: whether a revision, unless it is a tag, means its merge base with HEAD.

    Raises:
        FieldstoneError: there is no such file, folder or revision, or it has no such module.
    """
    path = Path(ref)
    if path.is_file():
        return Compiled(read_image(path, ref), ref, module.root)
    if path.is_dir():
        refuse_git_folder(path, ref)
        root, image = _compile_folder(path.resolve(), module, now=checkouts.workspace)
        return Compiled(image, ref, root)
    known = f"{module.name} has {', '.join(versions)}" if versions else ""
    known = did_you_mean(ref, versions, known, likeness=VERSION_LIKENESS)
    with checkouts.at(ref, module, known=known, since_parting=since_parting) as then:
        found = then.workspace.modules.get(module.name)
        return Compiled(then.image(found), then.label, checkouts.workspace.root / found.path) if found else None


def lint_reference(ref: str, module: Module, checkouts: Checkouts) -> list[Diagnostic]:
    """The findings of `buf lint` in a module at `ref`, with the configuration at that revision.

    Args:
        ref: a git revision, which means its merge base with HEAD; or a path. An image and a folder without a buf
            configuration have no style.
        module: the module to look for there.
        checkouts: the revisions of the current workspace.

    Raises:
        FieldstoneError: there is no such revision, or it does not compile.
    """
    path = Path(ref)
    if path.is_dir() and has_config(path):
        there = workspace_with(module, path, now=checkouts.workspace)
        return _lint(there, _module_in(there, module), checkouts.outside, at=ref)
    if path.exists():
        return []
    with checkouts.at(ref, module, since_parting=True) as then:
        found = then.workspace.modules.get(module.name)
        return _lint(then.workspace, found, then.outside, at=then.label) if found else []


def modules_at(ref: str, checkouts: Checkouts) -> dict[str, str]:
    """The modules at a git revision's merge base with HEAD: name to path.

    Raises:
        FieldstoneError: there is no such revision, or it has no buf configuration.
    """
    with checkouts.at(ref, since_parting=True) as then:
        return {module.name: module.path for module in then.workspace.modules.values()}


def _lint(workspace: Workspace, module: Module, outside: Path | None, *, at: str) -> list[Diagnostic]:
    given = workspace.input_of(module, outside)
    running = buf.lint(given.target, cwd=workspace.buf_root, exclude=given.exclude, within=given.within)
    return running.diagnostics(what=f"buf lint at {at}")


def modules_of(ref: str, checkouts: Checkouts) -> list[str]:
    """The names of the modules of a folder or a git revision; none for an image, which names no modules.

    Args:
        ref: as for `compile_reference`.
        checkouts: the revisions of the current workspace, whose names for modules apply.

    Raises:
        FieldstoneError: there is no such revision, or its configuration cannot be read.
    """
    path = Path(ref)
    if path.is_file():
        return []
    now = checkouts.workspace
    names = {known.key: known.name for known in now.modules.values()}
    if path.is_dir():
        only = now.imports_only
        return list(load_workspace(path, names=names, bare=True, joined=now.joined, imports_only=only).modules)
    with checkouts.at(ref, bare=True) as then:
        return list(then.workspace.modules)


def _compile_folder(folder: Path, module: Module, *, now: Workspace) -> tuple[Path, bytes]:
    if not has_config(folder):
        return folder, buf.build(".", cwd=folder).output(what=f"{folder} does not compile")
    workspace = workspace_with(module, folder, now=now)
    found = _module_in(workspace, module)
    return found.root, compile_module(workspace, found, at=str(folder))


def _module_in(workspace: Workspace, module: Module) -> Module:
    """The module of that name in another workspace, or the only one there."""
    only = next(iter(workspace.modules.values())) if len(workspace.modules) == 1 else None
    found = workspace.modules.get(module.name, only)
    if found is None:
        lists = ", ".join(workspace.modules)
        raise NotFound(f"no module {module.name} in {workspace.root}", fix=f"it lists {lists}")
    return found
