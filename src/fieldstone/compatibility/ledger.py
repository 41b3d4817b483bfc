"""The history of a module: every number and name that its releases ever used.

The ledger says whether a number or name was ever taken, without opening old releases. An entry's `since` is the first
release that has it, `until` the first that lacks it, or None while it is in use.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Raw, Struct, to_builtins
from msgspec.json import Decoder
from msgspec.structs import astuple, replace

from fieldstone.errors import Damaged
from fieldstone.schema.model import Enum, Message, Schema, Service


class Use(Struct, frozen=True, forbid_unknown_fields=True):
    """One use of a name, and of a number where the element has one, inside a type."""

    name: str
    number: int | None
    of: str
    since: str
    until: str | None = None

    @property
    def key(self) -> tuple[str, int | None, str]:
        """The identity of a use: name, number and type."""
        return self.name, self.number, self.of


class TypeHistory(Struct, frozen=True, dict=True):
    """The lifetime of one type, and of its fields, enum values or rpcs.

    `elsewhere` are the members that only releases of other lines have.
    """

    kind: str
    since: str
    until: str | None = None
    members: tuple[Use, ...] = ()
    elsewhere: frozenset[Use] = frozenset()

    @cached_property
    def _by(self) -> Mapping[tuple[str, str | int | None], list[Use]]:
        """The members by number and by name."""
        found: dict[tuple[str, str | int | None], list[Use]] = defaultdict(list)
        for use in self.members:
            found["number", use.number].append(use)
            found["name", use.name].append(use)
        return dict(found)

    def number_taken(self, number: int, name: str, of: str) -> Use | None:
        """The earlier use of `number` that forbids `name` to take it for elements of type `of`, if there is one."""
        found = self._by.get(("number", number), ())
        uses = [use for use in found if use.name != name or use.until or (use in self.elsewhere and use.of != of)]
        return uses[-1] if uses else None

    def beside(self, others: Iterable[TypeHistory]) -> TypeHistory:
        """The history with the members that only other lines have; a member that both have is as it is here."""
        known = {use.key for use in self.members}
        uses = [use for other in others for use in other.members if use.key not in known]
        foreign = {use.key: use for use in sorted(uses, key=lambda use: use.until is not None)}  # what ended wins
        return replace(self, members=(*self.members, *foreign.values()), elsewhere=frozenset(foreign.values()))

    def name_taken(self, name: str, number: int | None) -> Use | None:
        """The earlier use of `name` that forbids using it for `number`, if there is one."""
        uses = [use for use in self._by.get(("name", name), ()) if use.number != number or use.until]
        return uses[-1] if uses else None


_ENCODED = Decoder(dict[str, Raw])
"""Splits a `ledger.json` by type."""


class _Entry(Struct, forbid_unknown_fields=True):
    """One type in `ledger.json`: every key is required."""

    kind: str
    since: str
    until: str | None
    members: tuple[Use, ...]


_ENTRY = Decoder(_Entry)
"""Decodes the entry of one type."""


class Ledger(Struct, frozen=True):
    """All types that a module's releases ever had, and all messages that they extended, by full name."""

    types: Mapping[str, TypeHistory] = {}

    def advance(self, schema: Schema, version: str) -> Ledger:
        """The ledger after a release of `schema` as `version`."""
        types = {name: self._ended(history, version) for name, history in self.types.items()}
        for name, (kind, present) in _uses(schema, version).items():
            past = self.types.get(name, TypeHistory(kind, version))
            members = _advance_members(past.members, present, version)
            types[name] = TypeHistory(kind, past.since if past.until is None else version, None, members)
        return Ledger(dict(sorted(types.items())))

    @staticmethod
    def _ended(history: TypeHistory, version: str) -> TypeHistory:
        members = _advance_members(history.members, [], version)
        return replace(history, until=history.until or version, members=members)

    @classmethod
    def joined(cls, parts: Sequence[Ledger]) -> Ledger:
        """The ledger of a release from those of several: of each type, what the last one says.

        Args:
            parts: the ledgers, the oldest first.
        """
        return parts[0] if len(parts) == 1 else cls(_LatestTypes(parts))

    def since(self, before: Ledger) -> Ledger:
        """The types whose history differs from an earlier ledger of the same line."""
        changed = {name: history for name, history in self.types.items() if before.types.get(name) != history}
        return Ledger(changed)

    def beside(self, others: Sequence[Ledger]) -> Ledger:
        """The ledger with all that the releases of other lines used: for judging, never to advance.

        Args:
            others: the ledgers of the newest releases of the other lines.
        """
        return Ledger(_JoinedTypes([self, *others])) if others else self

    def type(self, full_name: str) -> TypeHistory:
        """The history of a type; an empty one if no release had it."""
        return self.types.get(full_name, TypeHistory("", ""))

    def to_json(self) -> str:
        """The ledger as `ledger.json`: one member a line, for reading and for diffs."""
        types = ",\n".join(f"  {json.dumps(name)}: {_to_json(history)}" for name, history in self.types.items())
        return f"{{\n{types}\n}}\n"

    @classmethod
    def from_json(cls, content: bytes | str, *, where: str, remedy: str = "") -> Ledger:
        """Read `ledger.json`; each type is decoded on first use.

        Args:
            content: the file's content.
            where: its path, for the error.
            remedy: the fix of that error.

        Raises:
            Damaged: the content is no ledger; also raised later, by the ledger's methods, if a type's entry is
                invalid.
        """
        try:
            return cls(_EncodedTypes(_ENCODED.decode(content), where, remedy))
        except (ValueError, RecursionError) as error:  # msgspec.DecodeError and UnicodeDecodeError are ValueErrors
            raise _no_ledger(where, error, remedy) from error


class _EncodedTypes(Mapping[str, TypeHistory]):
    """The types of a `ledger.json`, each decoded on first use: most checks need a few of thousands."""

    def __init__(self, encoded: Mapping[str, Raw], where: str, remedy: str) -> None:
        self._encoded, self._where, self._remedy = encoded, where, remedy
        self._decoded: dict[str, TypeHistory] = {}

    def __getitem__(self, name: str) -> TypeHistory:
        if name not in self._decoded:
            try:
                self._decoded[name] = TypeHistory(*astuple(_ENTRY.decode(self._encoded[name])))
            except (ValueError, RecursionError) as error:
                raise _no_ledger(self._where, error, self._remedy) from error
        return self._decoded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._encoded)

    def __len__(self) -> int:
        return len(self._encoded)


class _LatestTypes(Mapping[str, TypeHistory]):
    """The types of several ledgers of one line, each from the last one that has it."""

    def __init__(self, parts: Sequence[Ledger]) -> None:
        found = {name: part.types for part in parts for name in part.types}
        self._homes = dict(sorted(found.items()))

    def __getitem__(self, name: str) -> TypeHistory:
        return self._homes[name][name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


class _JoinedTypes(Mapping[str, TypeHistory]):
    """The types of several lines, the judged one first; each type is joined on first use."""

    def __init__(self, ledgers: Sequence[Ledger]) -> None:
        self._ledgers = ledgers
        self._joined: dict[str, TypeHistory] = {}

    def __getitem__(self, name: str) -> TypeHistory:
        if name not in self._joined:
            found = [ledger.types[name] for ledger in self._ledgers if name in ledger.types]
            if not found:
                raise KeyError(name)
            first, *others = found if name in self._ledgers[0].types else [replace(found[0], members=()), *found]
            self._joined[name] = first.beside(others)
        return self._joined[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for ledger in self._ledgers for name in ledger.types))

    def __len__(self) -> int:
        return len([*self])


def _no_ledger(where: str, error: Exception, remedy: str) -> Damaged:
    return Damaged(f"{where} is not a ledger: {error}", fix=remedy)


def _to_json(history: TypeHistory) -> str:
    about = json.dumps({"kind": history.kind, "since": history.since, "until": history.until})[1:-1]
    members = ",\n".join(f"    {json.dumps(to_builtins(use))}" for use in history.members)
    return f'{{{about}, "members": [\n{members}\n  ]}}' if members else f'{{{about}, "members": []}}'


def _uses(schema: Schema, version: str) -> dict[str, tuple[str, list[Use]]]:
    """Every type, and every extended message, with its kind and members."""
    found = {element.full_name: (_kind(element), list(_members(element, version))) for element in schema.types()}
    for extension in schema.extensions.values():
        _, uses = found.setdefault(extension.extendee or "", ("extendee", []))
        uses.append(Use(extension.full_name, extension.number, "extension", version))
    return found


def _kind(element: Message | Enum | Service) -> str:
    return type(element).__name__.lower()


def _members(element: Message | Enum | Service, version: str) -> Iterator[Use]:
    match element:
        case Message():
            for member in element.fields.values():
                yield Use(member.name, member.number, f"{member.label}{member.type}", version)
        case Enum():
            for value in element.values:
                yield Use(value.name, value.number, "value", version)
        case Service():
            for rpc in element.rpcs.values():
                yield Use(rpc.name, None, "rpc", version)


def _advance_members(past: Iterable[Use], present: Iterable[Use], version: str) -> tuple[Use, ...]:
    living = {use.key: use for use in present}
    kept: list[Use] = []
    for use in past:
        if use.until is None and living.pop(use.key, None) is None:
            kept.append(replace(use, until=version))
        else:
            kept.append(use)
    return (*kept, *living.values())
