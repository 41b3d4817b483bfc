"""The generated classes of the client packages that a program has installed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

USES = "fieldstone.uses.toml"
"""The file in a narrowed package that lists what it has."""


class Contracts:
    """The generated classes of the installed client packages, by their names in Python."""

    def __init__(self) -> None:
        self.releases: dict[str, str] = {}
        self.modules: dict[str, str] = {}
        """The module of each top-level Python package."""
        self.packages: list[tuple[str, str, str]] = []
        """The module and name of each client package, and the uses that it is narrowed to; empty for a full one."""
        self.messages: dict[str, tuple[str, Any]] = {}
        """Python class to its module and descriptor."""
        self.enum_values: dict[str, tuple[str, str]] = {}
        """Python constant to its module and full name."""
        self.services: dict[str, tuple[str, Any]] = {}
        """Python class of a stub, servicer or client to its module and the service's descriptor."""
        self.field_names: dict[str, set[str]] = {}
        """The modules that have a field of a name."""
        self._partial: set[str] = set()
        """The full names of messages of which narrowed packages lack fields."""
        self._owners: dict[str, str] = {}
        """The module of each message, by its full name."""

    def learn(self, python_module: str) -> None:
        """Learn what a Python module of the program defines, if it is a generated one of a client package."""
        package = python_module.partition(".")[0]
        if not python_module.endswith("_pb2") or not self._module_of(package):
            return
        descriptor = importlib.import_module(python_module).DESCRIPTOR
        module = self.modules[package]
        for message in descriptor.message_types_by_name.values():
            self._learn_message(python_module, module, message)
        for enum in descriptor.enum_types_by_name.values():
            self._learn_enum(python_module, module, enum)
        for service in descriptor.services_by_name.values():
            clients = f"{python_module.removesuffix('_pb2')}_client.{service.name}"
            stubs = f"{python_module}_grpc.{service.name}"
            for name in (f"{clients}Client", f"{clients}AsyncClient", f"{stubs}Stub", f"{stubs}Servicer"):
                self.services[name] = module, service

    def is_generated(self, python_module: str) -> bool:
        """Whether a Python module belongs to a client package."""
        return bool(self.modules.get(python_module.partition(".")[0]))

    def is_narrowed(self, module: str) -> bool:
        """Whether all client packages of a module are narrowed: nothing but their fields can be read."""
        return all(uses for name, _, uses in self.packages if name == module)

    def is_partial(self, module: str, message: Any) -> bool:
        """Whether a message of a narrowed package, or one in it, lacks fields."""
        return any(found.full_name in self._partial for found in self._below(module, message))

    def fields_below(self, module: str, message: Any) -> Iterator[str]:
        """The full names of the fields of a message and of those in it, as far as they are of its module."""
        for found in self._below(module, message):
            if not found.GetOptions().map_entry:
                yield from (field.full_name for field in found.fields)

    def _below(self, module: str, message: Any) -> Iterator[Any]:
        """A message and those in it, as far as they are of its module, with the entries of maps."""
        seen, waiting = set[str](), [message]
        while waiting:
            found = waiting.pop()
            is_entry = found.GetOptions().map_entry
            if found.full_name in seen or not (is_entry or self._owners.get(found.full_name) == module):
                continue
            seen.add(found.full_name)
            waiting += [field.message_type for field in found.fields if field.message_type is not None]
            yield found

    def _module_of(self, package: str) -> str:
        if package not in self.modules:
            try:
                release = importlib.import_module(f"{package}.release")
                self.modules[package], self.releases[release.NAME] = release.NAME, release.VERSION
                uses = Path(release.__file__ or "").with_name(USES)
                narrowed = uses.read_text("utf-8") if hasattr(release, "CONSUMER") and uses.is_file() else ""
                self.packages.append((release.NAME, release.DISTRIBUTION, narrowed))
                self._partial.update(getattr(release, "PARTIAL", ()))
            except (ImportError, AttributeError):
                self.modules[package] = ""
        return self.modules[package]

    def _learn_message(self, around: str, module: str, message: Any) -> None:
        name = f"{around}.{message.name}"
        self.messages[name] = module, message
        self._owners[message.full_name] = module
        for field in message.fields:
            self.field_names.setdefault(field.name, set()).add(module)
        for nested in message.nested_types:
            self._learn_message(name, module, nested)
        for enum in message.enum_types:
            self._learn_enum(name, module, enum)

    def _learn_enum(self, around: str, module: str, enum: Any) -> None:
        for value in enum.values:
            full_name = f"{enum.full_name}.{value.name}"
            self.enum_values[f"{around}.{value.name}"] = module, full_name
            self.enum_values[f"{around}.{enum.name}.{value.name}"] = module, full_name
