"""The protoc plugin protocol: decodes buf's request, and encodes the generated files.

https://protobuf.dev/reference/cpp/api-docs/google.protobuf.compiler.plugin.pb/ describes the messages.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf import descriptor_pb2
from google.protobuf.compiler import plugin_pb2
from google.protobuf.message import DecodeError

from fieldstone.errors import FieldstoneError, Invalid
from fieldstone.printed import printable_line
from fieldstone.project.project import Project
from fieldstone.schema.image import IMPORT_MARK
from fieldstone.workflows.generate import generated_files, manifest_of, out_of, with_manifest
from fieldstone.workflows.generating.generated_modules import generated_modules, own_files
from fieldstone.workspace.modules import Module

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto


def respond(request: bytes, folder: Path) -> bytes:
    """Answer a CodeGeneratorRequest with a CodeGeneratorResponse, both encoded.

    If the code cannot be generated, the response has the error, which buf prints.

    Args:
        request: the plugin's standard input.
        folder: buf's working directory, a folder of the project.
    """
    features = plugin_pb2.CodeGeneratorResponse.Feature
    response = plugin_pb2.CodeGeneratorResponse(
        supported_features=features.FEATURE_PROTO3_OPTIONAL | features.FEATURE_SUPPORTS_EDITIONS,
        minimum_edition=descriptor_pb2.EDITION_PROTO2,
        maximum_edition=descriptor_pb2.EDITION_2024,
    )
    try:
        for path, content in _files(_decode(request), folder).items():
            response.file.add(name=path, content=content.decode())
    except FieldstoneError as error:
        response.error = printable_line(str(error))
    return response.SerializeToString()


def _decode(request: bytes) -> plugin_pb2.CodeGeneratorRequest:
    try:
        return plugin_pb2.CodeGeneratorRequest.FromString(request)
    except DecodeError as error:
        raise Invalid(
            "standard input holds no CodeGeneratorRequest", fix="`buf generate` runs this program, as buf.gen.yaml says"
        ) from error


def _files(request: plugin_pb2.CodeGeneratorRequest, folder: Path) -> dict[str, bytes]:
    project = Project.at(folder)
    files = {file.name: file for file in request.proto_file}
    modules = _modules(project, set(request.file_to_generate))
    entries, generated = generated_files(
        project, {module.name: _image(module, files) for module in modules}, start=folder
    )
    is_all = len(modules) == len(generated_modules(project))
    before = {} if is_all else manifest_of(out_of(project), must_be_one=True)
    return with_manifest(generated, entries, before)


def _modules(project: Project, asked: Collection[str]) -> list[Module]:
    """The modules of these files; files that buf adds from elsewhere (`include_imports`) are skipped."""
    found: list[Module] = []
    for module in project.workspace.modules.values():
        own = own_files(project, module)
        left_out = [path for path in own if path not in asked]
        if own and len(left_out) < len(own):
            _refuse_part(module, left_out)
            found.append(module)
    if not found:
        root = project.workspace.root
        raise Invalid(
            f"nothing to generate: none of {len(asked)} files is of a module in {root / project.workspace.config}",
            fix="run `buf generate` in the workspace, and with `strategy: all` in buf.gen.yaml",
        )
    return found


def _refuse_part(module: Module, left_out: Iterable[str]) -> None:
    for path in left_out:
        raise Invalid(
            f"{path} is of module {module.name} and buf left it out: a package holds all files of its module",
            fix="run `buf generate` without --path, and with `strategy: all` in buf.gen.yaml",
        )


def _image(module: Module, files: Mapping[str, FileDescriptorProto]) -> bytes:
    """A module and its imports as an image like buf's, with imports marked."""
    image = descriptor_pb2.FileDescriptorSet()
    done: set[str] = set()

    def add(path: str) -> None:
        if path in done or path not in files:
            return
        done.add(path)
        for imported in files[path].dependency:
            add(imported)
        mark = b"" if path in module.proto_files else IMPORT_MARK
        image.file.append(descriptor_pb2.FileDescriptorProto.FromString(files[path].SerializeToString() + mark))

    for path in module.proto_files:
        add(path)
    return image.SerializeToString()
