"""Third-party schemas that `fieldstone init` finds: vendored folders, git submodules, and well-known import paths.

The result goes into the settings, where people can see and change it; no check guesses as generously.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath

from fieldstone.errors import FieldstoneError, Unavailable
from fieldstone.toolchain import buf, git
from fieldstone.toolchain.buf_remotes import copy_of, remote_modules
from fieldstone.workspace.imports_only import THIRD_PARTY, is_at_or_below
from fieldstone.workspace.modules import Module, Workspace

VENDORED = THIRD_PARTY | {"vendor"}
"""The names of folders for copies of others' files."""
_MIXED = "include"
"""The name of a folder for own files in some repositories, and for copies in others."""

WELL_KNOWN = (
    "buf/validate/",
    "gogoproto/",
    "google/",
    "grpc/gateway/",
    "grpc/health/",
    "grpc/reflection/",
    "protoc-gen-openapiv2/",
    "protoc-gen-swagger/",
    "tagger/",
    "udpa/",
    "validate/validate.proto",
    "xds/",
)
"""Beginnings of import paths of widely copied files."""
_COMMON = ("google/api/", "google/longrunning/", "google/protobuf/", "google/rpc/", "google/type/")
"""The same in a repository whose own files are below `google/`, too: a part of googleapis."""


def submodules(folder: Path) -> list[str]:
    """The paths of the git submodules of a folder, relative to it, from its .gitmodules; none without one."""
    if not (folder / ".gitmodules").is_file():
        return []
    try:
        said = git.run("config", "-f", ".gitmodules", "--get-regexp", r"^submodule\..*\.path$", cwd=folder)
    except FieldstoneError:
        return []
    lines = said.decode("utf-8", "replace").splitlines()
    return sorted(PurePosixPath(line.partition(" ")[2]).as_posix() for line in lines)


def foreign_folders(folder: Path, roots: Mapping[str, str]) -> list[str]:
    """The outermost folders with others' .proto files, by their names, by git, or by well-known files in them.

    Args:
        folder: the root of the repository.
        roots: the .proto files below it, each with the import root that its package tells: a folder of its package may
            be called vendor.
    """
    modules = submodules(folder)
    found: set[str] = set()
    for proto, root in roots.items():
        parents = [parent.as_posix() for parent in reversed(PurePosixPath(proto).parents) if parent.name]
        vendored = (parent for parent in parents if _is_foreign(parent, proto, root, modules))
        found |= {*[next(vendored, "")]} - {""}
    return sorted(path for path in found if not is_at_or_below(path, found - {path}))


def _is_foreign(folder: str, proto: str, root: str, modules: Iterable[str]) -> bool:
    name = PurePosixPath(folder).name
    below = proto.removeprefix(f"{folder}/")
    is_copied = name in VENDORED or (name == _MIXED and below.startswith(WELL_KNOWN))
    return folder in modules or (is_copied and is_at_or_below(root, [folder]))


def third_party_in(workspace: Workspace, *, top: Path) -> list[str]:
    """The third-party modules of a buf workspace, third-party folders inside its other modules, and needed copies.

    Copies of remote modules are needed where buf cannot fetch these.

    Args:
        workspace: the workspace, with every module its own.
        top: the root of the repository.

    Returns:
        paths relative to the workspace, sorted; none if they would cover every file.
    """
    modules = submodules(top)
    foreign = [module for module in workspace.everything if _is_third_party(module, top, modules)]
    own = [module for module in workspace.everything if module not in foreign]
    if not own:
        return []
    inside = well_known_in({module.path: module.all_paths for module in own})
    return sorted({module.path for module in foreign} | inside | {*_needed_copies(workspace)})


def _needed_copies(workspace: Workspace) -> list[str]:
    """The copies of remote modules in a workspace, if buf cannot fetch these modules."""
    named, locked = remote_modules(workspace.root)
    copies = [path for name in sorted(named | locked) if (path := copy_of(name, workspace.root))]
    if not copies:
        return []
    try:
        buf.build(".", cwd=workspace.root).output(what="the workspace does not compile")
    except Unavailable:
        return copies
    except FieldstoneError:
        return []
    return []


def _is_third_party(module: Module, top: Path, modules: Iterable[str]) -> bool:
    """Whether a module is in a vendored folder or a submodule, and has no package of that folder's name."""
    if module.root.is_relative_to(top) and is_at_or_below(module.root.relative_to(top).as_posix(), modules):
        return True
    names = VENDORED.intersection(PurePosixPath(module.path).parts)
    if PurePosixPath(module.path).name == _MIXED and any(path.startswith(WELL_KNOWN) for path in module.all_paths):
        return True
    packages = {part for path in module.all_paths for part in PurePosixPath(path).parent.parts}
    return bool(names - packages)


def well_known_in(modules: Mapping[str, Collection[str]]) -> set[str]:
    """The folders (or files) of well-known files inside modules, relative to the workspace.

    Where all files have one top folder, only the common parts of googleapis count.

    Args:
        modules: the path of each module with the import paths of its files.

    Returns:
        the paths; none if they would cover every file.
    """
    files = [(root, path) for root, paths in modules.items() for path in paths]
    beginnings = _COMMON if len({path.partition("/")[0] for _, path in files}) == 1 else WELL_KNOWN
    known = [(root, found) for root, path in files for found in beginnings if path.startswith(found)]
    if len(known) == len(files):
        return set()
    return {PurePosixPath(root, found).as_posix() for root, found in known}
