"""Records which fields of generated messages a program reads, for its tests and for samples of its work.

    with reading.recorded("src") as reads:
        ...
    reads.write("reads.json")

`fieldstone uses observe reads.json` adds that to the consumer's uses. While it records, reading a field takes tens of
times as long. Printing and comparing messages is not seen: what was not recorded may still be read.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from google.protobuf import message_factory

_ATTRIBUTES = "__getattribute__"
_BY_NAME = ("HasField", "WhichOneof")
_PROTOBUF = "google.protobuf"


class Reads:
    """The recorded reads, by module of the contract and full name, with the places in the program.

    Attributes:
        releases: the release of each module with a client package that is imported.
        fields: the places, `path:line`, of each field that was read.
        wholes: those of each message of which all fields were read, as JSON does.
    """

    def __init__(self, below: str | Path) -> None:
        self._root = str(Path.cwd())
        self._below = str(Path(below).resolve()) + os.sep
        self._own: dict[str, str] = {}
        self.releases: dict[str, str] = {}
        self.fields: dict[str, dict[str, set[str]]] = {}
        self.wholes: dict[str, dict[str, set[str]]] = {}

    def write(self, path: str | Path) -> None:
        """Write it as JSON, for `fieldstone uses observe`.

        Raises:
            OSError: the file cannot be written.
        """
        content = {
            "day": datetime.now(UTC).date().isoformat(),
            "releases": {module: version for module, version in self.releases.items() if self._has(module)},
            "read": _sorted(self.fields),
            "whole": _sorted(self.wholes),
        }
        Path(path).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", "utf-8")

    def _has(self, module: str) -> bool:
        return module in self.fields or module in self.wholes

    def note(self, module: str, name: str, frame: FrameType | None, *, whole: bool = False) -> None:
        """Note that a field, or a message as a whole, was read by the code that runs in a frame."""
        place = self._place(frame)
        if place:
            (self.wholes if whole else self.fields).setdefault(module, {}).setdefault(name, set()).add(place)

    def _place(self, frame: FrameType | None) -> str:
        """The nearest line of the program's own code; empty if none of it is running."""
        while frame is not None:
            file = frame.f_code.co_filename
            if file not in self._own:
                self._own[file] = self._path(file, frame)
            if self._own[file]:
                return f"{self._own[file]}:{frame.f_lineno}"
            frame = frame.f_back
        return ""

    def _path(self, file: str, frame: FrameType) -> str:
        """The path of a file of the program, for people; empty for another file."""
        if not file.startswith(self._below) or _is_installed(file, frame):
            return ""
        return os.path.relpath(file, self._root).replace(os.sep, "/")


@contextmanager
def recorded(below: str | Path = ".") -> Iterator[Reads]:
    """Record the reads of all threads, as long as the context lasts.

    It knows the client packages that are imported when it begins. Contexts may overlap: each has all reads.

    Args:
        below: the folder with the program's own code: of what tests read themselves nothing is recorded if they are not
            in it.
    """
    reads = Reads(below)
    with _lock:
        _active.append(reads)
        for module, version, cls in _classes():
            reads.releases[module] = version
            if _ATTRIBUTES not in cls.__dict__:
                setattr(cls, _ATTRIBUTES, _recording(cls, module))
                _changed.append(cls)
    try:
        yield reads
    finally:
        with _lock:
            _active.remove(reads)
            while _changed and not _active:
                delattr(_changed.pop(), _ATTRIBUTES)


_lock = threading.RLock()
_active: list[Reads] = []
_changed: list[Any] = []
_packages: set[str] = set()
"""The client packages that were found."""


def _recording(cls: Any, module: str) -> Callable[[Any, str], Any]:
    """The method that records the attributes of one class of messages."""
    descriptor = cls.DESCRIPTOR
    fields = {field.name: [field.full_name] for field in descriptor.fields}
    named = {**fields, **{one.name: [field.full_name for field in one.fields] for one in descriptor.oneofs}}

    def attribute(self: Any, name: str) -> Any:
        value = super(cls, self).__getattribute__(name)
        if name in fields:
            _note_fields(module, fields[name], _caller())
        elif name == "ListFields":
            _note_whole(module, descriptor.full_name, _caller())
        elif name in _BY_NAME:
            return _by_name(value, module, named)
        return value

    return attribute


def _by_name(method: Callable[[str], Any], module: str, named: dict[str, list[str]]) -> Callable[[str], Any]:
    """A method that takes the name of a field or of a oneof, and records it."""

    def called(name: str) -> Any:
        _note_fields(module, named.get(name, []), _caller())
        return method(name)

    return called


def _note_fields(module: str, names: list[str], frame: FrameType | None) -> None:
    if not _is_in(frame, _PROTOBUF):  # it reads where it writes
        with _lock:
            for reads in _active:
                for name in names:
                    reads.note(module, name, frame)


def _note_whole(module: str, name: str, frame: FrameType | None) -> None:
    if not _is_in(frame, f"{_PROTOBUF}.internal"):  # serialization keeps what nobody reads
        with _lock:
            for reads in _active:
                reads.note(module, name, frame, whole=True)


def _caller() -> FrameType | None:
    """The frame that called the function which asks."""
    here = inspect.currentframe()
    return here.f_back.f_back if here and here.f_back else None


def _classes() -> Iterator[tuple[str, str, Any]]:
    """The module of the contract, its release and the class of every message in the imported client packages."""
    for name, module in sorted(sys.modules.items()):
        release = _release(name) if name.endswith("_pb2") else None
        if release is not None:
            _packages.add(name.partition(".")[0])
            for descriptor in module.DESCRIPTOR.message_types_by_name.values():
                for found in _with_nested(descriptor):
                    yield release.NAME, release.VERSION, message_factory.GetMessageClass(found)


def _release(name: str) -> Any:
    """The module that says which release a client package is of; None in another package."""
    try:
        found = importlib.import_module(f"{name.partition('.')[0]}.release")
    except ImportError:
        return None
    return found if hasattr(found, "DISTRIBUTION") and hasattr(found, "VERSION") else None


def _with_nested(descriptor: Any) -> Iterator[Any]:
    if not descriptor.GetOptions().map_entry:
        yield descriptor
        for nested in descriptor.nested_types:
            yield from _with_nested(nested)


def _is_installed(file: str, frame: FrameType) -> bool:
    """Whether code is a library's or generated: whoever called it reads."""
    return "site-packages" in file or _name_of(frame).partition(".")[0] in _packages


def _is_in(frame: FrameType | None, package: str) -> bool:
    return frame is not None and f"{_name_of(frame)}.".startswith(f"{package}.")


def _name_of(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _sorted(found: dict[str, dict[str, set[str]]]) -> dict[str, dict[str, list[str]]]:
    return {module: {name: sorted(places) for name, places in names.items()} for module, names in found.items()}
