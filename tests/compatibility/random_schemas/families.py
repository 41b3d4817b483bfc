"""Types that are related: twins, families that hold each other, entries like those of a map, own well-known types."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable

from tests.compatibility.random_schemas.tree import (
    WELL_KNOWN,
    Enum,
    Field,
    File,
    Holder,
    Message,
    Tree,
    Type,
    Value,
    enums_of,
    kin_of,
    messages_of,
    types_of,
)
from tests.compatibility.random_schemas.words import KEYS, SCALARS, TYPE_NAMES, WELL_KNOWN_FILES, WELL_KNOWN_TWINS


def add_family(rng: random.Random, tree: Tree) -> None:
    """Add a family of related types to a tree, and now and then a field of one of them."""
    made = rng.choice(FAMILIES)(rng, tree)
    holders = [message for file in tree if not file.is_outside for message in messages_of([file])]
    users = [holder for holder in holders if not holder.kin] or holders
    if made and users and rng.random() < 0.9:
        user = rng.choice(users)
        label = rng.choice(["", "", "optional", "repeated", "repeated"])
        user.fields.append(field(user, rng.choice(made), label))
        if rng.random() < 0.15:
            user.fields[-1].label, user.fields[-1].key = "", rng.choice(KEYS)


def field(message: Message, kind: Type, label: str = "") -> Field:
    """A field with a new name and the next number of a message."""
    number = max((known.number for known in message.fields), default=0) + 1
    return Field(f"f{number}", number, kind, label)


def fresh_name(rng: random.Random, tree: Tree) -> str:
    """A name that no message of a tree has."""
    taken = {message.name for message in messages_of(tree)}
    return rng.choice([name for name in TYPE_NAMES if name not in taken] or [f"Type{len(taken)}"])


def _place(rng: random.Random, tree: Tree) -> Holder:
    """Where a related type goes: in a file of the module, or of another one."""
    outside = [file for file in tree if file.is_outside]
    if not outside and rng.random() < 0.3:
        outside = [File("other/v1/types.proto", "other.v1", rng.choice(["proto3", "proto2", "2023"]), is_outside=True)]
        tree += outside
    own = [file for file in tree if not file.is_outside]
    return rng.choice(outside if outside and rng.random() < 0.5 else own)


def twin(rng: random.Random, tree: Tree) -> list[Type]:
    """A message or an enum of the tree, and one of the same structure, or nearly so."""
    model = rng.choice(types_of(tree))
    place = _place(rng, tree)
    if isinstance(place, File) and place.is_outside and isinstance(model, Message) and _uses_own(model, tree):
        place = rng.choice([file for file in tree if not file.is_outside])
    made = twin_of(model, tree)
    if rng.random() < 0.6 or model in [*place.messages, *place.enums]:
        made.name = fresh_name(rng, tree)
    model.kin = made.kin = model.kin or f"twin{rng.randrange(10**6)}"
    if isinstance(made, Enum):
        _rename_values(made)
        place.enums.append(made)
    elif isinstance(made, Message):
        place.messages.append(made)
        if made.fields and rng.random() < 0.3:
            rng.choice(made.fields).type = rng.choice(SCALARS)
    return [model, made]


def _uses_own(model: Message, tree: Tree) -> bool:
    types = [known.type for message in (model, *messages_of([model])) for known in message.fields]
    return any(not isinstance(kind, str) for kind in types) or bool(model.extensions) or len(tree) > 3


def twin_of(model: Message | Enum, tree: Tree) -> Message | Enum:
    """A copy that refers to the types of the tree, and whose own nested types are copies as well."""
    inside = [*messages_of([model]), *_enums_in(model)] if isinstance(model, Message) else []
    shared = types_of(tree)
    made = copy.deepcopy(model, {id(kind): kind for kind in shared if kind is not model and kind not in inside})
    if isinstance(made, Message):
        made.extensions.clear()
    return made


def _enums_in(model: Message) -> list[Enum]:
    return [enum for holder in (model, *messages_of([model])) for enum in holder.enums]


def _rename_values(enum: Enum) -> None:
    """Values live beside their enum: those of a twin in the same package need other names."""
    prefix = f"{enum.name.upper()}_"
    for value in enum.values:
        value.name = prefix + value.name.partition("_")[2]


def well_known(rng: random.Random, tree: Tree) -> list[Type]:
    """A well-known type, and mostly a message of one's own that has the same fields."""
    name = rng.choice(list(WELL_KNOWN_FILES))
    if name not in WELL_KNOWN_TWINS or rng.random() < 0.2:
        return [WELL_KNOWN + name]
    own = Message(name, kin=name)
    for number, (called, kind) in enumerate(WELL_KNOWN_TWINS[name], start=1):
        label, _, scalar = kind.rpartition(" ")
        own.fields.append(Field(called, number, scalar, label))
    place = _place(rng, tree)
    if name in {message.name for message in messages_of(tree)}:
        own.name = fresh_name(rng, tree)
    place.messages.append(own)
    return [WELL_KNOWN + name, own]


def recursive(rng: random.Random, tree: Tree) -> list[Type]:
    """Two or three messages that hold themselves: singular, as a list or as a map."""
    kin = f"tree{rng.randrange(10**6)}"
    place, made = _place(rng, tree), list[Type]()
    extra = rng.choice([None, None, *SCALARS])
    for _ in range(rng.choice([2, 2, 3])):
        one = Message(fresh_name(rng, tree), kin=kin)
        place.messages.append(one)
        one.fields.append(Field("x", 1, one, rng.choice(["", "repeated", "optional"])))
        if rng.random() < 0.2:
            one.fields[0].label, one.fields[0].key = "", rng.choice(KEYS)
        if extra and rng.random() < 0.8:
            one.fields.append(Field("leaf", 2, extra if rng.random() < 0.7 else rng.choice(SCALARS)))
        made.append(one)
    return made


def mutual(rng: random.Random, tree: Tree) -> list[Type]:
    """Messages that hold each other in a ring, and a second such ring."""
    kin, place, made = f"ring{rng.randrange(10**6)}", _place(rng, tree), list[Type]()
    for _ in range(2):
        ring = [Message(fresh_name(rng, tree), kin=kin)]
        place.messages.append(ring[0])
        for _ in range(rng.randint(1, 2)):
            ring.append(Message(fresh_name(rng, tree), kin=kin))
            place.messages.append(ring[-1])
        for one, other in zip(ring, [*ring[1:], ring[0]], strict=True):
            one.fields.append(Field("next", 1, other, rng.choice(["", "repeated"])))
            if rng.random() < 0.4:
                one.fields.append(Field("leaf", 2, rng.choice(SCALARS[:5])))
        made += ring
    return made


def entries(rng: random.Random, tree: Tree) -> list[Type]:
    """Messages with a key and a value, as the entries of a map have them."""
    kin, made = f"entry{rng.randrange(10**6)}", list[Type]()
    values: list[Type] = [*SCALARS[:6], *messages_of(tree)[:1], *enums_of(tree)[:1]]
    value = rng.choice(values)
    for _ in range(2):
        one = Message(fresh_name(rng, tree), kin=kin)
        one.fields += [Field("key", 1, rng.choice(KEYS[:3])), Field("value", 2, value)]
        rng.choice([file for file in tree if not file.is_outside]).messages.append(one)
        made.append(one)
    return made


def enums(rng: random.Random, tree: Tree) -> list[Type]:
    """Enums of the same numbers, whose values stand in another order or start with another one."""
    kin, made = f"enum{rng.randrange(10**6)}", list[Type]()
    numbers = rng.sample([0, 1, 2, 3, 5, -1], rng.randint(1, 4))
    place = rng.choice([file for file in tree if not file.is_outside])
    for _ in range(2):
        one = Enum(f"Sort{len(enums_of(tree))}", [], kin=kin)
        one.values += [Value(f"{one.name.upper()}_{abs(n)}{'N' * (n < 0)}", n) for n in numbers]
        rng.shuffle(numbers)
        place.enums.append(one)
        made.append(one)
    return made


def related(tree: Tree, kind: Type) -> list[Type]:
    """All other types that share what relates a type."""
    kin = kin_of(kind)
    found: list[Type] = [other for other in types_of(tree) if kin and kin_of(other) == kin and other is not kind]
    return [*found, WELL_KNOWN + kin] if kin in WELL_KNOWN_FILES and kind != WELL_KNOWN + kin else found


FAMILIES: list[Callable[[random.Random, Tree], list[Type]]] = [
    twin,
    twin,
    well_known,
    recursive,
    mutual,
    entries,
    enums,
]
