"""A compiled release -> the same with the declared elements only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from msgspec import Struct

from fieldstone.codegen.narrowing.declarations import Declarations
from fieldstone.codegen.narrowing.kept import kept
from fieldstone.codegen.narrowing.pruned import pruned
from fieldstone.codegen.vocabulary import drop_imports, types_of

_OPTIONS = ".google.protobuf.", "Options"
"""The beginning and the end of the names of the messages that custom options extend (descriptor.proto)."""


class Narrowed(Struct, frozen=True):
    """A narrowed release.

    Attributes:
        image: its files and all that they import, compiled, in bytes.
        files: the import paths of its own files that something is left of.
        elements: the full names of all messages, fields and rpcs of these files.
        enums: those of their enums, which have all their values.
        partial: those of their messages that lack a field or an extension: JSON of them loses it.
    """

    image: bytes
    files: tuple[str, ...]
    elements: tuple[str, ...]
    enums: tuple[str, ...]
    partial: tuple[str, ...] = ()


def narrowed(
    image: FileDescriptorSet, own_files: Collection[str], elements: Collection[str], wholes: Collection[str]
) -> Narrowed:
    """The narrowed form of a release.

    What is declared stays, with what it needs: the messages around it, the types of fields without their fields, all
    members of a oneof, enums with all values, required fields, the page tokens and the items of an rpc that is read by
    pages, and custom options. Files of other modules stay whole.

    Args:
        image: its files and all that they import.
        own_files: the import paths of its own files.
        elements: the full names of declared elements; of a message, without its fields.
        wholes: those of messages with all their fields, at any depth.
    """
    own = {file.name: file for file in image.file if file.name in own_files}
    declarations = Declarations.of(own.values())
    names = kept(declarations, elements, wholes)
    files = _files(own, declarations, names)
    options = list(_custom_options(own, declarations, files))
    if options:
        names = kept(declarations, [*elements, *options], [*wholes, *_messages_of(declarations, options)])
        files = _files(own, declarations, names)
    parts = {path: pruned(own[path], names) for path in files}
    others = {file.name: file for file in image.file if file.name not in own}
    reached = _with_needed_imports({**others, **parts}, files, own.keys() - parts.keys())
    narrow = FileDescriptorSet(file=[reached[file.name] for file in image.file if file.name in reached])
    left = Declarations.of(parts.values())
    enums = sorted(left.enums)
    elements = sorted(name for name in left.names if name not in left.enums and left.scopes.get(name) not in left.enums)
    return Narrowed(
        image=narrow.SerializeToString(),
        files=tuple(files),
        elements=tuple(elements),
        enums=tuple(enums),
        partial=tuple(sorted(name for name in left.messages if _size(left, name) < _size(declarations, name))),
    )


def _size(declarations: Declarations, message: str) -> int:
    """The number of fields and extensions of a message."""
    return len(declarations.messages[message].field) + len(declarations.extended.get(message, ()))


def _files(own: Mapping[str, FileDescriptorProto], declarations: Declarations, names: Collection[str]) -> list[str]:
    """The own files that something is left of, and those that make one of these visible (`import public`)."""
    found = {declarations.files[name] for name in names if name in declarations.files}
    for _ in own:
        public = {path for path, file in own.items() if not found.isdisjoint(_public(file))}
        if public <= found:
            break
        found |= public
    return sorted(found)


def _public(file: FileDescriptorProto) -> list[str]:
    return [file.dependency[index] for index in file.public_dependency]


def _custom_options(
    own: Mapping[str, FileDescriptorProto], declarations: Declarations, files: Iterable[str]
) -> Iterator[str]:
    """The custom options that the release itself defines, and that files with something left may set."""
    reached: set[str] = set()
    waiting = list(files)
    while waiting:
        path = waiting.pop()
        if path in own and path not in reached:
            reached.add(path)
            waiting += [*own[path].dependency, *own[path].option_dependency]
    for extendee, extensions in declarations.extended.items():
        if _is_options(f".{extendee}"):
            yield from (name for name in extensions if declarations.files[name] in reached)


def _messages_of(declarations: Declarations, fields: Iterable[str]) -> list[str]:
    return [declarations.fields[name].type_name.removeprefix(".") for name in fields]


def _is_options(extendee: str) -> bool:
    return extendee.startswith(_OPTIONS[0]) and extendee.endswith(_OPTIONS[1])


def _with_needed_imports(
    files: Mapping[str, FileDescriptorProto], roots: Collection[str], gone: Collection[str]
) -> dict[str, FileDescriptorProto]:
    """The roots and all that they import; they themselves without the imports that nothing in them needs."""
    found: dict[str, FileDescriptorProto] = {}
    visible = _Visible(files)
    waiting = list(roots)
    while waiting:
        path = waiting.pop()
        if path not in found and path in files:
            file = found[path] = files[path]
            if path in roots:
                drop_imports(file, {*gone, *visible.unneeded(file)})
            waiting += [*file.dependency, *file.option_dependency]
    return found


class _Visible:
    """The types and custom options that a file makes visible to its importers, itself or by public imports."""

    def __init__(self, files: Mapping[str, FileDescriptorProto]) -> None:
        self._files = files
        self._declared: dict[str, Declarations] = {}

    def unneeded(self, file: FileDescriptorProto) -> Iterator[str]:
        """The imports of a file of which it uses no type, and that have no custom options."""
        used = {name.removeprefix(".") for name in types_of(file)}
        for imported in set(file.dependency) - set(_public(file)):
            declared = [self._of(path) for path in self._through(imported)]
            has_options = any(_is_options(f".{extendee}") for one in declared for extendee in one.extended)
            if not has_options and all(used.isdisjoint(one.files) for one in declared):
                yield imported

    def _through(self, path: str) -> set[str]:
        found: set[str] = set()
        waiting = [path]
        while waiting:
            name = waiting.pop()
            if name in self._files and name not in found:
                found.add(name)
                waiting += _public(self._files[name])
        return found

    def _of(self, path: str) -> Declarations:
        if path not in self._declared:
            self._declared[path] = Declarations.of([self._files[path]])
        return self._declared[path]
