"""Imports an installed contracts package and sends a message of every type through a round trip.

It runs in the environment of the installed package, and so imports nothing of Fieldstone: `python round_trip.py PACKAGE
SAMPLE`. It writes SAMPLE, a program that uses every type, for a type checker.
"""

from __future__ import annotations

import importlib
import keyword
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

_DEPTH = 4
_UNTOUCHED = {"google.protobuf.Any"}  # its JSON needs the type that it names
_SAMPLES: dict[str, Any] = {
    "google.protobuf.Value": {"string_value": "sample"},
    "google.protobuf.Struct": {"fields": {"sample": {"number_value": 1.5}}},
    "google.protobuf.ListValue": {"values": [{"bool_value": True}]},
    "google.protobuf.FieldMask": {"paths": ["sample"]},
    "google.protobuf.Timestamp": {"seconds": 1, "nanos": 1000},
    "google.protobuf.Duration": {"seconds": 1, "nanos": 1000},
}
"""Values of the types with a JSON form of their own (https://protobuf.dev/programming-guides/json/)."""


def modules_of(package: str) -> list[ModuleType]:
    """Every module of a package, imported."""
    root = importlib.import_module(package)
    names = [found.name for found in pkgutil.walk_packages(root.__path__, f"{package}.")]
    return [importlib.import_module(name) for name in names]


def messages_of(modules: Iterable[ModuleType]) -> Iterator[tuple[ModuleType, Any]]:
    """The module and the descriptor of every message, nested ones after those around them."""
    for module in modules:
        if module.__name__.endswith("_pb2"):
            for descriptor in module.DESCRIPTOR.message_types_by_name.values():
                yield from ((module, found) for found in _with_nested(descriptor))


def _with_nested(descriptor: Any) -> Iterator[Any]:
    yield descriptor
    for nested in descriptor.nested_types:
        if not nested.GetOptions().map_entry:
            yield from _with_nested(nested)


def fill(message: Any, depth: int = _DEPTH) -> Any:
    """Give every field of a message a value, with nested messages down to a depth."""
    name = message.DESCRIPTOR.full_name
    if name in _UNTOUCHED:
        return message
    if name in _SAMPLES:
        message.MergeFrom(type(message)(**_SAMPLES[name]))
        return message
    for field in message.DESCRIPTOR.fields:
        if field.message_type is None or depth or field.is_required:
            _fill_field(message, field, depth)
    return message


def _fill_field(message: Any, field: Any, depth: int) -> None:
    held = getattr(message, field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        key, value = (field.message_type.fields_by_name[part] for part in ("key", "value"))
        if value.message_type is None:
            held[_scalar(key)] = _scalar(value)
        else:
            fill(held[_scalar(key)], depth - 1)
    elif field.is_repeated:
        if field.message_type is None:
            held.append(_scalar(field))
        else:
            fill(held.add(), depth - 1)
    elif field.message_type is not None:
        held.SetInParent()
        fill(held, depth - 1)
    else:
        setattr(message, field.name, _scalar(field))


def _scalar(field: Any) -> Any:
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    values = {
        field.CPPTYPE_STRING: "sample",
        field.CPPTYPE_BOOL: True,
        field.CPPTYPE_DOUBLE: 1.5,
        field.CPPTYPE_FLOAT: 1.5,
    }
    return b"sample" if field.type == field.TYPE_BYTES else values.get(field.cpp_type, 7)


def check(module: ModuleType, descriptor: Any) -> None:
    """Send a filled message through bytes and through JSON.

    Raises:
        AssertionError: the message changed.
    """
    from google.protobuf import json_format

    made = fill(_class(module, descriptor)())
    again = type(made).FromString(made.SerializeToString())
    read = json_format.Parse(json_format.MessageToJson(made), type(made)())
    if not made == again == read:
        raise AssertionError(f"{descriptor.full_name} changes in a round trip: {made!r}, {again!r}, {read!r}")


def _path(module: ModuleType, descriptor: Any) -> str:
    package = module.DESCRIPTOR.package
    return str(descriptor.full_name.removeprefix(f"{package}." if package else ""))


def _class(module: ModuleType, descriptor: Any) -> Any:
    found: Any = module
    for name in _path(module, descriptor).split("."):
        found = getattr(found, name)
    return found


def sample(found: Iterable[tuple[ModuleType, Any]]) -> str:
    """A program that takes every message and reads every field of it."""
    lines = ["from __future__ import annotations", ""]
    functions: list[str] = []
    for number, (module, descriptor) in enumerate(found):
        package, _, name = module.__name__.rpartition(".")
        lines.append(f"from {package} import {name} as m{number}")
        cls = f"m{number}.{_path(module, descriptor)}"
        fields = [f.name for f in descriptor.fields if not keyword.iskeyword(f.name)]
        functions += ["", f"def use_{number}(message: {cls}) -> {cls}:"]
        functions += [f"    print(message.{field})" for field in fields]
        functions += [f"    return {cls}.FromString(message.SerializeToString())"]
    return "\n".join([*lines, *functions, ""])


def main() -> None:
    """Check the package on the command line, and print the number of messages in the round trip."""
    package, written = sys.argv[1:]
    found = list(messages_of(modules_of(package)))
    for module, descriptor in found:
        check(module, descriptor)
    Path(written).write_text(sample(found), "utf-8")
    sys.stdout.write(f"{len(found)}\n")


if __name__ == "__main__":
    main()
