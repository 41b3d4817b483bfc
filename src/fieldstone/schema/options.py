"""Custom options: annotations of a schema's elements by extensions of `google.protobuf.*Options`.

An image that uses an option also contains the extension that defines it, so its value can be decoded without generated
code. Rules read Fieldstone's own annotations elsewhere, so these are left out unless they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import DescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from msgspec import Struct

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

OWN = "fieldstone.v1."
"""The package of Fieldstone's annotations, with a trailing dot."""

_TIMES = frozenset({"google.protobuf.Duration", "google.protobuf.Timestamp"})
_NANOSECONDS = 10**9

Value = bool | int | float | str | tuple[bool | int | float | str, ...]
"""A value inside an option: enums are names, bytes are text with escapes, times are nanoseconds."""


class Option(Struct, frozen=True):
    """The value of an option.

    Attributes:
        text: the value in protobuf's text format, on one line.
        parts: every value inside, by its path (`string.min_len`, `cel[0].expression`); the path is empty if the option
            is no message.
    """

    text: str
    parts: Mapping[str, Value] = {}


NONE: Mapping[str, Option] = {}
"""No custom options."""


class OptionDecoder:
    """Decodes the options of the elements of one image.

    Args:
        image: the image.
        with_own: whether Fieldstone's own annotations are decoded, too.
    """

    def __init__(self, image: FileDescriptorSet, *, with_own: bool = False) -> None:
        self._classes: dict[str, type[Any]] = {}
        self._pool: DescriptorPool | None = None
        self._left_out = () if with_own else (OWN,)
        defining = [f for f in image.file if f"{f.package}." not in self._left_out and _defines_options(f)]
        if defining:
            self._pool = _pool_of(defining, image)

    def decode(self, element: Any) -> Mapping[str, Option]:
        """The custom options of an element's descriptor by full name, except those that the image does not define."""
        if self._pool is None or not element.HasField("options"):
            return NONE
        try:
            options = self._class_of(element.options.DESCRIPTOR.full_name).FromString(
                element.options.SerializeToString()
            )
        except (KeyError, DecodeError):
            return NONE
        return {
            extension.full_name: _option(extension, value)
            for extension, value in options.ListFields()
            if extension.is_extension and not extension.full_name.startswith(self._left_out)
        }

    def _class_of(self, name: str) -> type[Any]:
        if name not in self._classes and self._pool is not None:
            self._classes[name] = GetMessageClass(self._pool.FindMessageTypeByName(name))
        return self._classes[name]


def _defines_options(file: FileDescriptorProto) -> bool:
    if not file.dependency:  # an option's file imports descriptor.proto
        return False
    return any(name.startswith(".google.protobuf.") and name.endswith("Options") for name in _extended(file))


def _extended(scope: FileDescriptorProto | DescriptorProto) -> Iterator[str]:
    yield from (extension.extendee for extension in scope.extension)
    for message in scope.nested_type if isinstance(scope, DescriptorProto) else scope.message_type:
        yield from _extended(message)


def _pool_of(wanted: list[FileDescriptorProto], image: FileDescriptorSet) -> DescriptorPool:
    """A pool of files and their imports, in the order of the image; unusable files are left out."""
    files = {file.name: file for file in image.file}
    needed: set[str] = set()
    waiting = [file.name for file in wanted]
    while waiting:
        name = waiting.pop()
        if name in files and name not in needed:
            needed.add(name)
            waiting += files[name].dependency
    pool = DescriptorPool()
    for file in image.file:
        if file.name in needed:
            with suppress(TypeError):  # from a newer edition, or without its imports
                pool.AddSerializedFile(file.SerializeToString())
    return pool


def _option(extension: Any, value: Any) -> Option:
    return Option(option_text(extension, value), dict(_parts(extension, value, "")))


def option_text(descriptor: Any, value: Any) -> str:
    """The value of a field of an options message in text format; several values in brackets."""
    if descriptor.is_repeated:
        return f"[{', '.join(_one_text(descriptor, item) for item in value)}]"
    return _one_text(descriptor, value)


def _one_text(descriptor: Any, value: Any) -> str:
    if descriptor.message_type is not None:
        return str(text_format.MessageToString(value, as_utf8=True, as_one_line=True))
    out = text_format.TextWriter(as_utf8=True)
    text_format.PrintFieldValue(descriptor, value, out, as_utf8=True)
    return str(out.getvalue())


def _parts(descriptor: Any, value: Any, path: str) -> Iterator[tuple[str, Value]]:
    is_message = descriptor.message_type is not None
    if not descriptor.is_repeated:
        yield from _inside(value, path) if is_message else [(path, _value(descriptor, value))]
    elif is_message and descriptor.message_type.GetOptions().map_entry:
        entry = descriptor.message_type.fields_by_name["value"]
        for key, item in sorted(value.items()):
            yield from _parts(entry, item, f"{path}[{key}]")
    elif is_message:
        for i, item in enumerate(value):
            yield from _inside(item, f"{path}[{i}]")
    else:
        yield path, tuple(_value(descriptor, item) for item in value)


def _inside(message: Any, path: str) -> Iterator[tuple[str, Value]]:
    if message.DESCRIPTOR.full_name in _TIMES:
        yield path, message.seconds * _NANOSECONDS + message.nanos
        return
    for descriptor, value in message.ListFields():
        yield from _parts(descriptor, value, f"{path}.{descriptor.name}" if path else descriptor.name)


def _value(descriptor: Any, value: Any) -> bool | int | float | str:
    if descriptor.enum_type is not None:
        known = descriptor.enum_type.values_by_number.get(value)
        return str(known.name) if known else str(value)
    if isinstance(value, bytes):
        return value.decode("ascii", "backslashreplace")
    return value if isinstance(value, bool | int | float) else str(value)
