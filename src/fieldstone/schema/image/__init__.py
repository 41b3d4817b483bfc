"""A compiled image (a buf image or a FileDescriptorSet): its bytes and its files, imports included."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import TYPE_CHECKING

from google.protobuf import descriptor_pb2
from google.protobuf.message import DecodeError

from fieldstone.errors import Damaged
from fieldstone.schema.features import extension_parts
from fieldstone.schema.image.check import require_text, require_whole

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

BUF_IMAGE_EXTENSION = 8042
"""`buf_extension` of buf's `ImageFile`: whether a file is an import, and its unused imports (buf.alpha.image.v1)."""

IMPORT_MARK = b"\xd2\xf6\x03\x02\x08\x01"
"""The bytes that mark a file as an import if appended to it: the encoded field with `is_import = true`."""


def parse_image(image: bytes, *, where: str) -> FileDescriptorSet:
    """Decode a compiled image (a buf image or a FileDescriptorSet).

    Args:
        image: the encoded image, in bytes.
        where: the image's origin, for error messages.

    Raises:
        FieldstoneError: the bytes are no image, or only a part of one, or its files contradict each other.
    """
    try:
        decoded = descriptor_pb2.FileDescriptorSet.FromString(image)
    except DecodeError as error:
        if "MaxDepth" in str(error):
            raise Damaged(
                f"{where} nests messages deeper than protobuf reads them (about 95 levels)",
                fix="declare them beside each other; buf itself takes 31 levels",
            ) from error
        raise Damaged(
            f"{where} is not a compiled image, or is cut short ({len(image)} bytes)",
            fix="build it again with `buf build -o`",
        ) from error
    require_text(image, where=where)
    if not image or any(not file.name for file in decoded.file):
        raise Damaged(f"{where} is not a compiled image: it names no files", fix="build it with `buf build -o`")
    require_whole(decoded.file, where=where)
    return decoded


def own_paths(image: FileDescriptorSet) -> list[str]:
    """The paths of the files of an image that are not only imports."""
    return [file.name for file in image.file if not is_import(file)]


def with_own(image: bytes, paths: Collection[str], *, where: str) -> bytes:
    """An image in which none of these files is marked as an import.

    Consumers of a module still get a file that it had and now imports from another module.

    Args:
        image: the encoded image, in bytes.
        paths: the files; the image need not have them.
        where: the image's origin, for error messages.

    Raises:
        FieldstoneError: the bytes are no image.
    """
    if not paths:
        return image
    decoded = parse_image(image, where=where)
    taken = [file for file in decoded.file if file.name in paths and is_import(file)]
    for file in taken:
        file.CopyFrom(plain_copy(file))
    return decoded.SerializeToString() if taken else image


def is_import(descriptor: FileDescriptorProto) -> bool:
    """Whether a buf image contains the file only because another one imports it."""
    return any(part.field_number == 1 and bool(part.data) for part in extension_parts(descriptor, BUF_IMAGE_EXTENSION))


def content_digests(image: bytes, own_files: Collection[str], *, where: str) -> dict[str, str]:
    """Path to digest of the compiled files of an image, with comments and positions.

    Args:
        image: the encoded image, in bytes.
        own_files: the paths of the files to digest.
        where: the image's origin, for error messages.

    Raises:
        FieldstoneError: the bytes are no image.
    """
    return {
        file.name: digest_of(plain_copy(file, {"name"}))
        for file in parse_image(image, where=where).file
        if file.name in own_files
    }


def plain_copy(descriptor: FileDescriptorProto, leave_out: Collection[str] = ()) -> FileDescriptorProto:
    """A copy of a compiled file without buf's own extension, and without the fields of these names."""
    bare = descriptor_pb2.FileDescriptorProto()
    for part, value in descriptor.ListFields():
        if part.name in leave_out:
            continue
        if isinstance(value, str | int):
            setattr(bare, part.name, value)
        else:
            getattr(bare, part.name).MergeFrom(value)
    return bare


def digest_of(descriptor: FileDescriptorProto) -> str:
    """SHA-256, in hex, of a compiled file."""
    return hashlib.sha256(descriptor.SerializeToString(deterministic=True)).hexdigest()


def syntax_of(descriptor: FileDescriptorProto) -> str:
    """`proto2`, `proto3` or `edition YEAR`."""
    if descriptor.syntax == "editions":
        name = descriptor_pb2.Edition.Name(descriptor.edition)
        return f"edition {name.removeprefix('EDITION_')}"
    return descriptor.syntax or "proto2"
