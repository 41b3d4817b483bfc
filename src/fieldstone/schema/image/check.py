"""Checks the consistency of a compiled image: text in UTF-8, indexes in range, types that exist.

protobuf's decoder accepts any message with the right wire types. The compiler never writes what is refused here, but a
damaged or hand-made file may contain it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from fieldstone.errors import Damaged, FieldstoneError

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto

_FIX = "restore it, or build it again with `buf build -o`"
_FIELD = descriptor_pb2.FieldDescriptorProto
_NAMED_TYPES = frozenset({_FIELD.TYPE_MESSAGE, _FIELD.TYPE_GROUP, _FIELD.TYPE_ENUM})
_KEY, _VALUE = 1, 2


def require_text(image: bytes, *, where: str) -> None:
    """Refuse an encoded FileDescriptorSet with a name, comment or other text that is not UTF-8.

    Raises:
        FieldstoneError: there is one.
    """
    try:
        _checked_class().FromString(image)
    except DecodeError as error:
        raise _damaged(where, "a text in it is no UTF-8") from error


def require_whole(files: Iterable[FileDescriptorProto], *, where: str) -> None:
    """Refuse files that cannot be in one image: two with one name, or a cycle of imports.

    Raises:
        FieldstoneError: there are such files.
    """
    imports: dict[str, set[str]] = {}
    for file in files:
        if file.name in imports:
            raise _damaged(where, f"it holds two files {file.name}")
        imports[file.name] = {*file.dependency}
    importers: defaultdict[str, list[str]] = defaultdict(list)
    waiting = {path: needed & imports.keys() for path, needed in imports.items()}
    for path, needed in waiting.items():
        for imported in needed:
            importers[imported].append(path)
    ready = [path for path, needed in waiting.items() if not needed]
    while ready:
        done = ready.pop()
        del waiting[done]
        for importer in importers[done]:
            waiting[importer].discard(done)
            ready += [] if waiting[importer] else [importer]
    if waiting:
        raise _damaged(where, f"its imports form a circle that {min(waiting)} is in, or leads to")


def require_types(files: Iterable[FileDescriptorProto], *, where: str) -> None:
    """Refuse an image that has all its imports, but uses a type that no file declares.

    Raises:
        FieldstoneError: there is such a type.
    """
    every = list(files)
    declared = {name for file in every for name in _declared(file)}
    paths = {file.name for file in every}
    for file in every:
        lost = [] if not paths.issuperset(file.dependency) else [n for n in _used(file) if n not in declared]
        if lost:
            raise _damaged(where, f"{file.name} uses the type {lost[0].removeprefix('.')}, which no file declares")


def require_sound(file: FileDescriptorProto, *, where: str) -> None:
    """Refuse a compiled file whose parts contradict each other.

    Raises:
        FieldstoneError: they do; the error names the first problem.
    """
    fault = next(_faults(file), "")
    if fault:
        raise _damaged(where, f"{file.name}: {fault}")


def _damaged(where: str, fault: str) -> FieldstoneError:
    return Damaged(f"{where} is damaged: {fault}", fix=_FIX)


def _faults(file: FileDescriptorProto) -> Iterator[str]:
    for kind, indexes in (("public", file.public_dependency), ("weak", file.weak_dependency)):
        yield from (f"no import has the index {i} ({kind})" for i in indexes if not 0 <= i < len(file.dependency))
    for message in file.message_type:
        yield from _message_faults(message)
    for extension in file.extension:
        yield from _field_faults(extension, file.package)
    yield from _enum_faults(file)
    yield from (f"a service or an rpc has no name ({s.name})" for s in file.service if not _has_names([s, *s.method]))


def _message_faults(message: DescriptorProto) -> Iterator[str]:
    if not message.name:
        yield "a message has no name"
    numbers: set[int] = set()
    for field in message.field:
        yield from _field_faults(field, message.name)
        if field.HasField("oneof_index") and not 0 <= field.oneof_index < len(message.oneof_decl):
            yield f"field {field.name} of {message.name} is in oneof {field.oneof_index}, which there is not"
        if field.number in numbers:
            yield f"two fields of {message.name} have the number {field.number}"
        numbers.add(field.number)
    if message.options.map_entry and numbers != {_KEY, _VALUE}:
        yield f"{message.name} is the entry of a map without a key or a value"
    for extension in message.extension:
        yield from _field_faults(extension, message.name)
    yield from _enum_faults(message)
    for nested in message.nested_type:
        yield from _message_faults(nested)


def _field_faults(field: FieldDescriptorProto, scope: str) -> Iterator[str]:
    if not field.name or field.number <= 0:
        yield f"field {field.name or field.number} of {scope} has no name or no number"
    is_known = field.HasField("type")  # else a newer protobuf added it
    if is_known and (field.type in _NAMED_TYPES) != bool(field.type_name):
        yield f"the type of field {field.name} of {scope} and its name do not fit"


def _enum_faults(scope: FileDescriptorProto | DescriptorProto) -> Iterator[str]:
    for enum in scope.enum_type:
        if not enum.value or not _has_names([enum, *enum.value]):
            yield f"enum {enum.name} has no values, or one without a name"


def _has_names(elements: Iterable[Any]) -> bool:
    return all(element.name for element in elements)


def _declared(file: FileDescriptorProto) -> Iterator[str]:
    scope = f".{file.package}" if file.package else ""
    yield from (f"{scope}.{enum.name}" for enum in file.enum_type)
    for message in file.message_type:
        yield from _declared_in(message, scope)


def _declared_in(message: DescriptorProto, scope: str) -> Iterator[str]:
    name = f"{scope}.{message.name}"
    yield name
    yield from (f"{name}.{enum.name}" for enum in message.enum_type)
    for nested in message.nested_type:
        yield from _declared_in(nested, name)


def _used(file: FileDescriptorProto) -> Iterator[str]:
    for service in file.service:
        for method in service.method:
            yield from (method.input_type, method.output_type)
    yield from _used_by(file.extension)
    for message in file.message_type:
        yield from _used_in(message)


def _used_in(message: DescriptorProto) -> Iterator[str]:
    yield from _used_by(message.field)
    yield from _used_by(message.extension)
    for nested in message.nested_type:
        yield from _used_in(nested)


def _used_by(fields: Iterable[FieldDescriptorProto]) -> Iterator[str]:
    for field in fields:
        yield from filter(None, (field.type_name, field.extendee))


@cache
def _checked_class() -> Any:
    """`FileDescriptorSet` whose decoder refuses text that is not UTF-8, as edition 2023 does and proto2 does not."""
    file = descriptor_pb2.FileDescriptorProto()
    descriptor_pb2.DESCRIPTOR.CopyToProto(file)
    file.syntax, file.edition = "editions", descriptor_pb2.EDITION_2023
    for message in file.message_type:
        _modernise(message)
    _close_enums(file)
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("google.protobuf.FileDescriptorSet"))


def _modernise(message: DescriptorProto) -> None:
    """Remove from a proto2 message all that an edition cannot express; none of it is text."""
    for field in message.field:
        field.options.ClearField("packed")
        if field.label == _FIELD.LABEL_REQUIRED:
            field.label = _FIELD.LABEL_OPTIONAL
    for nested in message.nested_type:
        _modernise(nested)
    _close_enums(message)


def _close_enums(scope: FileDescriptorProto | DescriptorProto) -> None:
    for enum in scope.enum_type:
        enum.options.features.enum_type = descriptor_pb2.FeatureSet.CLOSED
