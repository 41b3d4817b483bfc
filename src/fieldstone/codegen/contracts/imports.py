"""Imports between the modules of .proto files, within a package or from elsewhere."""

from __future__ import annotations

from fieldstone.codegen.names import DtoPackages, dto_module

_UNTYPED = "  # type: ignore[import-untyped, unused-ignore]"


def untyped(path: str, packages: DtoPackages) -> str:
    """The ending of an import of a file's module in type-checked code; empty where that module surely has types."""
    return _UNTYPED if packages.requirement(path) else ""


def import_base(importer: str, path: str, packages: DtoPackages, *, whole: bool = False) -> str:
    """The part after `from` in an import of a file's module by that of another file.

    Args:
        importer: the import path of the file whose module imports.
        path: that of the file whose module is imported.
        packages: the packages that have the code of the two.
        whole: whether the module itself is imported from, not the package that it is in.
    """
    name = dto_module(path) if packages.is_inside(path) else packages.python_module(path)
    base = name if whole else name.rpartition(".")[0]
    return f"{to_root(importer)}{base}" if packages.is_inside(path) else base


def to_root(importer: str) -> str:
    """The dots that lead from the module of a file to the root of its package."""
    return "." * (dto_module(importer).count(".") + 1)


def import_line(importer: str, path: str, packages: DtoPackages, alias: str, *, is_stub: bool) -> str:
    """The line that imports a file's module under another name."""
    name = packages.python_module(path).rpartition(".")[2]
    ignored = untyped(path, packages) if is_stub else ""
    called = alias if alias.isidentifier() else f"_{alias}"  # protoc takes a folder that begins with a digit as it is
    return f"from {import_base(importer, path, packages)} import {name} as {called}{ignored}"
