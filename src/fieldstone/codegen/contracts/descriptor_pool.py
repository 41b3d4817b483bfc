"""The compiled files of a contracts package, in a module of their own that finds a pool of descriptors for them.

What protoc writes adds each file to the one pool of a process, which refuses two contents under one
name. Here a package's files are added together: to that pool, or, where it holds another version of
one of them, to a pool of their own. So two major versions of a contract work in one process.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fieldstone.codegen.contracts.imports import to_root, untyped
from fieldstone.codegen.names import DtoPackages, protoc_module
from fieldstone.codegen.render import render
from fieldstone.schema.image.import_order import in_import_order

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

DESCRIPTORS = "_descriptors"
"""The module's name within the package."""

_ADDED = re.compile(r"_descriptor_pool\.Default\(\)\.AddSerializedFile\((?P<content>b'.*')\)$", re.MULTILINE)
_IMPORT = re.compile(r"^from google\.protobuf import descriptor_pool as _descriptor_pool$", re.MULTILINE)


def from_pool(text: str, path: str) -> str:
    """A `_pb2.py` of protoc that takes its file from the package's pool, instead of adding it to protobuf's.

    Args:
        text: what protoc wrote.
        path: the import path of the file that it wrote it from.
    """
    text = _IMPORT.sub(f"from {to_root(path)} import {DESCRIPTORS} as _descriptors", text)
    return _ADDED.sub(lambda _: f"_descriptors.POOL.FindFileByName({path!r})", text)


def _may_be_elsewhere(path: str, packages: DtoPackages) -> bool:
    """Whether another distribution may register a file of the package's: it is bundled, or has a well-known path."""
    return path not in packages.owners or packages.known.find(path, "python") is not None


def descriptors_module(written: Mapping[str, str], files: Sequence[FileDescriptorProto], packages: DtoPackages) -> str:
    """The module `_descriptors` of a package.

    Args:
        written: what protoc wrote, path to text.
        files: the files of the package.
        packages: the package that has the code of each file. Files of `files` without an owner are bundled.
    """
    inside = {file.name: file.dependency for file in sorted(files, key=lambda file: file.name)}
    elsewhere = sorted({path for file in files for path in file.dependency} - inside.keys())
    published = [path for path in elsewhere if not packages.package_of(path)]
    return render(
        "contracts/_descriptors.py.j2",
        modules=[(packages.python_module(path), _alias(path), untyped(path, packages)) for path in published],
        packages=sorted({packages.package_of(path) for path in elsewhere} - {""}),
        imported=[(path, packages.package_of(path), _alias(path)) for path in elsewhere],
        contents=[_content(written, path) for path in in_import_order(inside)],
        renamed=[(path, "", _alias(path)) for path in published if packages.is_moved(path)],
        bundled=[protoc_module(path) for path in sorted(inside) if _may_be_elsewhere(path, packages)],
    )


def _alias(path: str) -> str:
    return "_" + protoc_module(path).replace(".", "_")


def _content(written: Mapping[str, str], path: str) -> str:
    found = _ADDED.search(written[protoc_module(path).replace(".", "/") + ".py"])
    if found is None:
        raise RuntimeError(f"protoc wrote no descriptor for {path}")
    return found["content"]
