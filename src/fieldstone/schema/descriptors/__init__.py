"""Loads a compiled image into the model: all of it, or only what differs between two images."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2

from fieldstone.schema.descriptors.files import Elements, FileLoader
from fieldstone.schema.descriptors.lazy_files import LazyFiles, Members, declaring_paths, packages_of
from fieldstone.schema.image import is_import, parse_image
from fieldstone.schema.image.check import require_sound, require_types
from fieldstone.schema.model import Schema
from fieldstone.schema.options import OptionDecoder

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FileDescriptorProto


Each = Callable[[Collection[Any]], Iterable[Any]]
"""Passes on items one by one, so that a caller can count them."""


def load_schema(
    image: bytes,
    *,
    where: str,
    own_files: Collection[str] | None = None,
    with_imports: bool = False,
    each: Each = iter,
) -> Schema:
    """Load a compiled image into the model.

    Args:
        image: the encoded image, in bytes.
        where: the image's origin, for error messages.
        own_files: the paths of the module's own files; by default every file that the image does not mark as an import.
        with_imports: whether imported files are loaded as well, without their storage annotations, which belong to
            other modules.
        each: passes on the files one by one.

    Raises:
        FieldstoneError: the bytes are no image, or a damaged one.
    """
    loader = ImageLoader(image, where=where)
    require_types(loader.files, where=where)
    found = Elements()
    imports: list[FileDescriptorProto] = []
    for descriptor in each(loader.files):
        own = not is_import(descriptor) if own_files is None else descriptor.name in own_files
        if own or with_imports:
            loader.load(descriptor, found, storage=own)
        else:
            imports.append(descriptor)
    return Schema(**vars(found), imported=cache(lambda: loader.load_imports(imports)))


def load_imports(image: bytes, *, where: str, besides: Collection[str]) -> Schema:
    """The messages and enums of all files of an image except the module's own, loaded on first use.

    Args:
        image: the encoded image, in bytes.
        where: the image's origin, for error messages.
        besides: the paths of the module's own files.

    Raises:
        FieldstoneError: the bytes are no image.
    """
    loader = ImageLoader(image, where=where)
    return loader.load_imports([file for file in loader.files if file.name not in besides])


class ImageLoader:
    """Loads files of one image, which defines the enums and custom options that they use.

    Args:
        image: the encoded image, in bytes.
        where: the image's origin, for error messages.

    Raises:
        FieldstoneError: the bytes are no image.
    """

    def __init__(self, image: bytes, *, where: str) -> None:
        decoded = parse_image(image, where=where)
        self.files: Collection[FileDescriptorProto] = decoded.file
        self._where = where
        self._enums = dict(_enums(self.files))
        self._options = OptionDecoder(decoded)

    def load(
        self, descriptor: FileDescriptorProto, found: Elements, *, storage: bool = True, besides: Collection[str] = ()
    ) -> None:
        """Collect the declarations of a file.

        Args:
            descriptor: the file.
            found: receives the declarations.
            storage: whether storage annotations are decoded, too.
            besides: the top-level messages, enums and services to leave out.

        Raises:
            FieldstoneError: the parts of the file contradict each other.
        """
        require_sound(descriptor, where=self._where)
        loader = FileLoader(descriptor, found, self._enums, self._options, storage=storage, besides=besides)
        found.files[descriptor.name] = loader.load()

    def load_imports(self, files: Collection[FileDescriptorProto]) -> Schema:
        """The messages and enums of some files, loaded on first use."""
        by_path = {file.name: file for file in files}
        lazily = LazyFiles(by_path.keys(), lambda path: self._load_all(by_path[path], storage=False))
        paths = declaring_paths(files)
        return Schema(
            messages=Members(paths["messages"], {}, "messages", [lazily]),
            enums=Members(paths["enums"], {}, "enums", [lazily]),
        )

    def lazily(self, contents: Mapping[str, bytes]) -> LazyFiles:
        """Files that are loaded on first use: path to encoded FileDescriptorProto, with its positions."""
        return LazyFiles(
            contents.keys(), lambda path: self._load_all(descriptor_pb2.FileDescriptorProto.FromString(contents[path]))
        )

    def load_changed(
        self,
        changed: Mapping[str, Collection[str]],
        shared: LazyFiles,
        imported: Callable[[], Schema],
        located: Mapping[str, bytes] | None = None,
    ) -> Schema:
        """The schema of the module's own files: those that can differ from another schema, and the unchanged ones.

        Args:
            changed: the paths of files that can differ, each with its unchanged top-level declarations.
            shared: the unchanged files.
            imported: gives the schema of imported modules.
            located: the encoded files that can differ, if the image lacks their positions.
        """
        decode, located = descriptor_pb2.FileDescriptorProto.FromString, located or {}
        mine = {
            file.name: decode(located[file.name]) if file.name in located else file
            for file in self.files
            if file.name in changed
        }
        found = Elements()
        for path, descriptor in mine.items():
            self.load(descriptor, found, besides=changed[path])
        rest = LazyFiles(mine.keys(), lambda path: self._load_all(mine[path]))
        own = [file for file in self.files if file.name in mine or file.name in shared.paths]
        members = {
            kind: Members(paths, vars(found)[kind], kind, (shared, rest))
            for kind, paths in declaring_paths(own).items()
        }
        unchanged = packages_of(file for file in own if file.name in shared.paths)
        return Schema(**members, changed=Schema(**vars(found)), unchanged=unchanged, imported=cache(imported))

    def _load_all(self, descriptor: FileDescriptorProto, *, storage: bool = True) -> Elements:
        found = Elements()
        self.load(descriptor, found, storage=storage)
        return found


def _enums(files: Iterable[FileDescriptorProto]) -> Iterator[tuple[str, EnumDescriptorProto]]:
    """Every enum of the files by full name."""
    for file in files:
        yield from ((_join(file.package, enum.name), enum) for enum in file.enum_type)
        yield from _nested_enums(file.message_type, file.package)


def _nested_enums(messages: Iterable[DescriptorProto], scope: str) -> Iterator[tuple[str, EnumDescriptorProto]]:
    for message in messages:
        full_name = _join(scope, message.name)
        yield from ((_join(full_name, enum.name), enum) for enum in message.enum_type)
        yield from _nested_enums(message.nested_type, full_name)


def _join(scope: str, name: str) -> str:
    return f"{scope}.{name}" if scope else name
