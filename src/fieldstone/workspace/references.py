"""Compiles or lints a reference: a folder, an image file or a git revision.

Versions in a registry are references, too; workflows resolve them, because they know the registry.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from msgspec import Struct

from fieldstone.errors import FieldstoneError, NotFound
from fieldstone.suggestions import VERSION_LIKENESS, did_you_mean
from fieldstone.toolchain import buf, git
from fieldstone.toolchain.diagnostic import Diagnostic
from fieldstone.workspace.buf_inputs import how_to_write, read_image, refuse_git_folder
from fieldstone.workspace.modules import CONFIG_FILES, Module, Workspace, load_workspace, without_files

_TREE_FILES = (".proto", "buf.yaml", "buf.work.yaml", "buf.lock")


class Compiled(Struct, frozen=True):
    """A compiled module: the image's bytes, a label for its origin, and the folder of its sources."""

    image: bytes
    label: str
    root: Path


def compile_module(workspace: Workspace, module: Module, *, outside: Path | None = None, at: str = "") -> bytes:
    """Compile a module of a workspace to an image.

    Args:
        workspace: the workspace, for the modules that `module` imports.
        module: the module to compile.
        outside: a folder (the registry) inside a module's root that does not belong to it.
        at: the origin of the workspace, a revision or folder, for errors.

    Raises:
        FieldstoneError: the module has no sources, or does not compile.
    """
    where = f"{module.path} at {at}" if at else module.path
    if not module.proto_files:
        raise without_files(module, where if at else "")
    given = workspace.input_of(module, outside)
    running = buf.build(given.target, cwd=workspace.buf_root, exclude=given.exclude, within=given.within)
    return running.output(what=f"{where} does not compile")


def compile_reference(
    ref: str,
    module: Module,
    workspace: Workspace,
    *,
    outside: Path | None,
    versions: Sequence[str] = (),
    since_parting: bool = False,
) -> Compiled | None:
    """Compile a module at `ref`; None if a revision has no such module yet.

    Args:
        ref: the path of an image file or a folder, or a git revision.
        module: the module to look for there.
        workspace: the current workspace; the revision's has the same path in the checkout.
        outside: the registry folder, which belongs to no module.
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
        root, image = _compile_folder(path.resolve(), module, now=workspace)
        return Compiled(image, ref, root)
    known = f"{module.name} has {', '.join(versions)}" if versions else ""
    known = did_you_mean(ref, versions, known, likeness=VERSION_LIKENESS)
    checkout = _checkout(ref, workspace, outside, module, known=known, since_parting=since_parting)
    with checkout as (then, registry, label):
        found = then.modules.get(module.name)
        if found is None:
            return None
        image = compile_module(then, found, outside=registry, at=label)
        return Compiled(image, label, workspace.root / found.path)


def lint_reference(ref: str, module: Module, workspace: Workspace, *, outside: Path | None) -> list[Diagnostic]:
    """The findings of `buf lint` in a module at `ref`, with the configuration at that revision.

    Args:
        ref: a git revision, which means its merge base with HEAD; or a path. An image and a folder without a buf
            configuration have no style.
        module: the module to look for there.
        workspace: the current workspace.
        outside: the registry folder, which belongs to no module.

    Raises:
        FieldstoneError: there is no such revision, or it does not compile.
    """
    path = Path(ref)
    if path.is_dir() and _has_config(path):
        then = _workspace_with(module, path, now=workspace)
        return _lint(then, _module_in(then, module), outside, at=ref)
    if path.exists():
        return []
    with _checkout(ref, workspace, outside, module, since_parting=True) as (then, registry, label):
        return _lint(then, then.modules[module.name], registry, at=label) if module.name in then.modules else []


def modules_at(ref: str, workspace: Workspace, *, outside: Path | None) -> dict[str, str]:
    """The modules at a git revision's merge base with HEAD: name to path.

    Raises:
        FieldstoneError: there is no such revision, or it has no buf configuration.
    """
    with _checkout(ref, workspace, outside, since_parting=True) as (then, _, _):
        return {module.name: module.path for module in then.modules.values()}


def _lint(workspace: Workspace, module: Module, outside: Path | None, *, at: str) -> list[Diagnostic]:
    given = workspace.input_of(module, outside)
    running = buf.lint(given.target, cwd=workspace.buf_root, exclude=given.exclude, within=given.within)
    return running.diagnostics(what=f"buf lint at {at}")


def modules_of(ref: str, workspace: Workspace, *, outside: Path | None) -> list[str]:
    """The names of the modules of a folder or a git revision; none for an image, which names no modules.

    Args:
        ref: as for `compile_reference`.
        workspace: the current workspace, whose names for modules apply.
        outside: the registry folder, which belongs to no module.

    Raises:
        FieldstoneError: there is no such revision, or its configuration cannot be read.
    """
    path = Path(ref)
    if path.is_file():
        return []
    names = {known.key: known.name for known in workspace.modules.values()}
    if path.is_dir():
        return list(
            load_workspace(
                path, names=names, bare=True, joined=workspace.joined, imports_only=workspace.imports_only
            ).modules
        )
    with _checkout(ref, workspace, outside, bare=True) as (then, _, _):
        return list(then.modules)


def _compile_folder(folder: Path, module: Module, *, now: Workspace) -> tuple[Path, bytes]:
    if not _has_config(folder):
        return folder, buf.build(".", cwd=folder).output(what=f"{folder} does not compile")
    workspace = _workspace_with(module, folder, now=now)
    found = _module_in(workspace, module)
    return found.root, compile_module(workspace, found, at=str(folder))


def _workspace_with(
    module: Module | None,
    root: Path,
    *,
    now: Workspace,
    names: Mapping[str, str] | None = None,
    outside: Path | None = None,
    bare: bool = False,
) -> Workspace:
    """The workspace at `root`; several roots of v1beta1 are one module if only that one is the module looked for."""
    load = partial(load_workspace, root, names=names, outside=outside, bare=bare, imports_only=now.imports_only)
    found = load(joined=now.joined)
    if module is None or module.name in found.modules or len(found.modules) <= 1:
        return found
    whole = load(joined=True)
    return whole if len(whole.modules) == 1 or module.name in whole.modules else found


def _has_config(folder: Path) -> bool:
    return any((folder / name).is_file() for name in CONFIG_FILES)


def _module_in(workspace: Workspace, module: Module) -> Module:
    """The module of that name in another workspace, or the only one there."""
    only = next(iter(workspace.modules.values())) if len(workspace.modules) == 1 else None
    found = workspace.modules.get(module.name, only)
    if found is None:
        lists = ", ".join(workspace.modules)
        raise NotFound(f"no module {module.name} in {workspace.root}", fix=f"it lists {lists}")
    return found


@contextmanager
def _named(scratch: Path, label: str, submodules: Sequence[str]) -> Iterator[None]:
    """Make errors about a revision's files name the revision, and the files by their paths in it."""
    try:
        yield
    except FieldstoneError as error:
        problem = error.problem.replace(f"{scratch.resolve()}/", "")
        absent = next((path for path in submodules if f" {path}," in problem), "")
        fix = f"{absent} is a git submodule there: name a folder that has it checked out" if absent else error.fix
        raise type(error)(f"at {label}: {problem}", fix=fix) from error


@contextmanager
def _checkout(
    ref: str,
    workspace: Workspace,
    outside: Path | None,
    module: Module | None = None,
    *,
    known: str = "",
    since_parting: bool = False,
    bare: bool = False,
) -> Iterator[tuple[Workspace, Path | None, str]]:
    """The workspace at a git revision, with the module looked for; its registry folder, and the revision's label."""
    root = workspace.root
    try:
        commit = git.resolve(ref, root)
        prefix = git.run("rev-parse", "--show-prefix", cwd=root).decode().strip()
    except FieldstoneError as error:
        own_words = "binary" in error.problem or git.REFUSED in error.problem
        detail = error.problem if own_words else "no such version, file, folder or git revision"
        fetch = f"this clone is shallow: {git.FETCH_ALL}" if git.is_shallow(root) else ""
        fix = how_to_write(ref) or error.fix or "; ".join(filter(None, (known, fetch)))
        raise NotFound(f"cannot resolve {ref} from {root}: {detail}", fix=fix) from error
    base = git.merge_base(ref, root) if since_parting and not git.is_tag(ref, root) else commit
    label = ref if base == commit else f"{ref} (merge base {base[:9]})"
    scratch = Path(tempfile.mkdtemp(prefix="fieldstone-"))
    try:
        top = git.run("rev-parse", "--show-toplevel", cwd=root).decode().strip()
        git.export_tree(base, cwd=Path(top), into=scratch, keep=_TREE_FILES)
        then = (scratch / prefix).resolve()
        registry = then / os.path.relpath(outside, root) if outside else None
        names = {known.key: known.name for known in workspace.modules.values()}
        has_config = (root / workspace.config).is_file()
        if has_config and not _has_config(then):
            yield Workspace(then, workspace.config, {}), registry, label  # it lists no modules, so everything is new
            return
        with _named(scratch, label, git.submodules(base, cwd=Path(top))):
            found = _workspace_with(
                module, then, now=workspace, names=names, outside=registry, bare=bare or not has_config
            )
        yield found, registry, label
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
