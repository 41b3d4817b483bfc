"""Names in generated records: attributes and classes."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.codegen.class_names import function_name, nested_name, record_class
from fieldstone.codegen.storage.refusals.subject import Refusal, Subject
from fieldstone.codegen.storage.reserved import CLASSES, is_python_word
from fieldstone.schema.model import Enum, Field, Message
from fieldstone.schema.storage import record_name, snake

_AS_BYTES = "keep the field that holds it as bytes: codec: CODEC_PROTO"


def attributes(subject: Subject) -> Iterator[Refusal]:
    """The attributes of a record can be written in Python."""
    for message in subject.messages:
        for field in message.fields.values():
            name = attribute_name(field)
            problem = _no_attribute(name)
            if problem:
                own = subject.is_own(message)
                fix = f'give it another: attribute: "{name.strip("_")}_"' if own else _AS_BYTES
                location = field.location if own else subject.location_of(message)
                yield Refusal(location, f'the attribute of {message.name}.{field.name} is "{name}", {problem}', fix)


def attributes_alike(subject: Subject) -> Iterator[Refusal]:
    """No two fields of a message have one attribute."""
    for message in subject.messages:
        seen: dict[str, Field] = {}
        for field in message.fields.values():
            other = seen.setdefault(attribute_name(field), field)
            if other is not field and subject.is_own(message):
                what = f"{field.name} has the attribute {attribute_name(field)}, and so has {other.name}"
                yield Refusal(field.location, what, "give it another with attribute")


def classes_alike(subject: Subject) -> Iterator[Refusal]:
    """No two types give one class, and none that of a type of Python's own."""
    seen: dict[str, Message | Enum] = {}
    elements: list[Message | Enum] = [*subject.messages, *subject.enums]
    for element in sorted(elements, key=subject.is_own):
        name = _class(element)
        other = seen.setdefault(snake(name), element)
        if any(is_python_word(part) for part in element.full_name.removeprefix(f"{element.package}.").split(".")):
            yield _clash(subject, element, "a keyword of Python")
        elif name in CLASSES:
            yield _clash(subject, element, "which is Python's own")
        elif other is not element and not _told_elsewhere(element, other):
            yield _clash(subject, element, f"and so is that of {other.full_name}")


def _told_elsewhere(element: Message | Enum, other: Message | Enum) -> bool:
    """Whether two types share the application's class, or are entities that are called the same."""
    if _own_class(element) or _own_class(other):
        return _reference(element) == _reference(other)
    names = [record_name(one) for one in (element, other) if isinstance(one, Message) and one.entity is not None]
    return len(names) == 2 and names[0] == names[1]  # noqa: PLR2004 - a pair


def _clash(subject: Subject, element: Message | Enum, whose: str) -> Refusal:
    return Refusal(
        subject.location_of(element),
        f"the class of {element.full_name} is {_class(element)}, {whose}",
        _another_class(subject, element),
    )


def _another_class(subject: Subject, element: Message | Enum) -> str:
    """The way to give a type another class."""
    if not isinstance(element, Message) or not subject.is_own(element):
        return _AS_BYTES
    if _own_class(element):
        return "name another class in record, or import it under another name in a module of yours"
    if element.entity is not None:
        return "give it another with name"
    return "name it: option (fieldstone.v1.entity) = {not_stored: true name: ...}"


def functions_alike(subject: Subject) -> Iterator[Refusal]:
    """A nested message's functions in the mapper are not those of an entity."""
    entities = {function_name(message): message for message, _ in subject.entities}
    for message in subject.messages:
        other = entities.get(function_name(message))
        if message.entity is None and other is not None:
            what = f"the mapper's functions of {message.full_name} are called as those of {other.name}"
            yield Refusal(subject.location_of(message), what, f"give {other.name} another with name")


def attribute_name(field: Field) -> str:
    """The attribute of a record that a field is kept in."""
    return field.column.attribute or field.name


def _no_attribute(name: str) -> str:
    """Why a name is none of an attribute; empty where it is one."""
    if not name.isidentifier():
        return "which is no name in Python"
    if is_python_word(name):
        return "a keyword of Python"
    return "and Python changes names that begin with two underscores" if name.startswith("__") else ""


def _class(element: Message | Enum) -> str:
    return record_class(element) if isinstance(element, Message) else nested_name(element)


def _own_class(element: Message | Enum) -> bool:
    return bool(_reference(element))


def _reference(element: Message | Enum) -> str:
    return element.entity.record if isinstance(element, Message) and element.entity is not None else ""


CHECKS = (attributes, attributes_alike, classes_alike, functions_alike)
"""Every check of the topic."""
