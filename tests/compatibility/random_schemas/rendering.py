"""Trees as source. What a syntax cannot say is left out or said in its own way, so that most compile."""

from __future__ import annotations

from collections.abc import Iterator

from tests.compatibility.random_schemas.tree import (
    WELL_KNOWN,
    Enum,
    Field,
    File,
    Holder,
    Message,
    Rpc,
    Service,
    Tree,
    Type,
)
from tests.compatibility.random_schemas.words import WELL_KNOWN_FILES

EXTRAS = "acme/extras.proto"
SUNSET = {"message": "Message", "enum": "Enum", "service": "Service", "method": "Method"}
EXTRAS_TEXT = """syntax = "proto2";
package fieldstone.v1;
import "google/protobuf/descriptor.proto";
message Lifecycle { optional string deprecated_since = 1; optional string sunset = 2; optional string owner = 3; }
""" + "".join(
    f"extend google.protobuf.{what}Options {{ optional Lifecycle {kind}_lifecycle = 51201; }}\n"
    for kind, what in SUNSET.items()
)


LENIENT_2024 = {
    "features.enforce_naming_style": "STYLE_LEGACY",
    "features.default_symbol_visibility": "EXPORT_ALL",
}
"""Lets edition 2024 take the names of the generator, and uses of nested types in other files."""


class Renderer:
    """Writes a tree as protobuf source."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.names: dict[int, str] = {}
        self.paths: dict[int, str] = {}
        self.extensible: set[int] = set()
        for file in tree:
            self._learn(file, f".{file.package}" if file.package else "", file.path, file.syntax)

    @property
    def edition(self) -> bool:
        return self.syntax.isdigit()

    def sources(self) -> dict[str, str]:
        files = {file.path: self._file(file) for file in self.tree}
        return files | ({EXTRAS: EXTRAS_TEXT} if any(EXTRAS in text for text in files.values()) else {})

    def _learn(self, holder: Holder, scope: str, path: str, syntax: str) -> None:
        elements: list[Message | Enum] = [*holder.messages, *holder.enums]
        for element in elements:
            self.names[id(element)] = f"{scope}.{element.name}"
            self.paths[id(element)] = path
            if isinstance(element, Message):
                self._learn(element, self.names[id(element)], path, syntax)
                self.extensible |= {id(element)} if syntax != "proto3" else set()

    def _file(self, file: File) -> str:
        self.syntax, self.imports = file.syntax, set[str]()
        lenient = LENIENT_2024 if file.syntax == "2024" else {}
        options = [f"option {key} = {value};" for key, value in self._allowed(file.options | lenient).items()]
        body = [*self._body(file), *map(self._service, file.services)]
        text = "\n".join([*options, *body])
        self.imports |= {EXTRAS} if "fieldstone.v1" in text else set()
        self.imports |= {f"google/protobuf/{lang}_features.proto" for lang in ("cpp", "java") if f"(pb.{lang})" in text}
        head = f'edition = "{file.syntax}";' if self.edition else f'syntax = "{file.syntax}";'
        imports = [f'import "{path}";' for path in sorted(self.imports - {file.path})]
        return "\n".join([head, f"package {file.package};" if file.package else "", *imports, text])

    def _allowed(self, options: dict[str, str]) -> dict[str, str]:
        """Features are for editions only; a few options are for the older syntaxes only."""
        dropped = {"java_string_check_utf8"} if self.edition else set[str]()
        dropped |= {"ctype", "java_multiple_files"} if self.syntax == "2024" else set()
        features = {key for key in options if key.startswith("features.") and not self.edition}
        return {key: value for key, value in options.items() if key not in dropped | features}

    def _body(self, holder: Holder) -> Iterator[str]:
        groups = {id(f.type) for f in getattr(holder, "fields", ()) if self._is_group(f, holder)}
        yield from (self._enum(enum) for enum in holder.enums)
        yield from (self._message(message) for message in holder.messages if id(message) not in groups)
        for extension in holder.extensions:
            if isinstance(extension.extendee, str) or (
                id(extension.extendee) in self.extensible and self.syntax != "proto3"
            ):
                made = self._field(extension.field, holder, in_extend=True)
                yield f"extend {self._ref(extension.extendee)} {{ {made} }}"

    def _is_group(self, field: Field, holder: Holder) -> bool:
        return field.delimited and self.syntax == "proto2" and field.type in holder.messages and not field.key

    def _ref(self, target: str | Enum | Message) -> str:
        if isinstance(target, str):
            name = target.removeprefix(WELL_KNOWN)
            imported = WELL_KNOWN_FILES.get(name, "descriptor") if name != target or target.endswith("Options") else ""
            self.imports |= {f"google/protobuf/{imported}.proto"} if imported else set()
            return target
        if id(target) not in self.names:
            return "string"
        self.imports.add(self.paths[id(target)])
        return self.names[id(target)]

    def _enum(self, enum: Enum) -> str:
        options, values = self._allowed(enum.options), enum.values
        if values and values[0].number and self.edition:
            options["features.enum_type"] = "CLOSED"
        elif values and values[0].number and self.syntax == "proto3":
            values = sorted(values, key=lambda value: value.number != 0)
        lines = [f"option {k} = {v};" for k, v in options.items()]
        lines += [f"reserved {item};" for item in self._reserved(enum.reserved)]
        lines += [f"{v.name} = {v.number}{self._brackets(v.options)};" for v in values]
        return f"enum {enum.name} {{ {' '.join(lines)} }}"

    def _reserved(self, items: list[str]) -> list[str]:
        return [item.replace('"', "") for item in items] if self.edition else items

    def _message(self, message: Message) -> str:
        return f"message {message.name} {self._message_body(message)}"

    def _message_body(self, message: Message) -> str:
        lines = [f"option {k} = {v};" for k, v in self._allowed(message.options).items()]
        lines += [f"reserved {item};" for item in self._reserved(message.reserved)]
        if self.syntax != "proto3":
            lines += [f"extensions {item};" for item in message.ranges]
        lines += self._body(message)
        oneofs = dict.fromkeys(f.oneof for f in message.fields if f.oneof)
        lines += [self._field(f, message) for f in message.fields if not f.oneof]
        for name in oneofs:
            members = " ".join(self._field(f, message) for f in message.fields if f.oneof == name)
            lines.append(f"oneof {name} {{ {members} }}")
        return "{ " + "\n  ".join(lines) + " }"

    def _field(self, field: Field, holder: Holder, *, in_extend: bool = False) -> str:
        options = self._field_options(field)
        label = "" if field.oneof or field.key else self._label(field, options, in_extend=in_extend)
        if self._is_group(field, holder) and not in_extend:
            assert isinstance(field.type, Message)
            return f"{label} group {field.type.name} = {field.number} {self._message_body(field.type)}"
        kind = f"map<{field.key}, {self._ref(field.type)}>" if field.key else self._ref(field.type)
        return f"{label} {kind} {field.name} = {field.number}{self._brackets(options)};"

    def _label(self, field: Field, options: dict[str, str], *, in_extend: bool) -> str:
        label = field.label
        if self.syntax == "proto2":
            return label or "optional"
        if self.syntax == "proto3":
            return "" if label == "required" else label
        if label == "required" and not in_extend:
            options["features.field_presence"] = "LEGACY_REQUIRED"
        if label == "" and not in_extend and not isinstance(field.type, Message):
            options["features.field_presence"] = "IMPLICIT"
        return label if label == "repeated" else ""

    def _field_options(self, field: Field) -> dict[str, str]:
        options = self._allowed(field.options)
        if self.syntax == "proto3" or field.label == "repeated" or field.key:
            options.pop("default", None)
        if self.edition and "default" in options and field.label == "":
            del options["default"]
        if self.edition and field.delimited and isinstance(field.type, Message) and not field.key:
            options["features.message_encoding"] = "DELIMITED"
        if self.edition and "packed" in options:
            packed = options.pop("packed") == "true"
            options["features.repeated_field_encoding"] = "PACKED" if packed else "EXPANDED"
        return options

    def _brackets(self, options: dict[str, str]) -> str:
        return f" [{', '.join(f'{key} = {value}' for key, value in options.items())}]" if options else ""

    def _service(self, service: Service) -> str:
        lines = [f"option {k} = {v};" for k, v in service.options.items()]
        known = [rpc for rpc in service.rpcs if self._is_known(rpc.request) and self._is_known(rpc.response)]
        lines += map(self._rpc, known)
        return f"service {service.name} {{ {' '.join(lines)} }}"

    def _is_known(self, kind: Type) -> bool:
        return isinstance(kind, str) or id(kind) in self.names

    def _rpc(self, rpc: Rpc) -> str:
        request, response = (
            ("stream " if streams else "") + self._ref(message)
            for streams, message in zip(rpc.streams, (rpc.request, rpc.response), strict=True)
        )
        options = " ".join(f"option {k} = {v};" for k, v in rpc.options.items())
        return f"rpc {rpc.name}({request}) returns ({response}) {{ {options} }}"


# Generating.
