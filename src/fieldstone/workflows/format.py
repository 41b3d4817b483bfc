"""Format: rewrite schemas as `buf format` does; never vendored files, and never a file that does not compile."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from fieldstone.errors import NotFound
from fieldstone.project.project import Project
from fieldstone.toolchain import buf
from fieldstone.toolchain.diagnostic import CompileError
from fieldstone.workflows.setup.import_roots import is_vendored

_HEADER = "diff -u "
_BESIDE = ".orig "
"""The line before each file's difference: `diff -u PATH.orig PATH`."""


class Formatted(Struct, frozen=True):
    """The result of formatting.

    Attributes:
        difference: the difference of each file to its formatted text; empty if all are formatted.
        broken: the files that do not compile, relative to the workspace: buf would drop what it cannot parse.
        others: the given files that are vendored, or in no module, relative to the workspace.
    """

    difference: str = ""
    broken: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def format_schemas(project: Project, files: Sequence[Path] = (), *, write: bool) -> Formatted:
    """Format the schemas of a workspace, or some of them.

    Args:
        project: the project.
        files: the only files to format; all by default. Released files among them are left unchanged.
        write: whether to rewrite them.

    Raises:
        FieldstoneError: a file does not exist, or buf fails.
    """
    root, registry = project.workspace.root, project.settings.registry_folder
    own = _own_files(project)
    chosen = [_relative(file, root) for file in files]
    if files or project.workspace.has_third_party or any(map(is_vendored, own)):
        only = [path for path in (chosen or own) if path in own and not is_vendored(path)]
        released = () if registry is None else [path for path in chosen if (root / path).is_relative_to(registry)]
        others = tuple(path for path in chosen if path not in {*only, *released})
        difference = buf.format_sources(cwd=project.workspace.buf_root, write=False, only=only)
    else:
        others = ()
        exclude = project.workspace.excluded_paths(registry)
        difference = buf.format_sources(cwd=project.workspace.buf_root, write=False, exclude=exclude)
    by_file = differences(difference)
    broken = _broken(project, list(by_file)) if by_file else []
    changed = {path: text for path, text in by_file.items() if path not in broken}
    if write and changed:
        buf.format_sources(cwd=project.workspace.buf_root, write=True, only=list(changed))
    return Formatted("".join(changed.values()), tuple(broken), others)


def differences(text: str) -> Mapping[str, str]:
    """The output of `buf format --diff` by file."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if line.startswith(_HEADER):
            named = line.removeprefix(_HEADER).rstrip("\n")
            lines = found.setdefault(named[(len(named) + len(_BESIDE)) // 2 :], [])
        lines.append(line)
    return {path: "".join(of_file) for path, of_file in found.items()}


def _own_files(project: Project) -> Mapping[str, Any]:
    """The .proto files of all modules, relative to the workspace."""
    root = str(project.workspace.root)
    modules = project.workspace.modules.values()
    paths = (path for module in modules for path in module.proto_paths.values())
    return dict.fromkeys(os.path.relpath(path, root).replace(os.sep, "/") for path in paths)


def _relative(file: Path, root: Path) -> str:
    if not file.is_file():
        raise NotFound(f"there is no file {file}", fix="name .proto files, or none for all of them")
    return os.path.relpath(file.resolve(), root).replace(os.sep, "/")


def _broken(project: Project, paths: Iterable[str]) -> list[str]:
    """The files that have a compile error."""
    root, exclude = project.workspace.buf_root, project.workspace.excluded_paths(project.settings.registry_folder)
    left, broken = [*paths], list[str]()
    while left:
        try:
            buf.build(".", cwd=root, exclude=exclude, only=left).output(what="the schemas do not compile")
        except CompileError as error:
            found = {annotation.path for annotation in error.errors}
            now = [path for path in left if path in found]
            if not now:
                break  # only files that these import do not compile
            broken += now
            left = [path for path in left if path not in found]
        else:
            break
    return broken
