"""Findings about a module as a whole: it was renamed, or is retired and still listed."""

from __future__ import annotations

import json
import os.path
import re
from collections.abc import Container, Iterable
from pathlib import Path

from fieldstone.compatibility.finding import Finding, fingerprint
from fieldstone.project.project import STILL_LISTED, Project
from fieldstone.registry.release import Release
from fieldstone.regular_file import read_file
from fieldstone.schema.location import Location
from fieldstone.workspace.modules import Module


def renamed_finding(project: Project, name: str, module: Module, *, renamed: Container[str], start: Path) -> Finding:
    """The finding that a released module is listed under another name.

    Args:
        project: the project with both.
        name: the name that the module was released under.
        module: the module as listed.
        renamed: all released modules that are listed under another name.
        start: the folder that the location is relative to.

    Raises:
        FieldstoneError: the buf configuration cannot be read.
    """
    has_history = bool(project.registry.versions(module.name))
    trouble = "is the name of another module" if has_history else "would start a new history"
    return Finding(
        rule="module-renamed",
        subject=name,
        message=f"module `{name}` is called `{module.name}` now, which {trouble}",
        location=_location(project, module, start),
        fix=f"keep its history with {_setting(project, name, module, renamed, start)}",
        fingerprint=fingerprint("module-renamed", name, module.name, module.path),
    )


def retired_finding(project: Project, module: Module, retirement: Release, start: Path) -> Finding:
    """The finding that a retired module is still listed.

    Args:
        project: where it is.
        module: the module.
        retirement: the release that retired it.
        start: the folder that the location is relative to.

    Raises:
        FieldstoneError: the buf configuration cannot be read.
    """
    return Finding(
        rule="module-retired",
        subject=module.name,
        message=f"module `{module.name}` is retired since {retirement.version}, and is still listed",
        location=_location(project, module, start),
        fix=STILL_LISTED,
        fingerprint=fingerprint("module-retired", module.name, retirement.version),
    )


def _setting(project: Project, name: str, module: Module, renamed: Container[str], start: Path) -> str:
    """The setting that names a module, and the file and table to put it in."""
    settings = project.settings
    file = os.path.relpath(settings.file or settings.root / "pyproject.toml", start)
    prefix = "" if Path(file).name == "fieldstone.toml" else "tool.fieldstone."
    table, other = (f"`[{prefix}modules.{_key(each)}]`" for each in (name, module.name))
    path = json.dumps(module.path, ensure_ascii=False)
    is_in_the_way = module.name in settings.values.get("modules", {}) and module.name not in renamed
    instead = f", in place of {other}" if is_in_the_way else ""
    return f"{table} with `path = {path}` in {file}{instead}"


_ENTRY = r"""\s*(?:-\s+)*(?:(?:path|name):\s+)?["']?(?P<value>(?:\./)?{value})/?["']?\s*(?:#.*)?"""
"""A line of YAML with a given value."""


def _key(name: str) -> str:
    """A name as a key of TOML."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _location(project: Project, module: Module, start: Path) -> Location:
    """The line of the buf configuration that names a module, else the one that lists it, else the file."""
    config = project.workspace.root / project.workspace.config
    text = read_file(config).decode("utf-8", "replace") if config.is_file() else ""
    path = Path(os.path.relpath(config, start)).as_posix()
    return _mention(text, path, filter(None, (module.buf_name, module.path)))


def _mention(text: str, path: str, values: Iterable[str]) -> Location:
    """The first line of a YAML text with one of the values as `name`, `path` or list item."""
    for value in values:
        said = re.compile(_ENTRY.format(value=re.escape(value)))
        for number, line in enumerate(text.splitlines(), 1):
            if found := said.fullmatch(line):
                return Location(path, number, found.start("value") + 1, number, found.end("value") + 1)
    return Location(path)
