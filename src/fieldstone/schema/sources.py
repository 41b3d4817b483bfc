"""A reference -> a compiled image: a folder, an image file or a git revision.

Versions in a registry are references too; the workflow that knows the registry resolves them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fieldstone.errors import FieldstoneError
from fieldstone.schema import buf, git
from fieldstone.schema.workspace import CONFIG_FILES, Module, Workspace, load_workspace

_TREE_FILES = (".proto", "buf.yaml", "buf.work.yaml", "buf.lock")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled module: the image's bytes, what people call the place that it came from, and its sources' folder."""

    image: bytes
    label: str
    root: Path


def compile_module(workspace: Workspace, module: Module, *, outside: Path | None = None, at: str = "") -> bytes:
    """Compile a module of a workspace to an image.

    Args:
        workspace: the workspace, for the modules that `module` imports.
        module: what to compile.
        outside: a folder (the registry) that lies in a module's root and does not belong to it.
        at: the revision or folder that the workspace was taken from, for errors.

    Raises:
        FieldstoneError: the module has no sources, or does not compile.
    """
    where = f"{module.path} at {at}" if at else module.path
    if not module.proto_files:
        raise FieldstoneError(f"module {module.name} has no .proto files below {where if at else module.root}")
    exclude = (*(workspace.excluded_paths(outside) if outside else ()), *workspace.nested_in(module))
    return buf.build(module.path, cwd=workspace.root, exclude=exclude).output(what=f"{where} does not compile")


def compile_reference(
    ref: str, module: Module, workspace: Workspace, *, outside: Path, versions: Sequence[str] = ()
) -> Compiled | None:
    """Compile what `ref` holds of a module; None where a revision has no such module yet.

    Args:
        ref: the path of an image file or a folder, or a git revision.
        module: the module to look for there.
        workspace: the workspace of today, whose place in the checkout is looked for in the revision.
        outside: the registry folder, which belongs to no module.
        versions: what `ref` might have been meant to be, for the error.

    Raises:
        FieldstoneError: there is no such file, folder or revision, or it holds no such module.
    """
    path = Path(ref)
    if path.is_file():
        return Compiled(_read_image(path), ref, module.root)
    if path.is_dir():
        root, image = _compile_folder(path.resolve(), module)
        return Compiled(image, ref, root)
    known = f"{module.name} has {', '.join(versions)}" if versions else ""
    with _checkout(ref, workspace.root, known) as root:
        registry = root / os.path.relpath(outside, workspace.root)
        names = {known.path: known.name for known in workspace.modules.values()}
        bare = not (workspace.root / workspace.config).is_file()
        then = load_workspace(root, names=names, outside=registry, bare=bare)
        if module.name not in then.modules:
            return None
        return Compiled(compile_module(then, then.modules[module.name], outside=registry, at=ref), ref, module.root)


def modules_of(ref: str, workspace: Workspace, *, outside: Path) -> list[str]:
    """The names of the modules that a folder or a git revision lists; none of an image, which names no modules.

    Args:
        ref: as for `compile_reference`.
        workspace: the workspace of today, whose names for modules hold.
        outside: the registry folder, which belongs to no module.

    Raises:
        FieldstoneError: there is no such revision, or its configuration cannot be read.
    """
    path = Path(ref)
    if path.is_file():
        return []
    names = {known.path: known.name for known in workspace.modules.values()}
    if path.is_dir():
        return list(load_workspace(path, names=names, bare=True).modules)
    with _checkout(ref, workspace.root, "") as root:
        return list(
            load_workspace(
                root, names=names, outside=root / os.path.relpath(outside, workspace.root), bare=True
            ).modules
        )


def _compile_folder(folder: Path, module: Module) -> tuple[Path, bytes]:
    if not any((folder / name).is_file() for name in CONFIG_FILES):
        return folder, buf.build(".", cwd=folder).output(what=f"{folder} does not compile")
    workspace = load_workspace(folder)
    only = next(iter(workspace.modules.values())) if len(workspace.modules) == 1 else None
    found = workspace.modules.get(module.name, only)
    if found is None:
        raise FieldstoneError(f"no module {module.name} in {folder}", fix=f"it lists {', '.join(workspace.modules)}")
    return found.root, compile_module(workspace, found, at=str(folder))


@contextmanager
def _checkout(ref: str, root: Path, known: str) -> Iterator[Path]:
    """The sources of a git revision in a temporary folder, and where the workspace lies in it."""
    try:
        commit = git.resolve(ref, root)
        prefix = git.run("rev-parse", "--show-prefix", cwd=root).decode().strip()
    except FieldstoneError as error:
        detail = error.problem if "binary" in error.problem else "no such version, file, folder or git revision"
        raise FieldstoneError(f"cannot resolve {ref} from {root}: {detail}", fix=error.fix or known) from error
    scratch = Path(tempfile.mkdtemp(prefix="fieldstone-"))
    try:
        top = git.run("rev-parse", "--show-toplevel", cwd=root).decode().strip()
        git.export_tree(commit, cwd=Path(top), into=scratch, keep=_TREE_FILES)
        yield (scratch / prefix).resolve()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _read_image(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FieldstoneError(f"cannot read {path}: {error.strerror}") from error
