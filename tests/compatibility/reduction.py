"""Two images -> the smallest pair of sources that still shows something.

Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002), level by
level: files, then what they declare, then what that holds. A declaration leaves both images at once, and what
refers to it leaves with it, so that most of what is tried compiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from time import monotonic
from typing import Any

from google.protobuf import descriptor_pb2
from msgspec import Struct

from fieldstone.schema.image import is_import, parse_image
from tests.compatibility.source_text import render

Sources = Mapping[str, str]
"""Path to text."""

Part = tuple[str, str, str]
"""What can be left out: its level, the full name of what it is or stands in, and its name or number there."""

_LEVELS = ("file", "type", "nested", "member", "detail")


class Budget(Struct, frozen=True):
    """How long to look for something smaller: trials, and seconds."""

    trials: int = 150
    seconds: float = 45.0


_BUDGET = Budget()


def reduce_pair(
    old: bytes, new: bytes, shows: Callable[[Sources, Sources], bool], budget: Budget = _BUDGET
) -> tuple[Sources, Sources] | None:
    """The smallest sources found that show what the images show; None where their own sources do not show it.

    Args:
        old: a compiled image.
        new: the other one.
        shows: whether a pair of sources shows it; False for one that does not compile.
        budget: when to stop.

    Raises:
        FieldstoneError: the bytes are no image.
    """
    return _Reduction((_own(old), _own(new)), shows, budget).run()


def _own(image: bytes) -> descriptor_pb2.FileDescriptorSet:
    decoded = parse_image(image, where="image")
    for file in decoded.file:
        file.ClearField("source_code_info")
    return decoded


class _Reduction:
    def __init__(
        self,
        images: tuple[descriptor_pb2.FileDescriptorSet, descriptor_pb2.FileDescriptorSet],
        shows: Callable[[Sources, Sources], bool],
        budget: Budget,
    ) -> None:
        self.images = images
        self.shows = shows
        self.trials = budget.trials
        self.end = monotonic() + budget.seconds
        self.gone: frozenset[Part] = frozenset()

    def run(self) -> tuple[Sources, Sources] | None:
        """Leave out as much as the budget allows."""
        if not self._still(frozenset()):
            return None
        for level in _LEVELS:
            self._reduce_level(level)
        return self._sources(self.gone)

    def _reduce_level(self, level: str) -> None:
        parts = sorted(
            {part for image in self.images for part in _parts(_without(image, self.gone)) if part[0] == level}
        )
        size = len(parts)
        while size and parts and self._may_go_on():
            left: list[Part] = []
            for start in range(0, len(parts), size):
                chunk = parts[start : start + size]
                if self._still(self.gone | set(chunk)):
                    self.gone |= set(chunk)
                else:
                    left += chunk
            parts = left
            size //= 2

    def _may_go_on(self) -> bool:
        return self.trials > 0 and monotonic() < self.end

    def _still(self, gone: frozenset[Part]) -> bool:
        if not self._may_go_on():
            return False
        self.trials -= 1
        return self.shows(*self._sources(gone))

    def _sources(self, gone: frozenset[Part]) -> tuple[Sources, Sources]:
        old, new = (_rendered(_without(image, gone)) for image in self.images)
        return old, new


def _rendered(image: descriptor_pb2.FileDescriptorSet) -> Sources:
    homes = {name: file.name for file in image.file for name, _ in _types(file)}
    return {file.name: render(file, homes) for file in image.file if not is_import(file)}


def _types(file: Any) -> Iterator[tuple[str, Any]]:
    """Every message and enum of a file, with its full name."""
    yield from _types_in(file.message_type, file.enum_type, file.package)


def _types_in(messages: Any, enums: Any, scope: str) -> Iterator[tuple[str, Any]]:
    for enum in enums:
        yield _join(scope, enum.name), enum
    for message in messages:
        full_name = _join(scope, message.name)
        yield full_name, message
        yield from _types_in(message.nested_type, message.enum_type, full_name)


def _join(scope: str, name: str) -> str:
    return f"{scope}.{name}" if scope else name


def _parts(image: descriptor_pb2.FileDescriptorSet) -> Iterator[Part]:
    """All that can be left out of an image."""
    for file in image.file:
        if is_import(file):
            continue
        yield "file", file.name, ""
        top = {name for name, _ in _types(file) if name.count(".") == _join(file.package, "x").count(".")}
        yield from (("detail", file.name, option.name) for option, _ in file.options.ListFields())
        yield from (("type", _join(file.package, service.name), "") for service in file.service)
        yield from (part for service in file.service for part in _members(service, _join(file.package, service.name)))
        yield from (("member", file.name, str(field.number)) for field in file.extension)
        for full_name, element in _types(file):
            if getattr(element.options, "map_entry", False):
                continue
            yield "type" if full_name in top else "nested", full_name, ""
            yield from _members(element, full_name)


_LISTS = ("field", "extension", "value", "method")
_DETAILS = ("reserved_range", "reserved_name", "extension_range")


def _members(element: Any, full_name: str) -> Iterator[Part]:
    for members in _LISTS:
        for member in getattr(element, members, ()):
            yield "member", full_name, f"{members} {_key(member)}"
            yield from (("detail", f"{full_name} {_key(member)}", o.name) for o, _ in member.options.ListFields())
    yield from (("detail", full_name, name) for name in _DETAILS if getattr(element, name, None))
    yield from (("detail", full_name, option.name) for option, _ in element.options.ListFields())


def _key(member: Any) -> str:
    return str(getattr(member, "number", member.name))


def _without(image: descriptor_pb2.FileDescriptorSet, gone: frozenset[Part]) -> descriptor_pb2.FileDescriptorSet:
    """A copy of an image without these parts, and without what refers to a type that is not there."""
    left = descriptor_pb2.FileDescriptorSet()
    left.CopyFrom(image)
    kept = [file for file in left.file if ("file", file.name, "") not in gone]
    del left.file[:]
    left.file.extend(kept)
    for file in left.file:
        if not is_import(file):
            _prune_file(file, gone)
    known = {f".{name}" for file in left.file for name, _ in _types(file)}
    known -= _maps_of_nothing(left, known)
    for file in left.file:
        _drop_dangling(file, file.service, known)
        for _, element in _types(file):
            _drop_dangling(element, (), known)
    return left


def _maps_of_nothing(image: descriptor_pb2.FileDescriptorSet, known: set[str]) -> set[str]:
    """Take out the entries of maps whose values are of a type that is not there; gives their names."""
    gone: set[str] = set()
    for file in image.file:
        for name, element in _types(file):
            entries = [nested for nested in getattr(element, "nested_type", ()) if nested.options.map_entry]
            for entry in entries:
                if any(field.type_name and field.type_name not in known for field in entry.field):
                    gone.add(f".{name}.{entry.name}")
                    element.nested_type.remove(entry)
    return gone


def _prune_file(file: Any, gone: frozenset[Part]) -> None:
    _prune_options(file, file.name, gone)
    _keep(file.extension, lambda field: ("member", file.name, str(field.number)) not in gone)
    _keep(file.service, lambda service: ("type", _join(file.package, service.name), "") not in gone)
    for service in file.service:
        _prune_element(service, _join(file.package, service.name), gone)
    _prune_types(file.message_type, file.enum_type, file.package, gone)


def _prune_types(messages: Any, enums: Any, scope: str, gone: frozenset[Part]) -> None:
    for elements in (messages, enums):
        _keep(
            elements,
            lambda element: not {(level, _join(scope, element.name), "") for level in ("type", "nested")} & gone,
        )
        for element in elements:
            _prune_element(element, _join(scope, element.name), gone)
    for message in messages:
        _prune_types(message.nested_type, message.enum_type, _join(scope, message.name), gone)


def _prune_element(element: Any, full_name: str, gone: frozenset[Part]) -> None:
    _prune_options(element, full_name, gone)
    for name in _DETAILS:
        if ("detail", full_name, name) in gone:
            element.ClearField(name)
    for members in _LISTS:
        if hasattr(element, members):
            listed = getattr(element, members)
            left_out = {key for level, holder, key in gone if (level, holder) == ("member", full_name)}
            _keep(listed, _is_outside(left_out, members))
            for member in listed:
                _prune_options(member, f"{full_name} {_key(member)}", gone)


def _is_outside(keys: set[str], members: str) -> Callable[[Any], bool]:
    return lambda member: f"{members} {_key(member)}" not in keys


def _prune_options(element: Any, name: str, gone: frozenset[Part]) -> None:
    for option, _ in element.options.ListFields():
        if ("detail", name, option.name) in gone:
            element.options.ClearField(option.name)


def _drop_dangling(holder: Any, services: Any, known: set[str]) -> None:
    for members in ("field", "extension"):
        if hasattr(holder, members):
            _keep(getattr(holder, members), lambda f: (not f.type_name or f.type_name in known) and _extends(f, known))
    for service in services:
        _keep(service.method, lambda method: {method.input_type, method.output_type} <= known)


def _extends(field: Any, known: set[str]) -> bool:
    return not field.extendee or field.extendee in known


def _keep(elements: Any, wanted: Callable[[Any], bool]) -> None:
    kept = [element for element in elements if wanted(element)]
    if len(kept) < len(elements):
        del elements[:]
        elements.extend(kept)
