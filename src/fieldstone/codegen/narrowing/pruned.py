"""Compiled files without the declarations that are not kept; their comments stay beside those that are."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2

from fieldstone.codegen.narrowing.declarations import join

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto

Path = tuple[int, ...]
"""The path of an element in its file, as `SourceCodeInfo.Location` has it (descriptor.proto)."""


def pruned(file: FileDescriptorProto, kept: Container[str]) -> FileDescriptorProto:
    """A file with the kept declarations only.

    The numbers and names of the fields that go are reserved, so that nothing can take them. Imports stay.

    Args:
        file: the file.
        kept: the full names of the declarations to keep.
    """
    made = descriptor_pb2.FileDescriptorProto()
    made.CopyFrom(file)
    places = _Places()
    for part in ("message_type", "enum_type", "service", "extension"):
        places.filter(made, part, (), _named(made.package, kept))
    for path, message in places.kept_of(file, made, "message_type", ()):
        _prune_message(message, join(made.package, message.name), kept, places, path)
    for path, service in places.kept_of(file, made, "service", ()):
        places.filter(service, "method", path, _named(join(made.package, service.name), kept))
    places.move(made)
    return made


def _named(scope: str, kept: Container[str]) -> Callable[[int, Any], bool]:
    return lambda _, element: join(scope, element.name) in kept


def _prune_message(message: DescriptorProto, name: str, kept: Container[str], places: _Places, path: Path) -> None:
    before = descriptor_pb2.DescriptorProto()
    before.CopyFrom(message)
    for part in ("field", "nested_type", "enum_type", "extension"):
        places.filter(message, part, path, _named(name, kept))
    _reserve(message, [field for field in before.field if join(name, field.name) not in kept])
    _prune_oneofs(message, places, path)
    for inner, nested in places.kept_of(before, message, "nested_type", path):
        _prune_message(nested, join(name, nested.name), kept, places, inner)


def _prune_oneofs(message: DescriptorProto, places: _Places, path: Path) -> None:
    used = {field.oneof_index for field in message.field if field.HasField("oneof_index")}
    indexes = places.filter(message, "oneof_decl", path, lambda at, _: at in used)
    for field in message.field:
        if field.HasField("oneof_index"):
            field.oneof_index = indexes[field.oneof_index]


def _reserve(message: DescriptorProto, gone: Iterable[Any]) -> None:
    for start, end in _ranges(sorted(field.number for field in gone)):
        message.reserved_range.add(start=start, end=end)
    message.reserved_name.extend(field.name for field in gone)


def _ranges(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Ranges of numbers, each from its first to after its last."""
    start = end = 0
    for number in numbers:
        if number != end:
            if end:
                yield start, end
            start = number
        end = number + 1
    if end:
        yield start, end


class _Places:
    """The new places of elements, for the comments that name them by their places."""

    def __init__(self) -> None:
        self._moved: dict[Path, dict[int, int]] = {}

    def filter(self, element: Any, part: str, path: Path, keep: Callable[[int, Any], bool]) -> dict[int, int]:
        """Keep some elements of a list.

        Args:
            element: what has the list.
            part: its name there.
            path: the path of the element in the file before.
            keep: tells whether to keep one, by its index and itself.

        Returns:
            the old index of each that stays, to its new one.
        """
        listed = getattr(element, part)
        kept = [(index, one) for index, one in enumerate(listed) if keep(index, one)]
        indexes = {old: new for new, (old, _) in enumerate(kept)}
        self._moved[(*path, element.DESCRIPTOR.fields_by_name[part].number)] = indexes
        values = [one for _, one in kept]
        del listed[:]
        listed.extend(values)
        return indexes

    def kept_of(self, before: Any, after: Any, part: str, path: Path) -> Iterator[tuple[Path, Any]]:
        """The elements of a list that stay, with the path that each had."""
        number = before.DESCRIPTOR.fields_by_name[part].number
        for old, new in self._moved[(*path, number)].items():
            yield (*path, number, old), getattr(after, part)[new]

    def move(self, file: FileDescriptorProto) -> None:
        """Give the comments and positions of a file their new places; those of what is gone go."""
        locations = list(file.source_code_info.location)
        del file.source_code_info.location[:]
        for location in locations:
            path = self._new(tuple(location.path))
            if path is not None:
                location.path[:] = path
                file.source_code_info.location.append(location)

    def _new(self, path: Path) -> Path | None:
        """The new path of an element; None for one that is gone."""
        new = list(path)
        for at in range(1, len(path)):
            indexes = self._moved.get(path[:at])
            if indexes is not None:
                if path[at] not in indexes:
                    return None
                new[at] = indexes[path[at]]
        return tuple(new)
