"""Random changes to a tree."""

from __future__ import annotations

from collections.abc import Callable

from tests.compatibility.random_schemas.exchanges import Exchanges
from tests.compatibility.random_schemas.tree import (
    Enum,
    File,
    Message,
    Tree,
    enums_of,
    holders_of,
    messages_of,
)
from tests.compatibility.random_schemas.words import (
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
    SERVICE_NAMES,
    SYNTAXES,
    TYPE_NAMES,
)


class Mutator(Exchanges):
    """Changes a tree in place."""

    def mutate(self, tree: Tree, most: int = 4) -> None:
        own, self.outside = [file for file in tree if not file.is_outside], [file for file in tree if file.is_outside]
        for _ in range(self.rng.randint(1, most)):
            mutation = self.rng.choice(MUTATIONS)
            try:
                mutation(self, own)
            except (IndexError, ValueError):  # nothing to pick; the second is hypothesis' word for it
                continue
        tree[:] = [*own, *self.outside]

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
        self.add_value_of(enum, self.rng.choice(enum.values).number)

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

    def move_type(self, tree: Tree) -> None:
        """To another file, into a message, or out of one."""
        source = self.rng.choice([h for h in holders_of(tree) if h.messages or h.enums])
        target = self.rng.choice([h for h in holders_of(tree) if h is not source])
        types: list[Message | Enum] = [*source.messages, *source.enums]
        moved = self.rng.choice(types)
        if isinstance(moved, Enum):
            source.enums.remove(moved)
            target.enums.append(moved)
        elif target not in messages_of([moved]) and target is not moved:
            source.messages.remove(moved)
            target.messages.append(moved)

    def change_message_option(self, tree: Tree) -> None:
        self.set_option(self.pick_message(tree).options, MESSAGE_OPTIONS)

    def change_reserved(self, tree: Tree) -> None:
        types: list[Message | Enum] = [*messages_of(tree), *enums_of(tree)]
        element = self.rng.choice(types)
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
        kinds: dict[str, list[dict[str, str]]] = {
            "message": [message.options for message in messages_of(tree)],
            "enum": [enum.options for enum in enums_of(tree)],
            "service": [service.options for service in services],
            "method": [rpc.options for rpc in rpcs],
        }
        kind = self.rng.choice([kind for kind, elements in kinds.items() if elements])
        options = self.rng.choice(kinds[kind])
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
        file = self.rng.choice(tree)
        for _ in range(self.rng.randint(1, 4)):
            self.set_option(file.options, FILE_OPTIONS)


_HELPERS = ("mutate", "pick_")
MUTATIONS: list[Callable[[Mutator, Tree], None]] = [
    function
    for changes in (Mutator, Exchanges)
    for name, function in vars(changes).items()
    if not name.startswith(("_", *_HELPERS))
]
