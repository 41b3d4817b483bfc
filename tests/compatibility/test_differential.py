"""Random schema pairs: the native engine and `buf breaking` must agree on every one.

`FIELDSTONE_SEED` repeats a run, `FIELDSTONE_PAIRS` makes it longer; a failure prints the seed, the
disagreement and both schemas.
"""

from __future__ import annotations

import copy
import os
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from fieldstone.compatibility.engine import judge
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.rules import Context, all_rules
from fieldstone.compatibility.second_opinion import disagreements
from fieldstone.errors import FieldstoneError
from fieldstone.schema import buf
from fieldstone.schema.descriptors import read_schema

TODAY = date(2026, 1, 1)
RULES = [rule for rule in all_rules().values() if not rule.is_style]

# The schema as the generator holds it. Types refer to each other as objects, so that a renamed or
# moved type takes its uses along.


@dataclass(eq=False)
class Value:
    name: str
    number: int
    options: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Enum:
    name: str
    values: list[Value]
    reserved: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Field:
    name: str
    number: int
    type: str | Enum | Message
    label: str = ""
    key: str = ""
    oneof: str = ""
    delimited: bool = False
    options: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Extension:
    extendee: str | Message
    field: Field


@dataclass(eq=False)
class Message:
    name: str
    fields: list[Field] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    enums: list[Enum] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    reserved: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Rpc:
    name: str
    request: Message
    response: Message
    streams: list[bool]
    options: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Service:
    name: str
    rpcs: list[Rpc]
    options: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class File:
    path: str
    package: str
    syntax: str
    messages: list[Message] = field(default_factory=list)
    enums: list[Enum] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)


Holder = File | Message
Tree = list[File]


def messages_of(holders: Sequence[Holder]) -> list[Message]:
    """Every message, however deep."""
    found = [message for holder in holders for message in holder.messages]
    return found + messages_of(found) if found else found


def holders_of(tree: Tree) -> list[Holder]:
    return [*tree, *messages_of(tree)]


def enums_of(tree: Tree) -> list[Enum]:
    return [enum for holder in holders_of(tree) for enum in holder.enums]


# Rendering: what a syntax cannot say is left out or said in its own way, so that most trees compile
# in every syntax.

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
        for element in (*holder.messages, *holder.enums):
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
        return {k: v for k, v in options.items() if k not in dropped and (self.edition or not k.startswith("features."))}

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
            self.imports |= {"google/protobuf/descriptor.proto"} if target.endswith("Options") else set()
            return target
        if id(target) not in self.names:
            return "string"
        self.imports.add(self.paths[id(target)])
        return self.names[id(target)]

    def _enum(self, enum: Enum) -> str:
        lines = [f"option {k} = {v};" for k, v in self._allowed(enum.options).items()]
        lines += [f"reserved {item};" for item in self._reserved(enum.reserved)]
        lines += [f"{v.name} = {v.number}{self._brackets(v.options)};" for v in enum.values]
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
        for rpc in service.rpcs:
            if id(rpc.request) in self.names and id(rpc.response) in self.names:
                lines.append(self._rpc(rpc))
        return f"service {service.name} {{ {' '.join(lines)} }}"

    def _rpc(self, rpc: Rpc) -> str:
        request, response = (
            ("stream " if streams else "") + self._ref(message)
            for streams, message in zip(rpc.streams, (rpc.request, rpc.response), strict=True)
        )
        options = " ".join(f"option {k} = {v};" for k, v in rpc.options.items())
        return f"rpc {rpc.name}({request}) returns ({response}) {{ {options} }}"


# Generating.

SCALARS = "double float int32 int64 uint32 sint64 fixed32 sfixed64 bool string string bytes".split()
KEYS = ["string", "int32", "int64", "bool"]
FIELD_NAMES = "id run_id step note score reward tag tags seed kind agent state world pose goal path map_id x y".split()
TYPE_NAMES = "Step Run Tag World Agent Pose Goal Episode Reward Frame Scene Layout".split()
ENUM_NAMES = "End Mode Phase Level Color".split()
VALUE_NAMES = "NONE GOAL CRASH TIME FAST SLOW RED BLUE".split()
SERVICE_NAMES = ["Runs", "Steps", "Worlds"]
RPC_NAMES = "Get List Put Watch Delete".split()
ONEOF_NAMES = ["choice", "body", "sort"]
PATHS = ["acme/v1/a.proto", "acme/v1/b.proto", "acme/v1/c.proto", "acme/v2/a.proto", "acme/v2/d.proto"]
PACKAGES = ["acme.v1", "acme.v1", "acme.v2", "acme", ""]
SYNTAXES = ["proto3", "proto3", "proto2", "2023", "2024"]
TEXTS = ['"one"', '"two"', '""']
BOOLS = ["true", "false"]
FILE_OPTIONS = {
    **dict.fromkeys(
        "go_package java_package java_outer_classname csharp_namespace objc_class_prefix php_class_prefix "
        "php_namespace php_metadata_namespace ruby_package swift_prefix".split(),
        TEXTS,
    ),
    **dict.fromkeys(
        "java_multiple_files java_string_check_utf8 cc_enable_arenas cc_generic_services java_generic_services "
        "py_generic_services deprecated java_generate_equals_and_hash".split(),
        BOOLS,
    ),
    "optimize_for": ["SPEED", "CODE_SIZE", "LITE_RUNTIME"],
    "features.field_presence": ["EXPLICIT", "IMPLICIT"],
    "features.enum_type": ["OPEN", "CLOSED"],
    "features.utf8_validation": ["VERIFY", "NONE"],
    "features.repeated_field_encoding": ["PACKED", "EXPANDED"],
    "features.message_encoding": ["DELIMITED", "LENGTH_PREFIXED"],
    "features.json_format": ["ALLOW", "LEGACY_BEST_EFFORT"],
    "features.(pb.java).utf8_validation": ["DEFAULT", "VERIFY"],
    "features.(pb.cpp).string_type": ["STRING", "VIEW"],
    "features.(pb.cpp).legacy_closed_enum": BOOLS,
    "features.(pb.java).legacy_closed_enum": BOOLS,
}
MESSAGE_OPTIONS = {
    "deprecated": BOOLS,
    "no_standard_descriptor_accessor": BOOLS,
    "deprecated_legacy_json_field_conflicts": BOOLS,
    "features.json_format": ["ALLOW", "LEGACY_BEST_EFFORT"],
}
ENUM_OPTIONS = {
    "deprecated": BOOLS,
    "allow_alias": ["true"],
    "features.enum_type": ["OPEN", "CLOSED"],
    "features.json_format": ["ALLOW", "LEGACY_BEST_EFFORT"],
}
RPC_OPTIONS = {"deprecated": BOOLS, "idempotency_level": ["NO_SIDE_EFFECTS", "IDEMPOTENT", "IDEMPOTENCY_UNKNOWN"]}
RESERVED = ["20", "20 to 24", "21, 23", "30 to max", '"old"', '"old", "gone"', '"gone"']
RANGES = ["100 to 199", "100 to 149", "150 to 199", "100 to 120, 150", "500 to max", "100 to max"]


class Generator:
    """Makes and changes trees; the same seed makes the same pair."""

    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def fresh(self, names: Sequence[str], taken: Sequence[object]) -> str:
        used = {getattr(element, "name", "") for element in taken}
        free = [name for name in names if name not in used]
        return self.rng.choice(free) if free else f"{self.rng.choice(names)}{len(used)}"

    def number(self, taken: Sequence[Field] | Sequence[Value]) -> int:
        used = {element.number for element in taken}
        return self.rng.choice([n for n in range(1, len(used) + 4) if n not in used])

    def set_option(self, options: dict[str, str], possible: dict[str, list[str]]) -> None:
        key = self.rng.choice(list(possible))
        if key in options and self.chance(0.4):
            del options[key]
        else:
            options[key] = self.rng.choice(possible[key])

    def tree(self) -> Tree:
        tree: Tree = []
        for path in self.rng.sample(PATHS, self.rng.randint(1, 3)):
            tree.append(File(path, self.rng.choice(PACKAGES), self.rng.choice(SYNTAXES)))
            self._fill(tree[-1], tree)
        return tree

    def _fill(self, file: File, tree: Tree) -> None:
        for _ in range(self.rng.choice([0, 0, 1, 2])):
            self.set_option(file.options, FILE_OPTIONS)
        for _ in range(self.rng.randint(0, 2)):
            file.enums.append(self.enum(tree))
        for _ in range(self.rng.randint(1, 3)):
            self.message(file, tree)
        if self.chance(0.5):
            file.services.append(self.service(tree))
        self.extension(file, tree, 0.5)

    def enum(self, tree: Tree) -> Enum:
        enum = Enum(self.fresh(ENUM_NAMES, enums_of(tree)), [])
        for number in range(self.rng.randint(1, 4)):
            enum.values.append(self.value(enum, number))
        if self.chance(0.3):
            enum.reserved.append(self.rng.choice(RESERVED))
        if self.chance(0.4):
            self.set_option(enum.options, ENUM_OPTIONS)
        if "allow_alias" in enum.options:
            enum.values.append(self.value(enum, self.rng.choice(enum.values).number))
        return enum

    def value(self, enum: Enum, number: int) -> Value:
        prefix = f"{enum.name.upper()}_"
        name = prefix + self.fresh(VALUE_NAMES, [Value(v.name.removeprefix(prefix), 0) for v in enum.values])
        return Value(name, number, {"deprecated": "true"} if self.chance(0.1) else {})

    def message(self, holder: Holder, tree: Tree, depth: int = 0) -> Message:
        message = Message(self.fresh(TYPE_NAMES, messages_of(tree)))
        holder.messages.append(message)
        if self.chance(0.3) and depth < 2:
            self.message(message, tree, depth + 1)
        if self.chance(0.25):
            message.enums.append(self.enum(tree))
        for _ in range(self.rng.randint(0, 5)):
            message.fields.append(self.field(message, tree))
        for items, possible in ((message.reserved, RESERVED), (message.ranges, RANGES)):
            if self.chance(0.3):
                items.append(self.rng.choice(possible))
        if self.chance(0.2):
            self.set_option(message.options, MESSAGE_OPTIONS)
        self.extension(message, tree, 0.1)
        return message

    def type(self, holder: Holder | None, tree: Tree) -> str | Enum | Message:
        near = [*holder.messages, *holder.enums] if holder else []
        pool = near if near and self.chance(0.4) else [*messages_of(tree), *enums_of(tree)]
        return self.rng.choice(pool) if pool and self.chance(0.4) else self.rng.choice(SCALARS)

    def field(self, message: Message, tree: Tree) -> Field:
        made = Field(self.fresh(FIELD_NAMES, message.fields), self.number(message.fields), self.type(message, tree))
        made.label = self.rng.choice(["", "", "optional", "repeated", "required"])
        if self.chance(0.12):
            made.key, made.label = self.rng.choice(KEYS), ""
        elif self.chance(0.2):
            made.oneof, made.label = self.rng.choice(ONEOF_NAMES), ""
        self.mark_group(made, 0.3)
        if self.chance(0.3):
            self.field_option(made)
        return made

    def mark_group(self, made: Field, probability: float) -> None:
        """A group's field is called like its message in proto2; elsewhere any name would do."""
        if isinstance(made.type, Message) and self.chance(probability):
            made.delimited = True
            made.name = made.type.name.lower()

    def field_option(self, made: Field) -> None:
        possible = {"json_name": ['"one"', '"two"', f'"{made.name}"'], "deprecated": BOOLS}
        if made.type in ("int64", "sint64", "sfixed64"):
            possible["jstype"] = ["JS_STRING", "JS_NUMBER", "JS_NORMAL"]
        if made.type in ("string", "bytes"):
            possible["ctype"] = ["CORD", "STRING", "STRING_PIECE"]
            possible["features.(pb.cpp).string_type"] = ["STRING", "VIEW", "CORD"]
            possible["default"] = TEXTS
        if made.type == "string":
            possible["features.utf8_validation"] = ["VERIFY", "NONE"]
            possible["features.(pb.java).utf8_validation"] = ["DEFAULT", "VERIFY"]
        if made.type in ("int32", "int64", "uint32", "double", "float"):
            possible["default"] = ["0", "1", "7"]
        if made.type in ("double", "float"):
            possible["default"] = ["0", "-0.0", "nan", "inf", "1.5", "1e3", "1000"]
        if made.type == "bool":
            possible["default"] = BOOLS
        if isinstance(made.type, Enum) and not made.key:
            possible["default"] = [value.name for value in made.type.values]
        if made.label == "repeated" and made.type not in ("string", "bytes") and not isinstance(made.type, Message):
            possible["packed"] = BOOLS
        self.set_option(made.options, possible)

    def extension(self, holder: Holder, tree: Tree, probability: float) -> None:
        extensible = ["google.protobuf.FieldOptions", *[m for m in messages_of(tree) if m.ranges]]
        if self.chance(probability):
            extendee = self.rng.choice(extensible)
            number = self.extension_number(extendee)
            made = Field(f"{self.rng.choice(FIELD_NAMES)}_{number}", number, self.type(None, tree))
            made.label = self.rng.choice(["optional", "repeated"])
            holder.extensions.append(Extension(extendee, made))

    def extension_number(self, extendee: str | Message) -> int:
        """A number that the extendee's ranges allow."""
        span = self.rng.choice(extendee.ranges[0].split(", ")) if isinstance(extendee, Message) else "50000 to max"
        return int(span.partition(" ")[0]) + (self.rng.randrange(6) if " " in span else 0)

    def service(self, tree: Tree) -> Service:
        service = Service(self.fresh(SERVICE_NAMES, [s for other in tree for s in other.services]), [])
        for _ in range(self.rng.randint(0, 3)):
            service.rpcs.append(self.rpc(service, tree))
        return service

    def rpc(self, service: Service, tree: Tree) -> Rpc:
        messages = messages_of(tree)
        made = Rpc(self.fresh(RPC_NAMES, service.rpcs), *self.rng.choices(messages, k=2), [False, self.chance(0.3)])
        if self.chance(0.3):
            self.set_option(made.options, RPC_OPTIONS)
        return made


# Changing. Each mutation picks what it changes; where there is nothing to pick, nothing changes.


class Mutator(Generator):
    """Changes a tree in place."""

    def mutate(self, tree: Tree) -> None:
        for _ in range(self.rng.randint(1, 4)):
            mutation = self.rng.choice(MUTATIONS)
            try:
                mutation(self, tree)
            except IndexError:  # nothing to pick
                continue

    def pick_message(self, tree: Tree) -> Message:
        return self.rng.choice(messages_of(tree))

    def pick_field(self, tree: Tree) -> tuple[list[Field], Field]:
        extended = [[e.field for e in holder.extensions] for holder in holders_of(tree)]
        own = [m.fields for m in messages_of(tree)]
        fields = self.rng.choice([found for found in (*own, *own, *extended) if found])
        return fields, self.rng.choice(fields)

    def pick_service(self, tree: Tree) -> Service:
        return self.rng.choice([service for file in tree for service in file.services])

    def pick_rpc(self, tree: Tree) -> tuple[Service, Rpc]:
        service = self.rng.choice([s for file in tree for s in file.services if s.rpcs])
        return service, self.rng.choice(service.rpcs)

    # Fields

    def add_field(self, tree: Tree) -> None:
        message = self.pick_message(tree)
        message.fields.append(self.field(message, tree))

    def remove_field(self, tree: Tree) -> None:
        message = self.rng.choice([m for m in messages_of(tree) if m.fields])
        gone = message.fields.pop(self.rng.randrange(len(message.fields)))
        message.reserved += [str(gone.number)] * self.chance(0.4) + [f'"{gone.name}"'] * self.chance(0.4)

    def rename_field(self, tree: Tree) -> None:
        fields, made = self.pick_field(tree)
        old, made.name = made.name, self.fresh(FIELD_NAMES, fields)
        if self.chance(0.3):
            made.options["json_name"] = f'"{old}"'

    def renumber_field(self, tree: Tree) -> None:
        fields, made = self.pick_field(tree)
        made.number = self.number(fields) if made.number < 100 else made.number + 1

    def swap_fields(self, tree: Tree) -> None:
        message = self.rng.choice([m for m in messages_of(tree) if len(m.fields) > 1])
        one, two = self.rng.sample(message.fields, 2)
        if self.chance(0.5):
            one.number, two.number = two.number, one.number
        else:
            one.name, two.name = two.name, one.name

    def retype_field(self, tree: Tree) -> None:
        _, made = self.pick_field(tree)
        made.type = self.type(None, tree)
        if self.chance(0.9):
            made.options.clear()

    def relabel_field(self, tree: Tree) -> None:
        _, made = self.pick_field(tree)
        made.label = self.rng.choice(["", "optional", "repeated", "required"])
        made.oneof = made.key = ""

    def rekey_field(self, tree: Tree) -> None:
        _, made = self.pick_field(tree)
        made.key = "" if made.key and self.chance(0.5) else self.rng.choice(KEYS)
        made.label = made.oneof = ""
        made.delimited = False

    def oneof_field(self, tree: Tree) -> None:
        _, made = self.pick_field(tree)
        made.oneof = "" if made.oneof and self.chance(0.5) else self.rng.choice(ONEOF_NAMES)
        made.label = "optional" if self.chance(0.5) and not made.oneof else ""
        made.key = ""

    def change_field_option(self, tree: Tree) -> None:
        self.field_option(self.pick_field(tree)[1])

    def change_encoding(self, tree: Tree) -> None:
        made = self.rng.choice([f for m in messages_of(tree) for f in m.fields if isinstance(f.type, Message)])
        made.delimited = not made.delimited

    # Oneofs

    def rename_oneof(self, tree: Tree) -> None:
        message = self.rng.choice([m for m in messages_of(tree) if any(f.oneof for f in m.fields)])
        old = self.rng.choice([f.oneof for f in message.fields if f.oneof])
        new = self.rng.choice(["", *ONEOF_NAMES])
        for made in message.fields:
            made.oneof = new if made.oneof == old else made.oneof

    def swap_oneofs(self, tree: Tree) -> None:
        message = self.rng.choice([m for m in messages_of(tree) if len({f.oneof for f in m.fields if f.oneof}) > 1])
        one, two = self.rng.sample(sorted({f.oneof for f in message.fields if f.oneof}), 2)
        for made in message.fields:
            made.oneof = {one: two, two: one}.get(made.oneof, made.oneof)

    # Enums

    def add_value(self, tree: Tree) -> None:
        enum = self.rng.choice(enums_of(tree))
        enum.values.append(self.value(enum, self.number(enum.values)))

    def add_alias(self, tree: Tree) -> None:
        enum = self.rng.choice(enums_of(tree))
        enum.options["allow_alias"] = "true"
        enum.values.append(self.value(enum, self.rng.choice(enum.values).number))

    def remove_value(self, tree: Tree) -> None:
        enum = self.rng.choice([e for e in enums_of(tree) if len(e.values) > 1])
        gone = enum.values.pop(self.rng.randrange(len(enum.values)))
        enum.reserved += [str(gone.number)] * self.chance(0.3) + [f'"{gone.name}"'] * self.chance(0.3)

    def rename_value(self, tree: Tree) -> None:
        enum = self.rng.choice(enums_of(tree))
        value = self.rng.choice(enum.values)
        value.name = self.value(enum, 0).name

    def renumber_value(self, tree: Tree) -> None:
        enum = self.rng.choice(enums_of(tree))
        self.rng.choice(enum.values).number = self.number(enum.values)

    def swap_values(self, tree: Tree) -> None:
        enum = self.rng.choice([e for e in enums_of(tree) if len(e.values) > 1])
        one, two = self.rng.sample(enum.values, 2)
        one.number, two.number = two.number, one.number

    def shuffle_values(self, tree: Tree) -> None:
        self.rng.shuffle(self.rng.choice(enums_of(tree)).values)

    def change_enum_option(self, tree: Tree) -> None:
        self.set_option(self.rng.choice(enums_of(tree)).options, ENUM_OPTIONS)

    # Types

    def add_type(self, tree: Tree) -> None:
        holder = self.rng.choice(holders_of(tree))
        if self.chance(0.6):
            self.message(holder, tree)
        else:
            holder.enums.append(self.enum(tree))

    def remove_message(self, tree: Tree) -> None:
        holder = self.rng.choice([h for h in holders_of(tree) if h.messages])
        holder.messages.pop(self.rng.randrange(len(holder.messages)))

    def remove_enum(self, tree: Tree) -> None:
        holder = self.rng.choice([h for h in holders_of(tree) if h.enums])
        holder.enums.pop(self.rng.randrange(len(holder.enums)))

    def rename_message(self, tree: Tree) -> None:
        message = self.pick_message(tree)
        message.name = self.fresh(TYPE_NAMES, messages_of(tree))

    def rename_enum(self, tree: Tree) -> None:
        enum = self.rng.choice(enums_of(tree))
        enum.name = self.fresh(ENUM_NAMES, enums_of(tree))

    def replace_enum_by_message(self, tree: Tree) -> None:
        holder = self.rng.choice([h for h in holders_of(tree) if h.enums])
        gone = holder.enums.pop()
        holder.messages.append(Message(gone.name, [Field("id", 1, "string")]))

    def move_type(self, tree: Tree) -> None:
        """To another file, into a message, or out of one."""
        source = self.rng.choice([h for h in holders_of(tree) if h.messages or h.enums])
        target = self.rng.choice([h for h in holders_of(tree) if h is not source])
        moved = self.rng.choice([*source.messages, *source.enums])
        if isinstance(moved, Enum):
            source.enums.remove(moved)
            target.enums.append(moved)
        elif target not in messages_of([moved]) and target is not moved:
            source.messages.remove(moved)
            target.messages.append(moved)

    def change_message_option(self, tree: Tree) -> None:
        self.set_option(self.pick_message(tree).options, MESSAGE_OPTIONS)

    def change_reserved(self, tree: Tree) -> None:
        element = self.rng.choice([*messages_of(tree), *enums_of(tree)])
        self._change_items(element.reserved, RESERVED)

    def change_ranges(self, tree: Tree) -> None:
        self._change_items(self.pick_message(tree).ranges, RANGES)

    def _change_items(self, items: list[str], possible: list[str]) -> None:
        if items and self.chance(0.7):
            items.pop(self.rng.randrange(len(items)))
        if self.chance(0.5):
            items.append(self.rng.choice(possible))

    def retire(self, tree: Tree) -> None:
        """Deprecate with a sunset date that has come, or not."""
        services = [s for file in tree for s in file.services]
        rpcs = [rpc for s in services for rpc in s.rpcs]
        kinds = {"message": messages_of(tree), "enum": enums_of(tree), "service": services, "method": rpcs}
        kind = self.rng.choice([kind for kind, elements in kinds.items() if elements])
        options = self.rng.choice(kinds[kind]).options
        sunset = self.rng.choice(["2020-01-31", "2020-01-31", "2999-12-31"])
        options |= {"deprecated": "true", f"(fieldstone.v1.{kind}_lifecycle)": f'{{ sunset: "{sunset}" }}'}

    # Extensions

    def add_extension(self, tree: Tree) -> None:
        self.extension(self.rng.choice(holders_of(tree)), tree, 1)

    def remove_extension(self, tree: Tree) -> None:
        self.rng.choice([h.extensions for h in holders_of(tree) if h.extensions]).pop()

    def move_extension(self, tree: Tree) -> None:
        moved = self.rng.choice([h.extensions for h in holders_of(tree) if h.extensions]).pop()
        self.rng.choice(holders_of(tree)).extensions.append(moved)

    # Services

    def add_rpc(self, tree: Tree) -> None:
        service = self.pick_service(tree)
        service.rpcs.append(self.rpc(service, tree))

    def remove_rpc(self, tree: Tree) -> None:
        service, rpc = self.pick_rpc(tree)
        service.rpcs.remove(rpc)

    def rename_rpc(self, tree: Tree) -> None:
        service, rpc = self.pick_rpc(tree)
        rpc.name = self.fresh(RPC_NAMES, service.rpcs)

    def change_rpc(self, tree: Tree) -> None:
        _, rpc = self.pick_rpc(tree)
        side = self.rng.randrange(2)
        change = self.rng.randrange(3)
        if change == 0:
            rpc.streams[side] = not rpc.streams[side]
        elif change == 1:
            self.set_option(rpc.options, RPC_OPTIONS)
        else:
            setattr(rpc, ("request", "response")[side], self.pick_message(tree))

    def add_service(self, tree: Tree) -> None:
        file = self.rng.choice(tree)
        file.services.append(self.service(tree))

    def remove_service(self, tree: Tree) -> None:
        self.rng.choice([file.services for file in tree if file.services]).pop()

    def rename_service(self, tree: Tree) -> None:
        self.pick_service(tree).name = self.rng.choice(SERVICE_NAMES)

    def move_service(self, tree: Tree) -> None:
        moved = self.rng.choice([file.services for file in tree if file.services]).pop()
        self.rng.choice(tree).services.append(moved)

    # Files

    def add_file(self, tree: Tree) -> None:
        path = self.rng.choice([path for path in PATHS if path not in {file.path for file in tree}])
        tree.append(File(path, self.rng.choice(PACKAGES), self.rng.choice(SYNTAXES)))
        self._fill(tree[-1], tree)

    def rename_file(self, tree: Tree) -> None:
        free = [path for path in PATHS if path not in {file.path for file in tree}]
        self.rng.choice(tree).path = self.rng.choice(free)

    def remove_file(self, tree: Tree) -> None:
        if len(tree) > 1:
            tree.pop(self.rng.randrange(len(tree)))

    def merge_files(self, tree: Tree) -> None:
        one, two = self.rng.sample(tree, 2) if len(tree) > 1 else (tree[0], tree[0])
        if one is not two:
            for part in ("messages", "enums", "services", "extensions"):
                getattr(one, part).extend(getattr(two, part))
            tree.remove(two)

    def change_package(self, tree: Tree) -> None:
        self.rng.choice(tree).package = self.rng.choice(PACKAGES)

    def change_syntax(self, tree: Tree) -> None:
        self.rng.choice(tree).syntax = self.rng.choice(SYNTAXES)

    def change_file_option(self, tree: Tree) -> None:
        self.set_option(self.rng.choice(tree).options, FILE_OPTIONS)


_HELPERS = ("mutate", "pick_")
MUTATIONS: list[Callable[[Mutator, Tree], None]] = [
    function for name, function in vars(Mutator).items() if not name.startswith(("_", *_HELPERS))
]


# Comparing.

Sources = dict[str, str]


def make_pair(seed: str) -> tuple[Sources, Sources]:
    """Two versions of a random schema, as source."""
    mutator = Mutator(seed)
    old = mutator.tree()
    if mutator.chance(0.2):
        mutator.retire(old)
    new = copy.deepcopy(old)
    mutator.mutate(new)
    return Renderer(old).sources(), Renderer(new).sources()


def compile_or_none(sources: Sources) -> bytes | None:
    """The image, or None if the compiler refuses the sources."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in sources.items():
            Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_text(text)
        try:
            return buf.build(".", cwd=Path(folder)).output(what="build")
        except FieldstoneError:
            return None


def compare(seed: str) -> list[str] | None:
    """What the engines disagree about on the pair of this seed; None if buf cannot read the pair."""
    before, after = make_pair(seed)
    old = compile_or_none(before)
    new = compile_or_none(after) if old else None
    if not old or not new:
        return None
    context = Context(read_schema(old, where="old"), read_schema(new, where="new"), Ledger(), TODAY)
    findings = judge(context, RULES)
    try:
        annotations = breaking(old, new)
    except FieldstoneError:  # maps of an enum without a zero compile, but `buf breaking` refuses them
        return None
    found = [str(d) for d in disagreements(findings, annotations)]
    return [f"seed {seed}", *found, _text("before", before), _text("after", after)] if found else []


def breaking(old: bytes, new: bytes) -> list[buf.Annotation]:
    """What buf finds between two images."""
    with tempfile.TemporaryDirectory() as folder:
        against = Path(folder, "old.binpb")
        against.write_bytes(old)
        return buf.breaking(new, against, cwd=Path(folder)).annotations(what="buf breaking")


def _text(title: str, sources: Sources) -> str:
    return "\n".join(f"--- {title}: {path}\n{text}" for path, text in sorted(sources.items()))


def test_both_engines_agree_on_random_pairs() -> None:
    seed = os.environ.get("FIELDSTONE_SEED") or str(random.SystemRandom().randrange(10**9))
    pairs = int(os.environ.get("FIELDSTONE_PAIRS", "60"))
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(compare, (f"{seed}-{i}" for i in range(pairs))))
    disagreeing = ["\n".join(result) for result in results if result]
    assert not disagreeing, f"FIELDSTONE_SEED={seed}\n" + "\n\n".join(disagreeing[:3])
    compiled = sum(result is not None for result in results)
    assert compiled >= pairs // 3, f"FIELDSTONE_SEED={seed}: only {compiled} of {pairs} pairs compile"
