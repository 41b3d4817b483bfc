"""Random changes that put something of nearly the same meaning in the place of something else."""

from __future__ import annotations

from tests.compatibility.random_schemas.families import related, twin_of
from tests.compatibility.random_schemas.generation import Generator
from tests.compatibility.random_schemas.tree import (
    Enum,
    Extension,
    Field,
    Message,
    Rpc,
    Service,
    Tree,
    Type,
    Value,
    enums_of,
    fields_of,
    holders_of,
    messages_of,
    retarget,
    types_in,
)
from tests.compatibility.random_schemas.words import FIELD_FEATURES, FIELD_NAMES, KEYS, ONEOF_NAMES, PACKAGES, RELATED


class Exchanges(Generator):
    """Changes a tree in place; where there is nothing to pick, nothing changes."""

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

    # Types of fields

    def exchange_related(self, tree: Tree) -> None:
        """A field gets a type that is related to its own."""
        reach = [*tree, *self.outside]
        made = self.rng.choice([found for found in fields_of(tree) if related(reach, found.type)])
        made.type = self.rng.choice(related(reach, made.type))
        made.options.pop("default", None)

    def exchange_rpc_type(self, tree: Tree) -> None:
        """An rpc gets a type that is related to its own."""
        reach, side = [*tree, *self.outside], self.rng.choice(["request", "response"])
        rpcs = [rpc for file in tree for service in file.services for rpc in service.rpcs]
        rpc = self.rng.choice([rpc for rpc in rpcs if self._messages(related(reach, getattr(rpc, side)))])
        setattr(rpc, side, self.rng.choice(self._messages(related(reach, getattr(rpc, side)))))

    def _messages(self, types: list[Type]) -> list[Type]:
        return [kind for kind in types if not isinstance(kind, Enum)]

    def exchange_scalar(self, tree: Tree) -> None:
        """A scalar of the same encoding, with the default kept, changed or dropped."""
        made = self.rng.choice([f for f in fields_of(tree) if isinstance(f.type, str) and self._group(f.type)])
        made.type = self.rng.choice([other for other in self._group(made.type) if other != made.type])
        if made.options.get("default") not in (None, *self.defaults(made)) or self.chance(0.4):
            self.give_default(made)

    def _group(self, scalar: Type) -> list[str]:
        return next((group.split() for group in RELATED if scalar in group.split()), [])

    def exchange_enum(self, tree: Tree) -> None:
        """Another enum or an integer in the place of an enum; or the reverse."""
        enums: list[Type] = [*enums_of(tree), *enums_of(self.outside)]
        made = self.rng.choice([f for f in fields_of(tree) if isinstance(f.type, Enum) or f.type in RELATED[0].split()])
        made.type = self.rng.choice([kind for kind in [*enums, *enums, "int32", "int64"] if kind is not made.type])
        made.options.pop("default", None)
        if self.chance(0.3):
            self.give_default(made)

    def exchange_message_for_bytes(self, tree: Tree) -> None:
        made = self.rng.choice([f for f in fields_of(tree) if isinstance(f.type, Message)])
        made.type, made.delimited = self.rng.choice(["bytes", "string"]), False

    def change_default(self, tree: Tree) -> None:
        self.give_default(self.rng.choice([f for f in fields_of(tree) if self.defaults(f)]))

    def exchange_map(self, tree: Tree) -> None:
        """A list of entries in the place of a map: with the same key and value, now and then DELIMITED."""
        message = self.rng.choice([m for m in messages_of(tree) if any(f.key for f in m.fields)])
        made = self.rng.choice([f for f in message.fields if f.key])
        entry = Message(self.fresh(["Entry", "Item", f"{made.name.title()}Entry"], message.messages))
        entry.fields += [Field("key", 1, made.key), Field("value", 2, made.type)]
        message.messages.append(entry)
        made.type, made.key, made.label = entry, "", "repeated"
        if self.chance(0.4):
            made.delimited, made.name = True, entry.name.lower() if self.chance(0.5) else made.name

    def exchange_entries(self, tree: Tree) -> None:
        """A map in the place of a list of entries."""
        made = self.rng.choice([f for f in fields_of(tree) if self._is_entry(f.type)])
        if isinstance(made.type, Message):
            key, value = made.type.fields
            made.key, made.type, made.label, made.oneof = str(key.type), value.type, "", ""

    def _is_entry(self, kind: Type) -> bool:
        fields = kind.fields if isinstance(kind, Message) else []
        return [f.number for f in fields] == [1, 2] and fields[0].type in KEYS and fields[1].label != "repeated"

    def exchange_kind(self, tree: Tree) -> None:
        """An enum in the place of a message of the same full name, or the reverse."""
        holder = self.rng.choice([h for h in holders_of(tree) if h.enums or h.messages])
        gone = self.rng.choice(types_in(holder))
        if isinstance(gone, Enum):
            message = Message(gone.name, [Field("id", 1, "string")] if self.chance(0.6) else [])
            holder.enums.remove(gone)
            holder.messages.append(message)
            retarget(tree, gone, message)
        else:
            enum = Enum(gone.name, [Value(f"{gone.name.upper()}_NONE", 0)])
            holder.messages.remove(gone)
            holder.enums.append(enum)
            retarget(tree, gone, enum)
        for found in fields_of(tree):
            found.options.pop("default", None)

    # Members

    def move_member(self, tree: Tree) -> None:
        """A field enters, leaves or changes a oneof, and is renumbered or renamed as well."""
        message = self.rng.choice([m for m in messages_of(tree) if m.fields])
        made = self.rng.choice(message.fields)
        made.oneof = self.rng.choice(["", *ONEOF_NAMES]) if made.oneof else self.rng.choice(ONEOF_NAMES)
        made.label = made.key = ""
        if self.chance(0.5):
            made.number = self.number(message.fields)
        if self.chance(0.3):
            made.name = self.fresh(FIELD_NAMES, message.fields)

    def join_members(self, tree: Tree) -> None:
        """Several fields become members of one oneof."""
        message = self.rng.choice([m for m in messages_of(tree) if len(m.fields) > 1])
        name = self.rng.choice(ONEOF_NAMES)
        for made in self.rng.sample(message.fields, 2):
            made.oneof, made.label, made.key = name, "", ""

    def swap_names(self, tree: Tree) -> None:
        """A field takes the JSON name of another one, or both exchange them."""
        message = self.rng.choice([m for m in messages_of(tree) if len(m.fields) > 1])
        one, two = self.rng.sample(message.fields, 2)
        one.options["json_name"], two.options["json_name"] = f'"{two.name}"', f'"{one.name}"'

    def field_to_extension(self, tree: Tree) -> None:
        """An extension in the place of a field."""
        message = self.rng.choice([m for m in messages_of(tree) if m.fields])
        made = message.fields.pop(self.rng.randrange(len(message.fields)))
        message.ranges.append(str(made.number))
        made.oneof, made.label = "", "repeated" if made.label == "repeated" else "optional"
        self.rng.choice(tree).extensions.append(Extension(message, made))

    def override_feature(self, tree: Tree) -> None:
        self.set_option(self.rng.choice(fields_of(tree)).options, FIELD_FEATURES)

    # Values

    def swap_first_value(self, tree: Tree) -> None:
        """Another value comes first: an open enum then needs its number to be zero."""
        enum = self.rng.choice([e for e in enums_of(tree) if len(e.values) > 1])
        index = self.rng.randrange(1, len(enum.values))
        enum.values[0], enum.values[index] = enum.values[index], enum.values[0]
        if self.chance(0.3):
            enum.values[0].number, enum.values[index].number = enum.values[index].number, enum.values[0].number

    def change_alias(self, tree: Tree) -> None:
        """Aliases change their order, or one leaves."""
        enums = [e for e in enums_of(tree) if len({v.number for v in e.values}) < len(e.values)]
        enum = self.rng.choice(enums)
        numbers = [value.number for value in enum.values]
        aliases = [value for value in enum.values if numbers.count(value.number) > 1]
        if self.chance(0.5):
            enum.values.remove(self.rng.choice(aliases))
        else:
            self.rng.shuffle(enum.values)

    # Packages

    def move_package(self, tree: Tree) -> None:
        """All that is in a package moves into another one."""
        old, new = self.rng.choice(tree).package, self.rng.choice(PACKAGES)
        for file in tree:
            file.package = new if file.package == old else file.package
            file.path = file.path.replace("/v1/", "/v3/") if self.chance(0.3) else file.path

    def replace_by_twin(self, tree: Tree) -> None:
        """A message or an enum gives way to a copy of another name, which all use from then on."""
        holder = self.rng.choice([h for h in holders_of(tree) if h.messages or h.enums])
        gone = self.rng.choice(types_in(holder))
        made = twin_of(gone, tree)
        made.name = f"{gone.name}2"
        if isinstance(made, Enum) and isinstance(gone, Enum):
            holder.enums.append(made)
            holder.enums.remove(gone)
        elif isinstance(made, Message) and isinstance(gone, Message):
            holder.messages.append(made)
            if self.chance(0.5):
                holder.messages.remove(gone)
        retarget(tree, gone, made)
