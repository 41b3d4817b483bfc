"""The settings file as it is typed: its first error, at its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lsprotocol.types import Diagnostic, DiagnosticSeverity

from fieldstone.errors import FieldstoneError, Invalid
from fieldstone.lsp.features.diagnostics import SOURCE
from fieldstone.lsp.text.places import Places
from fieldstone.project.project import Project
from fieldstone.project.settings_file import OWN_FILE, parse_settings
from fieldstone.project.settings_schema import validate
from fieldstone.schema.location import Location

CODE = "settings-invalid"
"""The code of diagnostics about settings."""

_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
"""The place in an error of TOML."""
_AT_END = re.compile(r"\(at end of document\)")
_KEY = re.compile(
    r"^(?:unknown key |unknown rule |until of )?(?P<key>[\w-]+(?:\[\d+\])?(?:\.[^\s.\[]+(?:\[\d+\])?)*)(?: in |$| )"
)
_MODULE = re.compile(r"as module (\S+?),| modules (\S+) and |\bno module (\S+) in ")
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNED = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")


def settings_diagnostics(path: Path, places: Places) -> list[Diagnostic]:
    """The first error of a settings file as it is typed; none if it holds no settings.

    Args:
        path: its absolute path.
        places: its text.
    """
    try:
        _validate(path, places.text)
    except FieldstoneError as error:
        location = _location(str(error), path, places.text)
        start, end = places.found_at(location)
        message = str(error).replace(str(path), path.name)
        severity = DiagnosticSeverity.Error
        return [Diagnostic(places.span(start, end), message, severity=severity, code=CODE, source=SOURCE)]
    return []


def _validate(path: Path, text: str) -> None:
    """Raise for what is wrong with the text of a settings file and, if it is saved, with the project by it."""
    content = text.encode("utf-8", "replace")
    if path.name != OWN_FILE and not _has_settings(text):
        return
    if path.name == OWN_FILE and _has_settings(text):
        raise Invalid(
            f"{path} has a table [tool.fieldstone]",
            fix=f"drop [tool.fieldstone]: in {OWN_FILE} the keys stand at the top",
        )
    values = parse_settings(content, name=path.name, where=str(path))
    validate(values, path)
    if path.is_file() and path.read_bytes() == content:
        _validate_project(path)


def _validate_project(path: Path) -> None:
    """Raise if the buf configuration does not match the settings."""
    project = Project.at(path.parent)
    try:
        _ = project.workspace
    except FieldstoneError as error:
        if path.name in str(error) or _MODULE.search(str(error)):
            raise


def _has_settings(text: str) -> bool:
    """Whether a file has a table [tool.fieldstone], also one that is not TOML yet."""
    try:
        content: Any = tomllib.loads(text)
    except (ValueError, RecursionError):
        return bool(re.search(r"^\s*\[+\s*tool\s*\.\s*fieldstone\b", text, re.MULTILINE))
    return isinstance(content.get("tool"), dict) and "fieldstone" in content["tool"]


def _location(problem: str, path: Path, text: str) -> Location:
    """The place of an error: of TOML, of the key that it names, or the first line."""
    lines = text.split("\n")
    if found := _AT.search(problem):
        line, column = int(found[1]), int(found[2])
        before = lines[line - 1][: column - 1] if line <= len(lines) else ""
        return Location("", line, len(before) + 1)
    if _AT_END.search(problem):
        return Location("", len(lines), 1)
    line = _line_of(_key_of(problem.replace(str(path), path.name)), path, lines)
    indent = len(lines[line - 1]) - len(lines[line - 1].lstrip())
    return Location("", line, indent + 1)


def _key_of(problem: str) -> str:
    """The dotted key that an error names; empty if it names none."""
    if module := _MODULE.search(problem):
        return f"modules.{next(filter(None, module.groups()))}"
    found = _KEY.match(problem)
    return found["key"] if found else ""


def _line_of(key: str, path: Path, lines: list[str]) -> int:
    """The line of a key, or of the innermost table around it that there is; the first line for none."""
    prefix = "" if path.name == OWN_FILE else "tool.fieldstone."
    places = dict(reversed([*_keys(lines)]))
    full = f"{prefix}{key}"
    while full:
        if full in places:
            return places[full]
        full = re.sub(r"(\[\d+\]|\.?[^.\[]+)$", "", full)
    return 1


def _keys(lines: list[str]) -> Iterator[tuple[str, int]]:
    """Each key and table header with its dotted path and its line; entries of arrays of tables count from 1."""
    table = ""
    counts: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if header := _HEADER.match(line):
            table = _plain(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, 0) + 1
                table = f"{table}[{counts[table]}]"
            yield table, number
        elif assigned := _ASSIGNED.match(line):
            name = _plain(assigned[1])
            yield (f"{table}.{name}" if table else name), number


def _plain(key: str) -> str:
    """A dotted key without quotes and white space."""
    return re.sub(r"\s*\.\s*", ".", key).replace('"', "").replace("'", "")
