"""Renamed types, and packages that moved as a whole.

A removed package has moved if one other package gained at least half of its types, by their names inside it. It has
also moved if the other package gained some of its types and all of its files. The types of a moved package are paired
by name, whatever changed in them.

Other removed and added types form a pair if their fields are the same. Each type in a field must have the same name on
both sides or be such a pair itself. All candidates count as pairs at first. Those whose fields differ are dropped,
until none differs. So recursive messages are found, too. Types nested in a pair are paired by name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct

from fieldstone.schema.model import Enum, Field, Message, Schema, Service

Type = Message | Enum | Service
Key = tuple[type[Type], str]
"""The kind of a type, and its full name or its name inside its package."""


class Move(Struct, frozen=True):
    """A package that moved as a whole.

    Attributes:
        old: its name before.
        new: the package that gained its types.
        types: the types that moved with it: full name before to full name after.
        files: the paths of its files that need no finding of their own: those removed with their types, and those that
            now declare the new package.
    """

    old: str
    new: str
    types: Mapping[str, str]
    files: frozenset[str] = frozenset()


class Renames(Struct, frozen=True, dict=True):
    """The renamed types and packages.

    Attributes:
        types: full name before to full name after, of messages and enums, and of the services of moved packages.
        moves: the packages that moved, by their old names.
    """

    types: Mapping[str, str] = {}
    moves: Mapping[str, Move] = {}

    @cached_property
    def came(self) -> Mapping[str, str]:
        """Full name after to full name before."""
        return {after: before for before, after in self.types.items()}

    def is_told(self, before: str) -> bool:
        """Whether the new name of a type follows from that of its package, or of the message around it."""
        after = self.types[before]
        (around, name), (around_after, name_after) = (_split(full_name) for full_name in (before, after))
        if name == name_after and self.types.get(around) == around_after:
            return True
        return any(move.types.get(before) == after for move in self._moves_around(before))

    def has_moved(self, package: str, to: str) -> bool:
        """Whether a package moved as a whole to the other."""
        return package in self.moves and self.moves[package].new == to

    def _moves_around(self, name: str) -> Iterator[Move]:
        while name:
            name = _split(name)[0]
            if name in self.moves:
                yield self.moves[name]


def _split(full_name: str) -> tuple[str, str]:
    around, _, name = full_name.rpartition(".")
    return around, name


def find_renames(old: Schema, new: Schema) -> Renames:
    """The renamed types, and the packages that moved as a whole.

    Types of the same structure that neither their names nor the messages around them distinguish are left out.
    """
    gone, came = _only_in(old.part, new.part), _only_in(new.part, old.part)
    if not gone or not came:
        return Renames()
    moves = {move.old: move for move in _moves(old, new, gone, came)}
    moved = {before: after for move in moves.values() for before, after in move.types.items()}
    return Renames(_by_structure(gone, came, moved), moves)


def _only_in(mine: Schema, other: Schema) -> dict[Key, Type]:
    kinds: list[tuple[Mapping[str, Type], Mapping[str, Type]]] = [
        (mine.messages, other.messages),
        (mine.enums, other.enums),
        (mine.services, other.services),
    ]
    return {
        (type(element), name): element
        for elements, others in kinds
        for name, element in elements.items()
        if name not in others
    }


def _moves(old: Schema, new: Schema, gone: Mapping[Key, Type], came: Mapping[Key, Type]) -> Iterator[Move]:
    """The packages that moved; an added type belongs to the first one that has its name."""
    new_packages, taken = new.packages.keys(), set[str]()
    leaving, coming = _by_package(gone), _by_package(came)
    targets: dict[Key, list[str]] = defaultdict(list)
    for package, elements in coming.items():
        for key in elements:
            targets[key].append(package)
    for package in sorted(old.packages.keys() - new_packages):
        mine = leaving.get(package, {})
        target = _target(package, mine, targets, old, new)
        if target is not None:
            pairs = {e.full_name: coming.get(target, {}).get(key) for key, e in mine.items()}
            types = {name: e.full_name for name, e in pairs.items() if e is not None and e.full_name not in taken}
            taken |= {*types.values()}
            yield Move(package, target, types, frozenset(_told_files(package, target, types, old, new)))


def _by_package(types: Mapping[Key, Type]) -> dict[str, dict[Key, Type]]:
    """Types by their package, and there by kind and by their names inside it."""
    found: dict[str, dict[Key, Type]] = defaultdict(dict)
    for (kind, name), element in types.items():
        found[element.package][kind, name[len(element.package) :].lstrip(".")] = element
    return found


def _target(
    package: str, mine: Mapping[Key, Type], targets: Mapping[Key, Iterable[str]], old: Schema, new: Schema
) -> str | None:
    """The package with most of the names of a removed one; None if it has too few of its types and files."""
    tops = [key for key, element in mine.items() if element.top_level]
    names = Counter(other for key in tops for other in targets.get(key, ()))
    paths = [path for path, file in old.part.files.items() if file.package == package]
    files = Counter(new.part.files[path].package for path in paths if path in new.part.files)
    all_files = {other for other, count in files.items() if count == len(paths) and (names[other] or not tops)}
    candidates = {other for other, count in names.items() if 2 * count >= len(tops)} | all_files
    return max(candidates, key=lambda other: (names[other], files[other], other), default=None)


def _told_files(package: str, target: str, types: Mapping[str, str], old: Schema, new: Schema) -> Iterator[str]:
    held: dict[str, list[str]] = defaultdict(list)
    for element in old.part.types():
        held[element.file].append(element.full_name)
    for path, file in old.part.files.items():
        if file.package == package:
            now = new.part.files.get(path)
            if (now.package == target) if now else (held[path] and all(name in types for name in held[path])):
                yield path


def _by_structure(gone: Mapping[Key, Type], came: Mapping[Key, Type], moved: Mapping[str, str]) -> dict[str, str]:
    """The types that moved, and the other pairs of equal structure."""
    before, after = _structured(gone), _structured(came)
    pairs = {**moved, **_alike(before, after, moved)}
    holders: dict[str, list[str]] = defaultdict(list)
    for name in pairs.keys() & before.keys():
        for held in _held(before[name]):
            holders[held].append(name)
    doubtful = [name for name in pairs if name not in moved]
    while doubtful:
        name = doubtful.pop()
        if name in pairs and name not in moved and not _hold_the_same(before[name], after[pairs[name]], pairs):
            del pairs[name]
            doubtful += holders[name]
    return {**pairs, **_inside(pairs, gone, came)}


def _inside(pairs: Mapping[str, str], gone: Mapping[Key, Type], came: Mapping[Key, Type]) -> dict[str, str]:
    """The types inside renamed messages that kept their own names, whatever changed in them."""
    found: dict[str, str] = {}
    taken = {*pairs.values()}
    for kind, name in sorted(gone, key=lambda key: key[1].count(".")):
        around, own = _split(name)
        after = f"{found.get(around) or pairs.get(around)}.{own}"
        if name not in pairs and (kind, after) in came and after not in taken:
            found[name] = after
    return found


def _structured(types: Mapping[Key, Type]) -> dict[str, Message | Enum]:
    """The messages and enums of these types, by full name."""
    return {name: element for (_, name), element in types.items() if not isinstance(element, Service)}


def _alike(
    gone: Mapping[str, Message | Enum], came: Mapping[str, Message | Enum], moved: Mapping[str, str]
) -> dict[str, str]:
    """Pairs of types that did not move and are equal except for the names of removed and added types.

    If several are equal, the message around them decides, or else their own name.
    """
    pairs: dict[str, str] = {}
    unclear: list[_Alike] = []
    coming = _by_look(came, besides={*moved.values()})
    for look, names in _by_look(gone, besides=moved).items():
        others = coming.get(look, [])
        if len(names) == len(others) == 1 and _tells(gone[names[0]]):
            pairs[names[0]] = others[0]
        elif others:
            unclear.append((names, others))
    for settle in (_by_message_around, _by_own_name, _by_message_around):
        for group in unclear:
            settle(group, pairs, moved)
    return pairs


_Alike = tuple[list[str], list[str]]
"""The full names of removed and of added types, all of one structure, outer ones first."""


def _by_message_around(group: _Alike, pairs: dict[str, str], moved: Mapping[str, str]) -> None:
    """Pair the nested types that have the same name inside a paired message."""
    left, others = _unpaired(group, pairs)
    for name in left:
        around, own = _split(name)
        follows = f"{pairs.get(around) or moved.get(around)}.{own}"
        if follows in others:
            pairs[name] = follows


def _by_own_name(group: _Alike, pairs: dict[str, str], _moved: Mapping[str, str]) -> None:
    """Pair the types whose name is unique on either side."""
    named: list[dict[str, list[str]]] = []
    for names in _unpaired(group, pairs):
        named.append(defaultdict(list))
        for name in names:
            named[-1][_split(name)[1]].append(name)
    for own, mine in named[0].items():
        theirs = named[1].get(own, [])
        if len(mine) == len(theirs) == 1:
            pairs[mine[0]] = theirs[0]


def _unpaired(group: _Alike, pairs: Mapping[str, str]) -> tuple[list[str], dict[str, None]]:
    taken = {pairs[name] for name in group[0] if name in pairs}
    return [name for name in group[0] if name not in pairs], {n: None for n in group[1] if n not in taken}


def _by_look(elements: Mapping[str, Message | Enum], besides: Container[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name in sorted(elements, key=lambda name: name.count(".")):
        if name not in besides:
            found[_look(elements[name], elements)].append(name)
    return found


def _look(element: Message | Enum, unsettled: Container[str]) -> str:
    """The shape of an element without the names of unsettled types."""
    if isinstance(element, Enum):
        return element.shape
    fields = [f"{f.name} {_shape(f, unsettled)}" for _, f in sorted(element.fields.items())]
    return f"message {fields} {sorted(oneof.shape for oneof in element.oneofs.values())}"


def _tells(element: Message | Enum) -> bool:
    """Whether a type has enough contents to be recognised: a field, or more than one value."""
    return len(element.values) > 1 if isinstance(element, Enum) else bool(element.fields)


def _shape(field: Field, unsettled: Container[str]) -> str:
    held = field.holds
    return field.shape.replace(held, "?", 1) if held in unsettled else field.shape


def _held(element: Message | Enum) -> list[str]:
    """The full names of the types of a message's fields, in the order of the fields' numbers."""
    return [f.holds for _, f in sorted(element.fields.items())] if isinstance(element, Message) else []


def _hold_the_same(old: Message | Enum, new: Message | Enum, pairs: Mapping[str, str]) -> bool:
    return all(pairs.get(before, before) == after for before, after in zip(_held(old), _held(new), strict=True))
