"""Adds deprecations and sunsets to the comments of a compiled image, where people read them.

Every generator of protobuf code makes comments into the docstrings of its language.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fieldstone.schema.image import parse_image
from fieldstone.schema.lifecycle import Lifecycle, decode_lifecycle

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

_PARTS = ("message_type", "enum_type", "service", "extension", "nested_type", "field", "value", "method")
"""The fields of the descriptors of files, messages, enums and services that hold elements with options."""


def with_deprecations(image: bytes, *, where: str) -> bytes:
    """A compiled image in which the comment of each deprecated element ends in what `deprecation` says of it.

    Args:
        image: the encoded image, in bytes, with the annotations that tell since when and until when.
        where: the image's origin, for error messages.

    Raises:
        FieldstoneError: the bytes are no image.
    """
    decoded = parse_image(image, where=where)
    for file in decoded.file:
        ends = {path: deprecation(life) for path, life in _lifecycles(file, ()) if life.deprecated}
        if ends:
            _append_to_comments(file, ends)
    return decoded.SerializeToString()


def deprecation(lifecycle: Lifecycle) -> str:
    """One line for people: "Deprecated since 1.2.0. Sunset: 2027-12-31."; who owns the element stays at home."""
    since = f" since {lifecycle.deprecated_since}" if lifecycle.deprecated_since else ""
    sunset = f" Sunset: {lifecycle.sunset}." if lifecycle.sunset else ""
    return f"Deprecated{since}.{sunset}"


def _lifecycles(element: Any, path: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Lifecycle]]:
    """The path of each element below one, as `SourceCodeInfo` has it (descriptor.proto), and its lifecycle."""
    for name in _PARTS:
        part = element.DESCRIPTOR.fields_by_name.get(name)
        for index, child in enumerate(getattr(element, name) if part is not None else ()):
            location = (*path, part.number, index)
            yield location, decode_lifecycle(child.options)
            yield from _lifecycles(child, location)


def _append_to_comments(file: FileDescriptorProto, ends: dict[tuple[int, ...], str]) -> None:
    locations = {tuple(location.path): location for location in file.source_code_info.location}
    for path, text in ends.items():
        location = locations.get(path) or file.source_code_info.location.add(path=path, span=(0, 0, 0))
        before = f"{location.leading_comments.rstrip()}\n\n" if location.leading_comments.strip() else ""
        location.leading_comments = f"{before} {text}\n"
