"""DTO modules: what protoc writes, moved into a package of its own.

protoc imports every module from the root of the path, as if all protobuf code of the world lived in
one folder (https://github.com/protocolbuffers/protobuf/issues/1491). Here modules of one package
import each other relatively, so that the package works wherever it is installed, and two packages
with a folder of the same name do not meet.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.codegen.contracts.descriptor_pool import DESCRIPTORS, descriptors_module, from_pool
from fieldstone.codegen.contracts.docstrings import docstrings, documented_stub
from fieldstone.codegen.contracts.grpc_stubs import grpc_stubs
from fieldstone.codegen.contracts.imports import import_base, import_line, untyped
from fieldstone.codegen.contracts.protoc import run_protoc
from fieldstone.codegen.contracts.taken_names import services_without_keywords
from fieldstone.codegen.names import DtoPackages, dto_module, protoc_module
from fieldstone.codegen.render import as_docstring
from fieldstone.codegen.vocabulary import without_annotations
from fieldstone.errors import Invalid
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.model import Schema

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

_IMPORT = re.compile(
    r"""
    ^from[ ](?P<package>\S+)[ ]import[ ](?P<module>\w+_pb2)(?P<alias>[ ]as[ ]\w+)?$
    |^from[ ](?P<star>\S+_pb2)[ ]import[ ](?P<names>.+)$
    |^import[ ](?P<root>\w+_pb2)(?P<root_alias>[ ]as[ ]\w+)?$
    |^(?P<dynamic_alias>\w+)[ ]=[ ]importlib\.import_module\('(?P<dynamic>[\w.]+_pb2)'\)$
    """,
    re.VERBOSE | re.MULTILINE,
)
"""The imports of another file's module as protoc's generators for Python, stubs and gRPC write them."""

_GENCODE_VERSION = re.compile(r"^# Protobuf Python Version: (\S+)$", re.MULTILINE)
_GRPC_VERSION = re.compile(r"^GRPC_GENERATED_VERSION = '(\S+)'$", re.MULTILINE)


class DtoModules(Struct, frozen=True):
    """The DTO modules of a contracts package.

    Attributes:
        files: path within the package to text, without the `__init__.py`.
        protobuf: the version of protobuf that the code was generated for: no older one runs it.
        grpcio: the same of grpcio; empty where there are no services.
        requires: the requirements of the distributions of third-party code that is imported, sorted.
        imports: the other contracts packages that are imported, sorted.
        services: the full names of the services of the module's own files.
    """

    files: Mapping[str, str]
    protobuf: str
    grpcio: str
    requires: tuple[str, ...]
    imports: tuple[str, ...]
    services: tuple[str, ...]


def dto_modules(image: bytes, packages: DtoPackages, own_files: Collection[str], *, where: str) -> DtoModules:
    """Generate the DTO modules of a module.

    Args:
        image: the compiled module with all that it imports, in bytes.
        packages: the package that has the code of each file.
        own_files: the import paths of the module's own files.
        where: the image's origin, for error messages.

    Raises:
        FieldstoneError: the bytes are no image, grpcio-tools is missing, or Python cannot hold a name.
    """
    bare = without_annotations(image, where=where)
    by_path = {file.name: file for file in bare.file}
    reached = _reached(by_path, own_files, packages)
    inside = [path for path in sorted(reached) if packages.is_inside(path)]
    for path in inside:
        _require_importable(path, by_path, own_files)
    with_services = [path for path in inside if by_path[path].service]
    for path in with_services:
        _escape_comments(by_path[path])
    written = run_protoc(bare, inside, with_services)
    schema = load_schema(image, where=where, own_files=by_path.keys())
    moved = _move_all(written, inside, reached, schema, packages)
    moved |= grpc_stubs(schema, with_services, packages)
    moved[f"{DESCRIPTORS}.py"] = descriptors_module(written, [by_path[path] for path in inside], packages)
    elsewhere = {packages.package_of(path) for path in reached} - {"", packages.home}
    return DtoModules(
        files=dict(sorted(moved.items())),
        protobuf=_version(_GENCODE_VERSION, written.values()),
        grpcio=_version(_GRPC_VERSION, written.values()),
        requires=tuple(sorted({packages.requirement(path) for path in reached} - {""})),
        imports=tuple(sorted(elsewhere)),
        services=tuple(
            ".".join(filter(None, (by_path[path].package, service.name)))
            for path in sorted(set(own_files) & set(by_path))
            for service in by_path[path].service
        ),
    )


def _require_importable(path: str, files: Mapping[str, FileDescriptorProto], own_files: Collection[str]) -> None:
    """Raise if Python cannot import the module of a file; of a third-party one, the error names its importer.

    Raises:
        FieldstoneError: a folder or file is no identifier.
    """
    try:
        dto_module(path)
    except Invalid as error:
        importer = next((name for name in sorted(own_files) if path in files[name].dependency), "")
        if path in own_files or not importer:
            raise
        folder = path.rpartition("/")[0]
        raise Invalid(
            f"{error.problem} ({importer} imports it)",
            fix=f'name the distribution that has its code: python in [tool.fieldstone.package.known."{folder}/"]',
        ) from error


def _reached(files: Mapping[str, FileDescriptorProto], own_files: Collection[str], packages: DtoPackages) -> set[str]:
    """The files of a module and all that they import, directly or not; a published file's imports are published."""
    reached: set[str] = set()
    waiting = [path for path in own_files if path in files]
    while waiting:
        path = waiting.pop()
        if path not in reached and path in files:
            reached.add(path)
            waiting += files[path].dependency if packages.package_of(path) else ()
    return reached


def _move_all(
    written: Mapping[str, str], inside: Iterable[str], reached: Iterable[str], schema: Schema, packages: DtoPackages
) -> dict[str, str]:
    modules = {protoc_module(path): path for path in reached}
    moved: dict[str, str] = {}
    for path in inside:
        old, new = (name.replace(".", "/") for name in (protoc_module(path), dto_module(path)))
        for ending in (".py", ".pyi", "_grpc.py"):
            if old + ending in written:
                mover = _Mover(path, modules, packages, is_stub=ending == ".pyi")
                moved[new + ending] = _moved(written[old + ending], mover, schema, path, ending)
    return moved


def _moved(text: str, mover: _Mover, schema: Schema, path: str, ending: str) -> str:
    try:
        return mover.move(_documented(text, schema, path, ending))
    except SyntaxError:  # protoc's stub imports a module by a name that is none, and that is another one once moved
        return _documented(mover.move(text), schema, path, ending)


def _documented(text: str, schema: Schema, path: str, ending: str) -> str:
    if ending == ".pyi":
        return documented_stub(_strict(text), schema, path)
    return text + docstrings(schema, path) if ending == ".py" else services_without_keywords(text)


def _strict(stub: str) -> str:
    """The stub as type checkers in their strictest form take it."""
    stub = re.sub(r"(?<!as )\b_Mapping\b(?!\[)", "_Mapping[str, object]", stub)
    stub = re.sub(r"^(\w+): _ClassVar\[int\]$", r"\1: int", stub, flags=re.MULTILINE)
    return re.sub(r"\*\*kwargs\)", "**kwargs: object)", stub)


class _Mover(Struct, frozen=True):
    """Rewrites one of the modules that protoc wrote from `path`; `modules` are protoc's names of all files."""

    path: str
    modules: Mapping[str, str]
    packages: DtoPackages
    is_stub: bool

    def move(self, text: str) -> str:
        """The text as it works in its package."""
        text = _IMPORT.sub(self._import, text)
        if "importlib." not in text:
            text = re.sub(r"^import importlib\n", "", text, flags=re.MULTILINE)
        if self.is_stub:
            return text
        text = from_pool(text, self.path)
        # What messages say as their `__module__`, which pickle imports.
        was = f"BuildTopDescriptorsAndMessages(DESCRIPTOR, '{protoc_module(self.path)}', _globals)"
        return text.replace(was, "BuildTopDescriptorsAndMessages(DESCRIPTOR, __name__, _globals)")

    def _import(self, found: re.Match[str]) -> str:
        name = found["star"] or found["root"] or found["dynamic"] or f"{found['package']}.{found['module']}"
        path = self.modules.get(name)
        if path is None:
            return found[0]
        if found["star"]:
            ignored = untyped(path, self.packages) if self.is_stub else ""
            return f"from {import_base(self.path, path, self.packages, whole=True)} import {found['names']}{ignored}"
        alias = found["alias"] or found["root_alias"] or f" as {found['dynamic_alias'] or found['root']}"
        return import_line(self.path, path, self.packages, alias.removeprefix(" as "), is_stub=self.is_stub)


def _escape_comments(file: FileDescriptorProto) -> None:
    """grpcio-tools writes comments between triple quotes as they are, whatever quotes and backslashes they hold."""
    for location in file.source_code_info.location:
        if location.path[:1] == [file.SERVICE_FIELD_NUMBER]:
            location.leading_comments = as_docstring(location.leading_comments)
            location.trailing_comments = as_docstring(location.trailing_comments)


def _version(pattern: re.Pattern[str], texts: Iterable[str]) -> str:
    return next((found[1] for text in texts if (found := pattern.search(text))), "")
