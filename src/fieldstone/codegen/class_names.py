"""Names of generated classes and functions."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from msgspec import Struct

from fieldstone.codegen.contracts.views import ImportView
from fieldstone.schema.model import Enum, Field, Message, Schema
from fieldstone.schema.storage import record_name, snake

DtoModule = Callable[[str], str]
"""The Python module that a .proto file's DTOs are in: "telemetry_contracts.telemetry.v1.telemetry_v1_pb2"."""


def class_prefix(module: str) -> str:
    """The beginning of a module's class names: `acme-orders` gives `AcmeOrders`."""
    return camel(re.sub(r"\W", "_", module))


def camel(name: str) -> str:
    """`step_v2` -> `StepV2`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def nested_name(element: Message | Enum) -> str:
    """The full name without its package, its parts joined: `Outer.Inner` gives `OuterInner`."""
    return element.full_name.removeprefix(f"{element.package}.").replace(".", "")


def record_class(message: Message) -> str:
    """The class of a message's record: the application's, else the one that is generated."""
    if message.entity is None:
        return nested_name(message)
    if message.entity.record:
        return message.entity.record.partition(":")[2]
    return f"{camel(record_name(message))}Record"


def function_name(message: Message) -> str:
    """The ending of the mapper's functions for a message."""
    return record_name(message) if message.entity is not None else snake(nested_name(message))


def field_access(owner: str, field: Field) -> str:
    """Reading a DTO's field, also where its name is a keyword of Python."""
    return f'getattr({owner}, "{field.name}")' if keyword.iskeyword(field.name) else f"{owner}.{field.name}"


class DtoNames(Struct, frozen=True, dict=True):
    """Imports of the modules of DTO classes, and the names of the classes with these imports."""

    schema: Schema
    dto_module: DtoModule

    @cached_property
    def _aliases(self) -> Mapping[str, str]:
        """Path of a file to the name of its module; the whole path where the last part is not its own."""
        modules = {path: self.dto_module(path) for path in self.schema.files}
        last = [module.rpartition(".")[2] for module in modules.values()]
        return {
            path: name if last.count(name := module.rpartition(".")[2]) == 1 else module.replace(".", "_")
            for path, module in modules.items()
        }

    def of(self, element: Message | Enum) -> str:
        """The class of a message or enum: `telemetry_v1_pb2.TelemetryStepV1`."""
        return f"{self._aliases[element.file]}.{element.full_name.removeprefix(f'{element.package}.')}"

    def imports(self, elements: Iterable[Message | Enum]) -> list[ImportView]:
        """The imports that `of` needs for these elements, sorted."""
        lines = []
        for path in sorted({element.file for element in elements}):
            package, name = _split(self.dto_module(path))
            alias = self._aliases[path]
            lines.append(ImportView(module=package, name=name, alias="" if alias == name else alias))
        return lines


def _split(module: str) -> tuple[str, str]:
    """The parts of an import after `from` and `import`: "..acme.shop_pb2" is in "..acme", "..shop_pb2" in ".."."""
    package, dot, name = module.rpartition(".")
    return (package if package.strip(".") else f"{package}{dot}"), name
