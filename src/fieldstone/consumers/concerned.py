"""The uses that an element concerns: whoever takes a message as a whole reads every field of it, at any depth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct

from fieldstone.consumers.uses import How
from fieldstone.schema.model import Enum, Field, Message, Schema, Service


class Concerned(Struct, frozen=True):
    """The uses that an element concerns.

    Attributes:
        elements: the full names of elements whose use in any way concerns it: itself, and everything in it.
        wholes: the full names of messages that contain it: it concerns those who take one of them as a whole.
    """

    elements: frozenset[str]
    wholes: frozenset[str]

    def by(self, name: str, how: How) -> bool:
        """Whether a use of this element in this way is concerned."""
        return name in self.elements or (how == How.WHOLE and name in self.wholes)


class Structure(Struct, frozen=True, dict=True):
    """The containment of the messages of a schema.

    Attributes:
        schema: the schema, of the release that the element is in.
    """

    schema: Schema

    def concerned(self, subject: str) -> Concerned:
        """The uses that an element concerns, by its full name, or by the path of a file or a package name."""
        elements = {subject, *self._inside(subject)}
        types = elements & self._types.keys()
        for name in types:
            elements.update(self._mentions.get(name, ()))
        owners = {self._owners[name] for name in elements if name in self._owners}
        return Concerned(frozenset(elements), frozenset(self._around({*owners, *types})))

    def has(self, subject: str) -> bool:
        """Whether the schema has an element of that name."""
        return subject in self._types or subject in self._owners or any(self._inside(subject))

    def nearest(self, subject: str) -> str:
        """The element itself, or what it was added to: the closest element around it that the schema has."""
        while subject and not self.has(subject):
            subject = subject.rpartition(".")[0]
        return subject

    @property
    def names(self) -> list[str]:
        """The full names of all elements, sorted."""
        return sorted({*self._types, *self._owners})

    @cached_property
    def _types(self) -> Mapping[str, Message | Enum | Service]:
        return {type_.full_name: type_ for type_ in self.schema.types()}

    @cached_property
    def _fields(self) -> tuple[tuple[str, Field], ...]:
        """Every field with the message that has it; an extension is the extended message's."""
        messages = self.schema.messages.values()
        own = ((message.full_name, field) for message in messages for field in message.fields.values())
        return (*own, *((field.extendee or "", field) for field in self.schema.extensions.values()))

    @cached_property
    def _owners(self) -> Mapping[str, str]:
        """The message, enum or service of each member, by the member's full name."""
        owners = {field.full_name: message for message, field in self._fields}
        owners |= {value.full_name: enum.full_name for enum in self.schema.enums.values() for value in enum.values}
        return owners | {rpc.full_name: s.full_name for s in self.schema.services.values() for rpc in s.rpcs.values()}

    @cached_property
    def _mentions(self) -> Mapping[str, list[str]]:
        """The fields and rpcs that have a type, by the type's full name."""
        found: dict[str, list[str]] = {}
        for _, field in self._fields:
            found.setdefault(field.holds, []).append(field.full_name)
        for service in self.schema.services.values():
            for rpc in service.rpcs.values():
                found.setdefault(rpc.request, []).append(rpc.full_name)
                found.setdefault(rpc.response, []).append(rpc.full_name)
        return found

    @cached_property
    def _holders(self) -> Mapping[str, set[str]]:
        """The messages that have a field of a type, by the type's full name."""
        found: dict[str, set[str]] = {}
        for message, field in self._fields:
            found.setdefault(field.holds, set()).add(message)
        return found

    def _inside(self, subject: str) -> Iterator[str]:
        """The elements in a message, enum, service, file or package, and the members of a oneof."""
        parent, _, name = subject.rpartition(".")
        if (message := self.schema.messages.get(parent)) and name in message.oneofs:
            yield from (field.full_name for field in message.fields.values() if field.oneof == name)
        types = [type_ for type_ in self._types.values() if subject in {type_.file, type_.package}]
        inside = [type_.full_name for type_ in types]
        inside += [name for name in self._types if name.startswith(f"{subject}.")] if subject in self._types else []
        yield from inside
        roots = {subject, *inside}
        yield from (member for member, owner in self._owners.items() if owner in roots)

    def _around(self, types: Iterable[str]) -> set[str]:
        """These types, and all messages that contain one of them at any depth."""
        found, waiting = set[str](), [*types]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self._holders.get(name, ())
        return found
