"""An index of an image: the position, package, imports and symbols of each compiled file.

An image is a FileDescriptorSet, a message with one repeated field: its files follow one another,
each after its tag and its length (https://protobuf.dev/programming-guides/encoding/).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import DecodeError
from msgspec import Struct

from fieldstone.cache.buckets import Buckets
from fieldstone.cache.digests import read_known
from fieldstone.cache.store import IMAGES, Store, table_of
from fieldstone.errors import Conflict, Damaged, Unavailable
from fieldstone.incremental.symbols import extensions_of, packages_of, symbols_of
from fieldstone.schema.image.check import require_text

_FILE_TAG = _NAME_TAG = 0x0A
"""The tags of `FileDescriptorSet.file` and of `FileDescriptorProto.name`: field 1, length-delimited."""

_SOURCE_INFO_TAG = 0x4A
"""The tag of `FileDescriptorProto.source_code_info`: field 9, length-delimited."""

_EXTENDED = ".google.protobuf."
"""The prefix of the full names of the option and feature messages (descriptor.proto)."""


class CompiledFile:
    """A compiled file: `content` is an encoded FileDescriptorProto, decoded on demand."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    @cached_property
    def bare(self) -> bytes:
        """Its bytes without comments and positions, which are the larger part.

        Raises:
            DecodeError: the content is not a file.
        """
        return _without_source_info(self.content)

    @cached_property
    def proto(self) -> FileDescriptorProto:
        """The decoded file, without comments and positions; must not be changed.

        Raises:
            DecodeError: the content is not a file.
        """
        return FileDescriptorProto.FromString(self.bare)

    @property
    def imports(self) -> tuple[str, ...]:
        """The paths that it imports, including those of `import option`."""
        return (*self.proto.dependency, *self.proto.option_dependency)

    @property
    def package(self) -> str:
        """Its package."""
        return str(self.proto.package)

    @property
    def header(self) -> tuple[str, bytes]:
        """Its package and its encoded options."""
        return self.package, self.proto.options.SerializeToString()

    @property
    def services(self) -> list[bytes]:
        """Its services, encoded."""
        return [service.SerializeToString() for service in self.proto.service]

    @property
    def extends_options(self) -> bool:
        """Whether it declares custom options or features."""
        return any(extension.extendee.startswith(_EXTENDED) for extension in extensions_of(self.proto))

    def is_called(self, path: str) -> bool:
        """Whether the content is a compiled file with this path."""
        try:
            return bool(self.proto.name == path)
        except DecodeError:
            return False


class Entry(Struct, frozen=True):
    """A compiled file of an image.

    Attributes:
        offset: the position of its first byte in the image.
        size: its length in bytes.
        package: its package.
        imports: the paths that it imports.
    """

    offset: int
    size: int
    package: str
    imports: Sequence[str]


class ImageIndex:
    """The compiled files of an image on disk, by import path.

    Args:
        store: the cache of the index, which is rebuilt if it is not there.
        path: the image's file.
        digest: the digest of its bytes, already verified.

    Raises:
        FieldstoneError: from any method, if the file cannot be read or is not an image.
    """

    def __init__(self, store: Store, path: Path, digest: str) -> None:
        self.path = path
        self._digest = digest
        files, packages, symbols, callers, options = tables_of(digest)
        self._files = Buckets(store, files, lambda: self._contents.entries)
        self._packages = Buckets(store, packages, lambda: self._contents.packages)
        self._symbols = Buckets(store, symbols, lambda: self._contents.symbols)
        self._callers = Buckets(store, callers, lambda: self._contents.callers)
        self._options = Buckets(store, options, lambda: {"": self._contents.options}, parts=1)
        self._known: dict[str, Entry] = {}

    def fill(self) -> None:
        """Build the whole index, unless it is cached."""
        for part in (self._files, self._packages, self._symbols, self._callers, self._options):
            part.fill()

    def find(self, paths: Iterable[str]) -> dict[str, Entry]:
        """The entries of the given files, as far as the image has them."""
        wanted = list(paths)
        rows = self._files.find(path for path in wanted if path not in self._known)
        self._known.update((path, Entry(*row)) for path, row in rows.items())
        return {path: self._known[path] for path in wanted if path in self._known}

    def read(self, paths: Iterable[str]) -> dict[str, CompiledFile]:
        """The given compiled files, as far as the image has them.

        Raises:
            FieldstoneError: the image cannot be read, or was replaced meanwhile.
        """
        entries = self.find(paths)
        found: dict[str, CompiledFile] = {}
        try:
            with self.path.open("rb") as image:
                for path, entry in entries.items():
                    image.seek(entry.offset)
                    found[path] = CompiledFile(image.read(entry.size))
        except OSError as error:
            raise Unavailable(f"cannot read {self.path}: {error.strerror}") from error
        if not all(file.is_called(path) for path, file in found.items()):
            raise Conflict(f"{self.path} changed while it was read", fix="run the command again")
        return found

    def reached(self, paths: Iterable[str]) -> dict[str, Entry]:
        """The entries of the given files and of all their imports, direct or not."""
        found: dict[str, Entry] = {}
        waiting = set(paths)
        while waiting:
            new = self.find(waiting)
            found |= new
            waiting = {path for entry in new.values() for path in entry.imports} - found.keys()
        return found

    def of_package(self, package: str) -> list[str]:
        """The files of a package, sorted."""
        return sorted(self._packages.find([package]).get(package, []))

    def has_packages(self, names: Iterable[str]) -> bool:
        """Whether one of the names is a package or a parent of one."""
        return bool(self._packages.find(names))

    def declaring(self, symbols: Iterable[str]) -> set[str]:
        """The files that declare at least one of the symbols; see `symbols_of`."""
        return {path for paths in self._symbols.find(symbols).values() for path in paths}

    def callers(self, messages: Iterable[str]) -> set[str]:
        """The files with an rpc that takes or returns one of the messages, given by full name."""
        return {path for paths in self._callers.find(messages).values() for path in paths}

    @cached_property
    def of_options(self) -> frozenset[str]:
        """The files that declare custom options, with all their imports: an option may have a type from them."""
        return frozenset(self.reached(self._options.find([""])[""]))

    @cached_property
    def _contents(self) -> _Contents:
        """The contents of the image, read whole."""
        found = _Contents()
        try:
            content = read_known(self.path, self._digest)
            require_text(content, where=str(self.path))
            for path, start, size in _scan(content, str(self.path)):
                found.add(path, CompiledFile(content[start : start + size]), start)
        except DecodeError as error:
            raise Damaged(f"{self.path} is not a compiled image: {error}") from error
        return found


class _Contents:
    """The contents of an image, collected file by file."""

    def __init__(self) -> None:
        self.entries: dict[str, tuple[int, int, str, Sequence[str]]] = {}
        self.packages: defaultdict[str, list[str]] = defaultdict(list)
        self.symbols: defaultdict[str, list[str]] = defaultdict(list)
        self.callers: defaultdict[str, list[str]] = defaultdict(list)
        self.options: list[str] = []

    def add(self, path: str, file: CompiledFile, start: int) -> None:
        self.entries[path] = (start, len(file.content), file.package, file.imports)
        self.packages[file.package].append(path)
        for name in packages_of(file.proto):
            self.packages[name]  # a parent package, which may have no file itself
        for symbol in symbols_of(file.proto):
            self.symbols[symbol].append(path)
        for message in _calls(file.proto):
            self.callers[message].append(path)
        if file.extends_options:
            self.options.append(path)


def tables_of(digest: str) -> tuple[str, str, str, str, str]:
    """The names of the cache tables of an image: files, packages, symbols, callers of messages, custom options."""
    return (
        table_of(f"{IMAGES} files", digest),
        table_of(f"{IMAGES} packages", digest),
        table_of(f"{IMAGES} symbols", digest),
        table_of(f"{IMAGES} callers", digest),
        table_of(f"{IMAGES} options", digest),
    )


def split(image: bytes, *, where: str) -> dict[str, CompiledFile]:
    """The compiled files of an image by import path, in the order of the image.

    Raises:
        FieldstoneError: the bytes are not an image.
    """
    return {path: CompiledFile(image[start : start + size]) for path, start, size in _scan(image, where)}


def importing(paths: Collection[str], imports: Iterable[tuple[str, Iterable[str]]]) -> set[str]:
    """The files that import one of the given files, directly or not.

    Args:
        paths: the given files.
        imports: each file with the paths that it imports; not read if `paths` is empty.
    """
    if not paths:
        return set()
    importers: defaultdict[str, set[str]] = defaultdict(set)
    for importer, imported in imports:
        for path in imported:
            importers[path].add(importer)
    found: set[str] = set()
    waiting = [*paths]
    while waiting:
        new = importers[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def join(files: Iterable[bytes]) -> bytes:
    """An image of encoded files, in the given order."""
    return b"".join(part for content in files for part in (bytes([_FILE_TAG]), _varint(len(content)), content))


def _scan(image: bytes, where: str) -> Iterator[tuple[str, int, int]]:
    """The path of each file, with the position of its first byte and its length."""
    offset = 0
    while offset < len(image):
        try:
            size, start = _decode_varint(image, offset + 1)
            whole = image[offset] == _FILE_TAG and start + size <= len(image)
            path = _name_of(image[start : start + size]) if whole else ""
        except DecodeError:
            whole = False
        if not whole:
            raise Damaged(f"{where} is not a compiled image", fix="build it again with `buf build -o`")
        yield path, start, size
        offset = start + size


def _name_of(content: bytes) -> str:
    """The path of an encoded file: compilers write it as the first field, but any position is valid."""
    if content[:1] == bytes([_NAME_TAG]):
        size, start = _decode_varint(content, 1)
        return content[start : start + size].decode("utf-8", "replace")
    return str(FileDescriptorProto.FromString(content).name)


def _without_source_info(content: bytes) -> bytes:
    """An encoded file without its source_code_info; all other bytes stay the same."""
    kept: list[bytes] = []
    offset = begin = 0
    while offset < len(content):
        tag, value = _decode_varint(content, offset)
        end = _end_of(content, tag, value)
        if tag == _SOURCE_INFO_TAG:
            kept.append(content[begin:offset])
            begin = end
        offset = end
    if offset > len(content):
        raise DecodeError("a field is longer than the file")
    return b"".join([*kept, content[begin:]])


def _end_of(content: bytes, tag: int, start: int) -> int:
    """The end of the field value that begins at `start`; descriptors have no groups (wire types 3 and 4)."""
    match tag & 7:
        case 0:
            return _decode_varint(content, start)[1]
        case 2:
            size, begin = _decode_varint(content, start)
            return begin + size
        case 1 | 5 as kind:
            return start + (8 if kind == 1 else 4)
        case kind:
            raise DecodeError(f"a field has the wire type {kind}")


def _calls(file: FileDescriptorProto) -> set[str]:
    """The full names of the messages that the rpcs of a file take and return."""
    methods = [method for service in file.service for method in service.method]
    return {name.removeprefix(".") for method in methods for name in (method.input_type, method.output_type)}


def _decode_varint(data: bytes, offset: int) -> tuple[int, int]:
    """A varint, and the position after it.

    Raises:
        DecodeError: the bytes end within the varint.
    """
    value = shift = 0
    while True:
        if offset >= len(data):
            raise DecodeError("the bytes end within a number")
        byte = data[offset]
        value |= (byte & 0x7F) << shift
        offset += 1
        if not byte & 0x80:
            return value, offset
        shift += 7


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits per byte
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
