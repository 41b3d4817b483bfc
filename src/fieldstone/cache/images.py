"""The compiled files of an image one by one: where each lies, and what there is to know of it without reading it.

An image is a FileDescriptorSet, a message with one repeated field: its files stand in it one after the
other, each behind its tag and its length (https://protobuf.dev/programming-guides/encoding/).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldstone.cache.digests import read_known
from fieldstone.cache.store import Store
from fieldstone.errors import FieldstoneError

_TABLE = "images"
_FILE_TAG = 0x0A
"""The tag of `FileDescriptorSet.file`: field 1, with a length."""

_OPTIONS = (".google.protobuf.", "Options")
"""What the full names of the messages that hold options begin and end with (descriptor.proto)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A compiled file of an image.

    Attributes:
        offset: where its bytes begin in the image; `size`: how many they are.
        package: its package.
        imports: the paths that it imports.
        extends_options: whether it declares custom options.
    """

    offset: int
    size: int
    package: str
    imports: tuple[str, ...]
    extends_options: bool


class ImageIndex:
    """The files of an image on the disk, by import path."""

    def __init__(self, path: Path, entries: Mapping[str, Entry]) -> None:
        self.path = path
        self.entries = entries

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """The bytes of some of its files, each a FileDescriptorProto.

        Raises:
            FieldstoneError: the image cannot be read, or is another one by now.
        """
        found: dict[str, bytes] = {}
        try:
            with self.path.open("rb") as image:
                for name in names:
                    entry = self.entries[name]
                    image.seek(entry.offset)
                    found[name] = image.read(entry.size)
        except OSError as error:
            raise FieldstoneError(f"cannot read {self.path}: {error.strerror}") from error
        if not all(_is_called(name, content) for name, content in found.items()):
            raise FieldstoneError(f"{self.path} changed while it was read", fix="restore it from git")
        return found


def image_index(store: Store, path: Path, digest: str) -> ImageIndex:
    """The index of an image, made anew where the cache does not have it.

    Args:
        store: where it is kept.
        path: the image's file.
        digest: the digest of its bytes, which it was found to have.

    Raises:
        FieldstoneError: the image cannot be read, or is none.
    """
    entries = _from_json(store.get(_TABLE, digest))
    if entries is None:
        entries = dict(_scan(read_known(path, digest), str(path)))
        rows = {name: [e.offset, e.size, e.package, list(e.imports), e.extends_options] for name, e in entries.items()}
        store.put(_TABLE, {digest: json.dumps(rows, separators=(",", ":")).encode()})
    return ImageIndex(path, entries)


def split(image: bytes, *, where: str) -> dict[str, bytes]:
    """The bytes of each file of an image, by import path, in their order.

    Raises:
        FieldstoneError: the bytes are no image.
    """
    return {name: image[entry.offset : entry.offset + entry.size] for name, entry in _scan(image, where)}


def imports_of(content: bytes) -> list[str]:
    """The paths that a compiled file imports."""
    return list(_parse(content).dependency)


def package_of(content: bytes) -> str:
    """The package of a compiled file."""
    return str(_parse(content).package)


def header_of(content: bytes | None) -> tuple[str, bytes] | None:
    """The package and the options of a compiled file; None where there is no file."""
    if content is None:
        return None
    file = _parse(content)
    return str(file.package), file.options.SerializeToString()


def services_of(content: bytes | None) -> list[bytes]:
    """The services of a compiled file, encoded; none where there is no file."""
    return [service.SerializeToString() for service in _parse(content).service] if content is not None else []


def _parse(content: bytes) -> Any:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

    return FileDescriptorProto.FromString(content)


def _is_called(name: str, content: bytes) -> bool:
    """Whether this is a compiled file of that name."""
    from google.protobuf.message import DecodeError

    try:
        return bool(_parse(content).name == name)
    except DecodeError:
        return False


def join(files: Mapping[str, bytes]) -> bytes:
    """An image of compiled files, in their order."""
    return b"".join(bytes([_FILE_TAG]) + _varint(len(content)) + content for content in files.values())


def _from_json(text: bytes | None) -> dict[str, Entry] | None:
    if text is None:
        return None
    try:
        rows: dict[str, Any] = json.loads(text)
        return {name: Entry(row[0], row[1], row[2], tuple(row[3]), row[4]) for name, row in rows.items()}
    except (ValueError, TypeError, LookupError, AttributeError):
        return None


def _scan(image: bytes, where: str) -> Iterator[tuple[str, Entry]]:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto
    from google.protobuf.message import DecodeError

    place = 0
    while place < len(image):
        try:
            size, start = _read_varint(image, place + 1)
            file = FileDescriptorProto.FromString(image[start : start + size])
            whole = image[place] == _FILE_TAG and start + size <= len(image)
        except (DecodeError, IndexError):
            whole = False
        if not whole:
            raise FieldstoneError(f"{where} is not a compiled image", fix="build it again with `buf build -o`")
        yield file.name, Entry(start, size, file.package, tuple(file.dependency), _extends_options(file))
        place = start + size


def _extends_options(file: Any) -> bool:
    declared = [*file.extension, *(e for message in file.message_type for e in _nested_extensions(message))]
    return any(e.extendee.startswith(_OPTIONS[0]) and e.extendee.endswith(_OPTIONS[1]) for e in declared)


def _nested_extensions(message: Any) -> Iterator[Any]:
    yield from message.extension
    for nested in message.nested_type:
        yield from _nested_extensions(nested)


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    """A number, and where the bytes after it begin."""
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if not byte & 0x80:
            return value, place
        shift += 7


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
