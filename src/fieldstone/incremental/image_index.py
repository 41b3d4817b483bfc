"""The compiled files of an image one by one: where each lies, and what there is to know of it without reading it.

An image is a FileDescriptorSet, a message with one repeated field: its files stand in it one after the
other, each behind its tag and its length (https://protobuf.dev/programming-guides/encoding/).
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
from fieldstone.errors import FieldstoneError
from fieldstone.incremental.symbols import extensions_of, packages_of, symbols_of
from fieldstone.schema.image.check import require_text

_FILE_TAG = _NAME_TAG = 0x0A
"""The tags of `FileDescriptorSet.file` and of `FileDescriptorProto.name`: field 1, with a length."""

_PLACES_TAG = 0x4A
"""That of `FileDescriptorProto.source_code_info`: field 9, with a length."""

_EXTENDED = ".google.protobuf."
"""What the full names of the messages begin with that hold options and features (descriptor.proto)."""


class CompiledFile:
    """A compiled file: `content` is an encoded FileDescriptorProto, which is read when something in it is asked for."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    @cached_property
    def bare(self) -> bytes:
        """Its bytes without comments and positions, which are most of them.

        Raises:
            DecodeError: it is no file.
        """
        return _without_places(self.content)

    @cached_property
    def proto(self) -> FileDescriptorProto:
        """The file decoded, without comments and positions; not to be changed.

        Raises:
            DecodeError: it is no file.
        """
        return FileDescriptorProto.FromString(self.bare)

    @property
    def imports(self) -> tuple[str, ...]:
        """The paths that it imports, for its options alone too (`import option`)."""
        return (*self.proto.dependency, *self.proto.option_dependency)

    @property
    def package(self) -> str:
        """Its package."""
        return str(self.proto.package)

    @property
    def header(self) -> tuple[str, bytes]:
        """Its package and its options, which are encoded."""
        return self.package, self.proto.options.SerializeToString()

    @property
    def services(self) -> list[bytes]:
        """Its services, encoded."""
        return [service.SerializeToString() for service in self.proto.service]

    @property
    def extends_options(self) -> bool:
        """Whether it declares custom options, or features."""
        return any(extension.extendee.startswith(_EXTENDED) for extension in extensions_of(self.proto))

    def is_called(self, path: str) -> bool:
        """Whether this is a compiled file, and that of a path."""
        try:
            return bool(self.proto.name == path)
        except DecodeError:
            return False


class Entry(Struct, frozen=True):
    """A compiled file of an image.

    Attributes:
        offset: where its bytes begin in the image; `size`: how many they are.
        package: its package.
        imports: the paths that it imports.
    """

    offset: int
    size: int
    package: str
    imports: Sequence[str]


class ImageIndex:
    """The files of an image on the disk, by import path.

    Args:
        store: where the index is kept; it is made anew where that does not have it.
        path: the image's file.
        digest: the digest of its bytes, which it was found to have.

    Raises:
        FieldstoneError: from any method, where the image cannot be read, or is none.
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
        """Have all of the index made, if it was not."""
        for part in (self._files, self._packages, self._symbols, self._callers, self._options):
            part.fill()

    def find(self, paths: Iterable[str]) -> dict[str, Entry]:
        """The entries of those of these files that the image has."""
        wanted = list(paths)
        rows = self._files.find(path for path in wanted if path not in self._known)
        self._known.update((path, Entry(*row)) for path, row in rows.items())
        return {path: self._known[path] for path in wanted if path in self._known}

    def read(self, paths: Iterable[str]) -> dict[str, CompiledFile]:
        """Those of these files that the image has.

        Raises:
            FieldstoneError: the image cannot be read, or is another one by now.
        """
        entries = self.find(paths)
        found: dict[str, CompiledFile] = {}
        try:
            with self.path.open("rb") as image:
                for path, entry in entries.items():
                    image.seek(entry.offset)
                    found[path] = CompiledFile(image.read(entry.size))
        except OSError as error:
            raise FieldstoneError(f"cannot read {self.path}: {error.strerror}") from error
        if not all(file.is_called(path) for path, file in found.items()):
            raise FieldstoneError(f"{self.path} changed while it was read", fix="run the command again")
        return found

    def reached(self, paths: Iterable[str]) -> dict[str, Entry]:
        """The entries of these files and of all that they import."""
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
        """Whether one of these names is that of a package, or the beginning of one."""
        return bool(self._packages.find(names))

    def declaring(self, symbols: Iterable[str]) -> set[str]:
        """The files that declare some of these; see `symbols_of`."""
        return {path for paths in self._symbols.find(symbols).values() for path in paths}

    def callers(self, messages: Iterable[str]) -> set[str]:
        """The files with an rpc that takes or gives one of these messages, given by full name."""
        return {path for paths in self._callers.find(messages).values() for path in paths}

    @cached_property
    def of_options(self) -> frozenset[str]:
        """The files that declare custom options, and all that these import: a type in them may be that of an option."""
        return frozenset(self.reached(self._options.find([""])[""]))

    @cached_property
    def _contents(self) -> _Contents:
        """What the image has, read whole."""
        found = _Contents()
        try:
            content = read_known(self.path, self._digest)
            require_text(content, where=str(self.path))
            for path, start, size in _scan(content, str(self.path)):
                found.add(path, CompiledFile(content[start : start + size]), start)
        except DecodeError as error:
            raise FieldstoneError(f"{self.path} is not a compiled image: {error}") from error
        return found


class _Contents:
    """What there is to know of an image, as it is read."""

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
            self.packages[name]  # which begins others, and may have no file itself
        for symbol in symbols_of(file.proto):
            self.symbols[symbol].append(path)
        for message in _calls(file.proto):
            self.callers[message].append(path)
        if file.extends_options:
            self.options.append(path)


def tables_of(digest: str) -> tuple[str, str, str, str, str]:
    """The names of the tables of an image: files, packages, symbols, who calls its messages, its custom options."""
    return (
        table_of(f"{IMAGES} files", digest),
        table_of(f"{IMAGES} packages", digest),
        table_of(f"{IMAGES} symbols", digest),
        table_of(f"{IMAGES} callers", digest),
        table_of(f"{IMAGES} options", digest),
    )


def split(image: bytes, *, where: str) -> dict[str, CompiledFile]:
    """Each file of an image, by import path, in their order.

    Raises:
        FieldstoneError: the bytes are no image.
    """
    return {path: CompiledFile(image[start : start + size]) for path, start, size in _scan(image, where)}


def importing(paths: Collection[str], imports: Iterable[tuple[str, Iterable[str]]]) -> set[str]:
    """The files that import some of these, directly or not.

    Args:
        paths: these files.
        imports: each file with the paths that it imports; not looked at where there are no `paths`.
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
    """An image of encoded files, in their order."""
    return b"".join(part for content in files for part in (bytes([_FILE_TAG]), _varint(len(content)), content))


def _scan(image: bytes, where: str) -> Iterator[tuple[str, int, int]]:
    """The path of each file, where its bytes begin, and how many they are."""
    place = 0
    while place < len(image):
        try:
            size, start = _read_varint(image, place + 1)
            whole = image[place] == _FILE_TAG and start + size <= len(image)
            path = _name_of(image[start : start + size]) if whole else ""
        except DecodeError:
            whole = False
        if not whole:
            raise FieldstoneError(f"{where} is not a compiled image", fix="build it again with `buf build -o`")
        yield path, start, size
        place = start + size


def _name_of(content: bytes) -> str:
    """The path of an encoded file: its first field, as every compiler writes it, or wherever it stands."""
    if content[:1] == bytes([_NAME_TAG]):
        size, start = _read_varint(content, 1)
        return content[start : start + size].decode("utf-8", "replace")
    return str(FileDescriptorProto.FromString(content).name)


def _without_places(content: bytes) -> bytes:
    """An encoded file without its source_code_info, the rest of it as it was, to the byte."""
    kept: list[bytes] = []
    place = begin = 0
    while place < len(content):
        tag, value = _read_varint(content, place)
        end = _end_of(content, tag, value)
        if tag == _PLACES_TAG:
            kept.append(content[begin:place])
            begin = end
        place = end
    if place > len(content):
        raise DecodeError("a field is longer than the file")
    return b"".join([*kept, content[begin:]])


def _end_of(content: bytes, tag: int, start: int) -> int:
    """Where the value of a field ends that begins at `start`; no file has groups, whose wire types are 3 and 4."""
    match tag & 7:
        case 0:
            return _read_varint(content, start)[1]
        case 2:
            size, begin = _read_varint(content, start)
            return begin + size
        case 1 | 5 as kind:
            return start + (8 if kind == 1 else 4)
        case kind:
            raise DecodeError(f"a field has the wire type {kind}")


def _calls(file: FileDescriptorProto) -> set[str]:
    """The full names of the messages that the rpcs of a file take and give."""
    methods = [method for service in file.service for method in service.method]
    return {name.removeprefix(".") for method in methods for name in (method.input_type, method.output_type)}


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    """A number, and where the bytes after it begin.

    Raises:
        DecodeError: the bytes end before it does.
    """
    value = shift = 0
    while True:
        if place >= len(data):
            raise DecodeError("the bytes end within a number")
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
