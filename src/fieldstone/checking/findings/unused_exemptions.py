"""Findings about exemptions in the settings whose path is at no file, as after a typing error."""

from __future__ import annotations

import os.path
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.checking.judgement import policy_of
from fieldstone.compatibility.exemption import UNUSED, is_at
from fieldstone.compatibility.finding import Finding, Level, ModuleReport, fingerprint
from fieldstone.project.project import Project
from fieldstone.regular_file import read_file
from fieldstone.schema.location import Location


class _Entry(Struct, frozen=True):
    """A path in the settings: the module of its table, empty for the general keys; and its dotted key."""

    module: str
    key: str
    path: str


def with_unused_exemptions(
    project: Project, reports: Sequence[ModuleReport], *, all_modules: bool, start: Path
) -> list[ModuleReport]:
    """The reports of a check, with findings about the repository's own exemptions that are at no file.

    A file counts if a module has it now, or a release of it had it. One of the general keys is reported with the
    first module if all modules are checked.

    Args:
        project: the project with the settings.
        reports: the report of each module.
        all_modules: whether these are all modules.
        start: the folder that paths in the report are relative to.

    Raises:
        FieldstoneError: the registry or the settings file cannot be read.
    """
    file = project.settings.file
    names = [report.module for report in reports]
    entries = _entries(_own_values(project))
    idle = [entry for entry in entries if _is_idle(project, entry, names, all_modules=all_modules)]
    if file is None or not idle:
        return [*reports]
    text = read_file(file).decode("utf-8", "replace")
    return [
        _judged(project, report, [_finding(e, file, text, start) for e in idle if (e.module or names[0]) == name])
        for report, name in zip(reports, names, strict=True)
    ]


def _own_values(project: Project) -> Mapping[str, Any]:
    """The settings of the repository's own file: shared ones name files that other repositories have."""
    settings = project.settings
    return settings.layers[0].values if settings.layers else settings.values


def _entries(values: Mapping[str, Any]) -> Iterator[_Entry]:
    for module, table in {"": values, **values.get("modules", {})}.items():
        start = f"modules.{module}." if module else ""
        keys = {"exempt-paths": table.get("exempt-paths", ())}
        keys |= {f"exempt-rules.{rule}": paths for rule, paths in table.get("exempt-rules", {}).items()}
        for key, paths in keys.items():
            yield from (_Entry(module, start + key, Path(path).as_posix()) for path in paths)


def _is_idle(project: Project, entry: _Entry, names: Collection[str], *, all_modules: bool) -> bool:
    """Whether an entry is about the checked modules, and at no file of them."""
    if entry.module not in names if entry.module else not (all_modules and names):
        return False
    modules = [entry.module] if entry.module else [*{*names, *project.registry.modules()}]
    return not any(is_at(path, entry.path) for name in modules for path in _files(project, name))


def _files(project: Project, name: str) -> Iterator[str]:
    """The import paths of a module's files: those that it has now, then those of its releases, the newest first."""
    module = project.workspace.modules.get(name)
    yield from module.all_paths if module else ()
    for version in reversed(project.registry.versions(name)):
        yield from project.registry.release(name, str(version)).digested


def _judged(project: Project, report: ModuleReport, found: Sequence[Finding]) -> ModuleReport:
    refused = bool(policy_of(project.settings.module(report.module)).refuses(found))
    return replace(report, findings=(*report.findings, *found), allowed=report.allowed and not refused)


def _finding(entry: _Entry, file: Path, text: str, start: Path) -> Finding:
    return Finding(
        rule=UNUSED,
        subject=f"{entry.key} {entry.path}",
        message=f"`{entry.key}` names {entry.path}, and no file is there, now or in a release",
        location=Location(Path(os.path.relpath(file, start)).as_posix(), _line(text, entry.path)),
        fix="write the path as other files import it, or delete it",
        level=Level.WARNING,
        fingerprint=fingerprint(UNUSED, entry.key, entry.path),
    )


def _line(text: str, path: str) -> int:
    """The first line of a settings file with a path in quotes; 0 if it is written in another way."""
    quoted = re.compile(f"[\"']{re.escape(path)}/?[\"']")
    return next((number for number, line in enumerate(text.split("\n"), 1) if quoted.search(line)), 0)
