"""Files that are loaded into the model on first use.

The names of their declarations are known at once. So a schema lists all its elements, in the order of the image, but
only the elements that a rule inspects are loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from fieldstone.schema.location import Location
from fieldstone.schema.model import Package

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto

    from fieldstone.schema.descriptors.files import Elements

K = TypeVar("K")
E = TypeVar("E")


class LazyFiles:
    """Files that are loaded on first use.

    Args:
        paths: their import paths.
        load: loads the file of a path into the model.
    """

    def __init__(self, paths: Collection[str], load: Callable[[str], Elements]) -> None:
        self.paths = paths
        self._load = load
        self._known: dict[str, Elements] = {}

    def elements(self, path: str) -> Elements:
        """The declarations of one file; always the same objects."""
        if path not in self._known:
            self._known[path] = self._load(path)
        return self._known[path]


class Members(Mapping[K, E]):
    """The elements of one kind in the files of a schema, by key.

    Args:
        paths: each key, with the path of the file that declares the element.
        there: the elements that are loaded already.
        kind: their kind in `Elements`: messages, enums, ...
        files: the files of all other elements.
    """

    def __init__(self, paths: Mapping[K, str], there: Mapping[K, E], kind: str, files: Sequence[LazyFiles]) -> None:
        self._paths = paths
        self._there = there
        self._kind = kind
        self._files = files

    def __getitem__(self, key: K) -> E:
        """The element; its file is loaded on first use."""
        if key in self._there:
            return self._there[key]
        path = self._paths[key]
        elements = next(files.elements(path) for files in self._files if path in files.paths)
        found: E = vars(elements)[self._kind][key]
        return found

    def __contains__(self, key: object) -> bool:
        """Whether a file declares the key; loads no file."""
        return key in self._paths

    def __iter__(self) -> Iterator[K]:
        """The keys, in the order of the image."""
        return iter(self._paths)

    def __len__(self) -> int:
        """The number of elements."""
        return len(self._paths)


def declaring_paths(files: Iterable[FileDescriptorProto]) -> dict[str, dict[Any, str]]:
    """The declaring file of each element: kind as in `Schema`, to key, to path.

    The order is that of loading: a message comes before the types nested in it.
    """
    found: dict[str, dict[Any, str]] = {kind: {} for kind in ("files", "messages", "enums", "services", "extensions")}
    for file in files:
        path = file.name
        found["files"][path] = path
        scope = f"{file.package}." if file.package else ""
        for message in file.message_type:
            _collect(message, scope, path, found)
        found["enums"].update((scope + enum.name, path) for enum in file.enum_type)
        found["services"].update((scope + service.name, path) for service in file.service)
        found["extensions"].update((_key(extension), path) for extension in file.extension)
    return found


def packages_of(files: Iterable[FileDescriptorProto]) -> dict[str, Package]:
    """The packages of files by name, each located at its first file by path."""
    found: dict[str, Package] = {}
    for file in sorted(files, key=lambda file: file.name):
        found.setdefault(file.package, Package(full_name=file.package, location=Location(file.name)))
    return found


def _collect(message: DescriptorProto, scope: str, path: str, found: Mapping[str, dict[Any, str]]) -> None:
    name = scope + message.name
    found["messages"][name] = path
    for nested in message.nested_type:
        if not nested.options.map_entry:
            _collect(nested, f"{name}.", path, found)
    found["enums"].update((f"{name}.{enum.name}", path) for enum in message.enum_type)
    found["extensions"].update((_key(extension), path) for extension in message.extension)


def _key(extension: Any) -> tuple[str, int]:
    return extension.extendee.removeprefix("."), extension.number
