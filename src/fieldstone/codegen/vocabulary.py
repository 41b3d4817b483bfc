"""Takes Fieldstone's annotations out of descriptors: contracts tell other teams no tables and no class names."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2

from fieldstone.schema.image import parse_image

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, FileDescriptorSet

PACKAGE = "fieldstone.v1"
"""The package of the annotations."""


def without_annotations(image: bytes, *, where: str) -> FileDescriptorSet:
    """A compiled image without the options of `fieldstone.v1`, and without the imports that only they needed.

    Comments and the options of everybody else stay.

    Args:
        image: the encoded image, in bytes.
        where: the image's origin, for error messages.

    Raises:
        FieldstoneError: the bytes are no image.
    """
    decoded = parse_image(image, where=where)
    vocabulary = [file for file in decoded.file if file.package == PACKAGE]
    if not vocabulary:
        return decoded
    known = _decode_options(image, vocabulary)
    for file in known.file:
        if file.package != PACKAGE:
            _clear_options(file)
            if not any(name.startswith(f".{PACKAGE}.") for name in types_of(file)):
                drop_imports(file, {part.name for part in vocabulary})
    return descriptor_pb2.FileDescriptorSet.FromString(known.SerializeToString())


def _decode_options(image: bytes, vocabulary: Iterable[FileDescriptorProto]) -> Any:
    """The image as a FileDescriptorSet that knows the annotations; to any other they are unknown bytes."""
    from google.protobuf import descriptor_pool, message_factory

    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(descriptor_pb2.DESCRIPTOR.serialized_pb)
    for file in vocabulary:
        pool.AddSerializedFile(file.SerializeToString())
    known = pool.FindMessageTypeByName("google.protobuf.FileDescriptorSet")
    return message_factory.GetMessageClass(known).FromString(image)


def _clear_options(element: Any) -> None:
    """Clear the annotations of an element of a schema and of all that it holds."""
    for field, value in element.ListFields():
        if field.name == "options":
            _clear_annotations(element)
        elif field.message_type is not None and field.name != "source_code_info":
            for part in value if field.is_repeated else [value]:
                _clear_options(part)


def _clear_annotations(element: Any) -> None:
    for option, _ in element.options.ListFields():
        if option.is_extension and option.file.package == PACKAGE:
            element.options.ClearExtension(option)
    if not element.options.ByteSize():
        element.ClearField("options")


def types_of(file: Any) -> Iterator[str]:
    """The full names of the types that a file's fields, extensions and rpcs use, each with a dot before it."""
    for extension in file.extension:
        yield from (extension.type_name, extension.extendee)
    for message in file.message_type:
        yield from _types_of_message(message)
    for service in file.service:
        for rpc in service.method:
            yield from (rpc.input_type, rpc.output_type)


def _types_of_message(message: DescriptorProto) -> Iterator[str]:
    yield from (field.type_name for field in message.field)
    for extension in message.extension:
        yield from (extension.type_name, extension.extendee)
    for nested in message.nested_type:
        yield from _types_of_message(nested)


def drop_imports(file: Any, paths: Container[str]) -> None:
    """Drop imports; public and weak ones are named by their index among all (descriptor.proto)."""
    old = list(file.dependency)
    kept = [path for path in old if path not in paths]
    indexes = {path: index for index, path in enumerate(kept)}
    file.dependency[:] = kept
    for listed in (file.public_dependency, file.weak_dependency):
        listed[:] = [indexes[old[index]] for index in listed if old[index] in indexes]
    file.option_dependency[:] = [path for path in file.option_dependency if path not in paths]
