"""A compiled file as protobuf source again: what a bug report can be read and compiled from.

Comments and custom options are left out; imports are those that the file still needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from google.protobuf import descriptor_pb2

from fieldstone.schema.descriptors.fields import type_of
from fieldstone.schema.features import LANGUAGE_FEATURES, extension_parts

_FIELD = descriptor_pb2.FieldDescriptorProto
_LANGUAGES = {1000: "cpp", 1001: "java", 1002: "go"}
_LAST_NUMBER, _LAST_ENUM_NUMBER = 536_870_911, 2_147_483_647
_INDENT = "  "


def render(file: descriptor_pb2.FileDescriptorProto, homes: Mapping[str, str]) -> str:
    """A file as source.

    Args:
        file: the compiled file.
        homes: the full name of every message and enum -> the file that declares it.
    """
    writer = _Writer(file, homes)
    body = [*writer.options(file.options), *writer.declarations()]
    head = f'edition = "{_edition(file)}";' if file.syntax == "editions" else f'syntax = "{file.syntax or "proto2"}";'
    package = [f"package {file.package};"] if file.package else []
    imports = [f'import "{path}";' for path in sorted(writer.imports - {file.name})]
    return "\n".join([head, "", *package, "", *imports, "", *body, ""])


def _edition(file: descriptor_pb2.FileDescriptorProto) -> str:
    return descriptor_pb2.Edition.Name(file.edition).removeprefix("EDITION_")


class _Writer:
    """Writes one file, and learns what it has to import."""

    def __init__(self, file: descriptor_pb2.FileDescriptorProto, homes: Mapping[str, str]) -> None:
        self.file = file
        self.homes = homes
        self.imports: set[str] = set()

    def declarations(self) -> Iterator[str]:
        """All that the file declares."""
        yield from self._types(self.file, ())
        for service in self.file.service:
            rpcs = [line for method in service.method for line in self._rpc(method)]
            yield from _block(f"service {service.name}", [*self.options(service.options), *rpcs])

    def options(self, options: Any) -> list[str]:
        """The options of a declaration as statements."""
        return [f"option {name} = {value};" for name, value in self._options(options)]

    def _types(self, holder: Any, groups: Iterable[str]) -> Iterator[str]:
        """Enums, messages and extensions; a group's message is written where its field is."""
        nested = holder.message_type if holder is self.file else holder.nested_type
        bodies = {message.name: message for message in nested}
        written = {*groups, *(self._group_name(field) for field in holder.extension)}
        for enum in holder.enum_type:
            yield from self._enum(enum)
        for message in nested:
            if not message.options.map_entry and message.name not in written:
                yield from _block(f"message {message.name}", self._message(message))
        for field in holder.extension:
            yield from _block(f"extend {self._ref(field.extendee)}", self._field(field, bodies))

    def _group_name(self, field: Any) -> str:
        return field.type_name.rpartition(".")[2] if field.type == _FIELD.TYPE_GROUP else ""

    def _message(self, message: Any) -> list[str]:
        bodies = {nested.name: nested for nested in message.nested_type}
        lines = [*self.options(message.options), *self._reserved(message, 1)]
        lines += [f"extensions {_span(r.start, r.end - 1, _LAST_NUMBER)};" for r in message.extension_range]
        lines += self._types(message, [self._group_name(field) for field in message.field])
        for i, oneof in enumerate(message.oneof_decl):
            members = [f for f in message.field if f.HasField("oneof_index") and f.oneof_index == i]
            inner = [line for field in members if not field.proto3_optional for line in self._field(field, bodies)]
            lines += _block(f"oneof {oneof.name}", inner) if inner else []
        alone = [f for f in message.field if f.proto3_optional or not f.HasField("oneof_index")]
        return lines + [line for field in alone for line in self._field(field, bodies)]

    def _reserved(self, holder: Any, beyond: int) -> Iterator[str]:
        """Ranges of an enum end at their last number, those of a message one `beyond` it."""
        last = _LAST_NUMBER if beyond else _LAST_ENUM_NUMBER
        yield from (f"reserved {_span(r.start, r.end - beyond, last)};" for r in holder.reserved_range)
        bare = self.file.syntax == "editions"
        yield from (f"reserved {name};" if bare else f'reserved "{name}";' for name in holder.reserved_name)

    def _enum(self, enum: Any) -> list[str]:
        values = [f"{v.name} = {v.number}{self._brackets(self._options(v.options))};" for v in enum.value]
        return _block(f"enum {enum.name}", [*self.options(enum.options), *self._reserved(enum, 0), *values])

    def _field(self, field: Any, bodies: Mapping[str, Any]) -> list[str]:
        label = self._label(field)
        body = bodies.get(field.type_name.rpartition(".")[2])
        if body is not None and field.type == _FIELD.TYPE_GROUP:
            return _block(f"{label}group {body.name} = {field.number}", self._message(body))
        kind = self._type(field)
        if body is not None and body.options.map_entry:
            key, value = sorted(body.field, key=lambda part: part.number)
            label, kind = "", f"map<{self._type(key)}, {self._type(value)}>"
        return [f"{label}{kind} {field.name} = {field.number}{self._brackets(self._field_options(field))};"]

    def _label(self, field: Any) -> str:
        if field.label == _FIELD.LABEL_REPEATED:
            return "repeated "
        if field.label == _FIELD.LABEL_REQUIRED:
            return "required "
        plain = self.file.syntax in {"", "proto2"} and not field.HasField("oneof_index")
        return "optional " if plain or field.proto3_optional else ""

    def _type(self, field: Any) -> str:
        return self._ref(field.type_name) if field.type_name else type_of(field)

    def _ref(self, name: str) -> str:
        home = self.homes.get(name.removeprefix("."))
        self.imports |= {home} if home else set()
        return name

    def _rpc(self, method: Any) -> list[str]:
        sides = ((method.client_streaming, method.input_type), (method.server_streaming, method.output_type))
        request, response = (("stream " if streams else "") + self._ref(name) for streams, name in sides)
        return _block(f"rpc {method.name}({request}) returns ({response})", self.options(method.options))

    def _field_options(self, field: Any) -> Iterator[tuple[str, str]]:
        if field.HasField("default_value"):
            text = field.default_value
            quoted = field.type == _FIELD.TYPE_BYTES
            yield "default", f'"{text}"' if quoted else _text(text) if field.type == _FIELD.TYPE_STRING else text
        if field.json_name and field.json_name != _json_name(field.name) and not field.extendee:
            yield "json_name", _text(field.json_name)
        yield from self._options(field.options)

    def _options(self, options: Any) -> Iterator[tuple[str, str]]:
        for descriptor, value in options.ListFields():
            if descriptor.name == "features":
                yield from self._features(value)
            elif descriptor.message_type is None and not descriptor.is_repeated:
                yield descriptor.name, _value(descriptor, value)

    def _features(self, features: Any) -> Iterator[tuple[str, str]]:
        for descriptor, value in features.ListFields():
            if descriptor.enum_type is not None:
                yield f"features.{descriptor.name}", _value(descriptor, value)
        for (extension, number), (name, values) in LANGUAGE_FEATURES.items():
            language = _LANGUAGES[extension]
            for part in extension_parts(features, extension):
                if part.field_number == number and part.data in values:
                    self.imports.add(f"google/protobuf/{language}_features.proto")
                    yield f"features.(pb.{language}).{name.removeprefix(f'{language}_')}", values[part.data]

    def _brackets(self, options: Iterable[tuple[str, str]]) -> str:
        written = ", ".join(f"{name} = {value}" for name, value in options)
        return f" [{written}]" if written else ""


def _block(head: str, lines: Iterable[str]) -> list[str]:
    inner = [_INDENT + line for line in lines]
    return [f"{head} {{", *inner, "}"] if inner else [f"{head} {{}}"]


def _span(first: int, last: int, most: int) -> str:
    if first == last:
        return str(first)
    return f"{first} to {'max' if last == most else last}"


def _value(descriptor: Any, value: Any) -> str:
    if descriptor.enum_type is not None:
        return str(descriptor.enum_type.values_by_number[value].name)
    if isinstance(value, bool):
        return str(value).lower()
    return _text(value) if isinstance(value, str) else str(value)


def _text(value: str) -> str:
    return '"' + "".join(map(_escaped, value)) + '"'


def _escaped(character: str) -> str:
    if character in {'"', "\\"}:
        return f"\\{character}"
    return character if character.isprintable() else "".join(f"\\{octet:03o}" for octet in character.encode())


def _json_name(name: str) -> str:
    """The JSON name that follows from a name (https://protobuf.dev/programming-guides/json/)."""
    first, *more = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in more)
