"""Modules that do not compile: the compiler's errors as findings, without duplicates."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from fieldstone.compatibility.finding import COMPILE_ERROR, Finding, ModuleReport, fingerprint
from fieldstone.project.project import Project
from fieldstone.schema.location import Location
from fieldstone.toolchain.buf_limits import way_out
from fieldstone.toolchain.diagnostic import CompileError, Diagnostic
from fieldstone.workspace.modules import Module


def report_of_uncompiled(project: Project, module: Module, error: CompileError, start: Path) -> ModuleReport:
    """The report of a module that cannot be judged because it, or a module it imports, does not compile.

    Args:
        project: where the module is.
        module: the module.
        error: the errors of the compiler, with paths relative to the workspace.
        start: the folder that paths in the report are relative to.
    """
    found = [_finding(project, module, annotation, start) for annotation in error.errors]
    imported = [finding.location.path for finding in found if _owner(project, finding.subject) not in {"", module.name}]
    is_own = len(imported) < len(found)
    why = "it does not compile" if is_own else f"it imports {imported[0]}, which does not compile"
    return ModuleReport(module=module.name, findings=tuple(found), allowed=False, unjudged_because=why)


def without_duplicates(project: Project, reports: Sequence[ModuleReport]) -> list[ModuleReport]:
    """The reports without errors in files of other modules whose own reports have them.

    Args:
        project: where the modules are.
        reports: the report of each module.
    """
    uncompiled = {report.module for report in reports if not report.judged}

    def belongs_to(report: ModuleReport, finding: Finding) -> bool:
        return finding.rule != COMPILE_ERROR or _owner(project, finding.subject) not in uncompiled - {report.module}

    return [replace(r, findings=tuple(f for f in r.findings if belongs_to(r, f))) for r in reports]


def _finding(project: Project, module: Module, annotation: Diagnostic, start: Path) -> Finding:
    root = project.workspace.root
    path = Path(os.path.relpath(root / annotation.path, start)).as_posix() if annotation.path else ""
    return Finding(
        rule=COMPILE_ERROR,
        subject=annotation.path or module.name,
        message=annotation.message,
        location=Location(path, annotation.line, annotation.column, annotation.end_line, annotation.end_column),
        fix=way_out(annotation.message) or f"make it compile: until then {module.name} cannot be judged",
        fingerprint=fingerprint(COMPILE_ERROR, annotation.path, annotation.message),
    )


def _owner(project: Project, path: str) -> str:
    """The name of the module that has a file, given relative to the workspace; empty if none has."""
    below = {m.name: "" if m.path == "." else f"{m.path}/" for m in project.workspace.modules.values()}
    found = [
        name
        for name, prefix in below.items()
        if path.startswith(prefix) and project.workspace.modules[name].owns(path[len(prefix) :])
    ]
    return max(found, key=lambda name: len(below[name]), default="")  # modules may be nested
