"""Random trees."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.compatibility.random_schemas.families import add_family
from tests.compatibility.random_schemas.tree import (
    WELL_KNOWN,
    Enum,
    Extension,
    Field,
    File,
    Holder,
    Message,
    Rpc,
    Service,
    Tree,
    Type,
    Value,
    enums_of,
    messages_of,
)
from tests.compatibility.random_schemas.words import (
    BOOLS,
    DEFAULTS,
    ENUM_NAMES,
    ENUM_OPTIONS,
    FIELD_NAMES,
    FILE_OPTIONS,
    KEYS,
    MESSAGE_OPTIONS,
    ONEOF_NAMES,
    PACKAGES,
    PATHS,
    RANGES,
    RESERVED,
    RPC_NAMES,
    RPC_OPTIONS,
    SCALARS,
    SERVICE_NAMES,
    SYNTAXES,
    TYPE_NAMES,
    VALUE_NAMES,
)


class Generator:
    """Makes and changes trees; the same seed makes the same pair, and another source of chance may be given."""

    def __init__(self, seed: str | random.Random) -> None:
        self.rng = random.Random(seed) if isinstance(seed, str) else seed
        self.outside: Tree = []

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

    def small_tree(self) -> Tree:
        """One or two messages of few fields, where nothing hides anything, and mostly a family of types."""
        file = File(PATHS[0], PACKAGES[0], self.rng.choice(SYNTAXES[1:]))
        tree = [file]
        if self.chance(0.4):
            file.enums.append(self.enum(tree))
        for _ in range(self.rng.choice([1, 1, 2])):
            file.messages.append(Message(self.fresh(TYPE_NAMES, messages_of(tree))))
        for message in file.messages:
            for _ in range(self.rng.randint(1, 3)):
                message.fields.append(self.field(message, tree))
        if self.chance(0.7):
            add_family(self.rng, tree)
        if self.chance(0.2):
            file.services.append(self.service(tree))
        return tree

    def tree(self) -> Tree:
        tree: Tree = []
        for path in self.rng.sample(PATHS, self.rng.randint(1, 3)):
            tree.append(File(path, self.rng.choice(PACKAGES), self.rng.choice(SYNTAXES)))
            self._fill(tree[-1], tree)
        if self.chance(0.5):
            add_family(self.rng, tree)
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
            self.add_value_of(enum, self.rng.choice(enum.values).number)
        return enum

    def add_value_of(self, enum: Enum, number: int) -> None:
        """A value anywhere in the order: of an alias, the first name counts."""
        enum.values.insert(self.rng.randint(0, len(enum.values)), self.value(enum, number))

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

    def type(self, holder: Holder | None, tree: Tree) -> Type:
        near: list[Type] = [*holder.messages, *holder.enums] if holder else []
        reach = [*tree, *self.outside]
        everywhere: list[Type] = [*messages_of(reach), *enums_of(reach)]
        pool = near if near and self.chance(0.4) else everywhere
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
        elif self.chance(0.3):
            self.give_default(made)
        return made

    def give_default(self, made: Field) -> None:
        """A default, if the field can have one; or none any more."""
        possible = [default for default in self.defaults(made) if default != made.options.get("default")]
        if (
            possible
            and not made.key
            and made.label != "repeated"
            and (self.chance(0.8) or "default" not in made.options)
        ):
            made.options["default"] = self.rng.choice(possible)
        else:
            made.options.pop("default", None)

    def defaults(self, made: Field) -> list[str]:
        """Defaults that the type of a field allows."""
        if isinstance(made.type, Enum):
            return [value.name for value in made.type.values]
        return DEFAULTS.get(made.type, []) if isinstance(made.type, str) else []

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
        if made.type == "string":
            possible["features.utf8_validation"] = ["VERIFY", "NONE"]
            possible["features.(pb.java).utf8_validation"] = ["DEFAULT", "VERIFY"]
        if self.defaults(made) and not made.key:
            possible["default"] = self.defaults(made)
        if made.label == "repeated" and made.type not in ("string", "bytes") and not isinstance(made.type, Message):
            possible["packed"] = BOOLS
        self.set_option(made.options, possible)

    def extension(self, holder: Holder, tree: Tree, probability: float) -> None:
        extensible: list[str | Message] = ["google.protobuf.FieldOptions", *[m for m in messages_of(tree) if m.ranges]]
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
        types: list[str | Message] = [*messages, *messages, *messages_of(self.outside), f"{WELL_KNOWN}Empty"]
        request, response = self.rng.choices(types, k=2)
        made = Rpc(self.fresh(RPC_NAMES, service.rpcs), request, response, [self.chance(0.2), self.chance(0.3)])
        if self.chance(0.3):
            self.set_option(made.options, RPC_OPTIONS)
        return made


# Changing. Each mutation picks what it changes; where there is nothing to pick, nothing changes.
