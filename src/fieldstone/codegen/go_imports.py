"""The Go package of each file: one package a folder, and no two folders that import each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.errors import Invalid

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

_KEYWORDS = frozenset(
    "break case chan const continue default defer else fallthrough for func go goto if import interface map package "
    "range return select struct switch type var".split()
)
_HIDDEN = frozenset({"internal", "testdata", "vendor"})
"""Names of folders that the go command hides from other modules: `go help packages`, `go help importpath`."""


class GoPackage(Struct, frozen=True):
    """A package of Go: the path to import it by, and the name that it declares."""

    path: str
    name: str


def go_packages(files: Iterable[str], module: str) -> dict[str, GoPackage]:
    """The package of each file, by import path, within a Go module.

    Args:
        files: the import paths of the files.
        module: the path of the Go module.

    Raises:
        FieldstoneError: Go cannot import a folder.
    """
    return {path: _package(PurePosixPath(path).parent, module) for path in files}


def refuse_cycles(files: Mapping[str, FileDescriptorProto]) -> None:
    """Refuse folders that import each other, which protobuf allows as long as no two files do.

    Args:
        files: the files of one Go module, by import path.

    Raises:
        FieldstoneError: there are such folders.
    """
    imports: dict[str, set[str]] = {}
    for path, file in files.items():
        here = _folder(path)
        imports.setdefault(here, set()).update(_folder(other) for other in file.dependency if other in files)
        imports[here].discard(here)
    while leaves := [folder for folder, others in imports.items() if not others & imports.keys()]:
        for folder in leaves:
            del imports[folder]
    if imports:
        raise Invalid(
            f"folders that import each other cannot be packages of Go: {', '.join(sorted(imports))}",
            fix="move what both need into a folder of its own",
        )


def _folder(path: str) -> str:
    return PurePosixPath(path).parent.as_posix()


def _package(folder: PurePosixPath, module: str) -> GoPackage:
    for part in folder.parts:
        if part in _HIDDEN or part.startswith(("_", ".")):
            raise Invalid(
                f"Go cannot import {folder}: the go command hides folders called {part}", fix="rename the folder"
            )
    if not folder.parts:
        return GoPackage(module, _name([part for part in module.split("/") if not re.fullmatch(r"v\d+", part)][-1:]))
    return GoPackage(f"{module}/{folder}", _name(folder.parts))


def _name(parts: Iterable[str]) -> str:
    """The last part, with the one before where it is a version: telemetry/v1 is telemetryv1."""
    plain = [re.sub(r"[^a-z0-9]", "", part.lower()) for part in parts]
    with_version = len(plain) > 1 and re.fullmatch(r"v\d\w*", plain[-1])
    name = "".join(plain[-2:]) if with_version else plain[-1]
    return f"pb{name}" if name in _KEYWORDS or not name[:1].isalpha() else name
