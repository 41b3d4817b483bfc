"""Modules that do not compile: the compiler's errors as findings, without duplicates."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from fieldstone.compatibility.finding import COMPILE_ERROR, Finding, ModuleReport, fingerprint
from fieldstone.project.project import Project
from fieldstone.regular_file import read_file
from fieldstone.schema.digest import imports
from fieldstone.schema.location import Location
from fieldstone.toolchain.buf_limits import way_out
from fieldstone.toolchain.checkout_gaps import Gaps, find_gaps
from fieldstone.toolchain.diagnostic import CompileError, Diagnostic
from fieldstone.workspace.modules import Module

_NO_FILE = "imported file does not exist"
"""buf's message for an import without a file."""


def report_of_uncompiled(project: Project, module: Module, error: CompileError, start: Path) -> ModuleReport:
    """The report of a module that cannot be judged because it, or a module it imports, does not compile.

    Args:
        project: where the module is.
        module: the module.
        error: the errors of the compiler, with paths relative to the workspace.
        start: the folder that paths in the report are relative to.
    """
    gaps = find_gaps(project.workspace.root)
    found = [_finding(project, module, annotation, start, gaps) for annotation in error.errors]
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


def _finding(project: Project, module: Module, annotation: Diagnostic, start: Path, gaps: Gaps) -> Finding:
    root = project.workspace.root
    path = Path(os.path.relpath(root / annotation.path, start)).as_posix() if annotation.path else ""
    return Finding(
        rule=COMPILE_ERROR,
        subject=annotation.path or module.name,
        message=annotation.message,
        location=Location(path, annotation.line, annotation.column, annotation.end_line, annotation.end_column),
        fix=way_out(annotation.message)
        or _completion(gaps, annotation, root)
        or f"make it compile: until then {module.name} cannot be judged",
        fingerprint=fingerprint(COMPILE_ERROR, annotation.path, annotation.message),
    )


def _completion(gaps: Gaps, annotation: Diagnostic, root: Path) -> str:
    """How to complete the checkout, if a file is missing in it or is the text of a symbolic link; else empty."""
    if annotation.message == _NO_FILE:
        way = gaps.way_to(_imported(root / annotation.path, annotation.line))
        return f"{way}; or add the file that is imported" if way else ""
    file = PurePosixPath(os.path.relpath(root / annotation.path, gaps.top)).as_posix()
    return gaps.way_out(root / annotation.path) if file in gaps.links else ""


def _imported(file: Path, line: int) -> str:
    """The path that a file imports on a line; a text that is no path if the line has no import."""
    text = read_file(file).decode("utf-8", "replace").splitlines()[line - 1 : line]
    return next(iter(imports("".join(text).encode())), "?")


def _owner(project: Project, path: str) -> str:
    """The name of the module that has a file, given relative to the workspace; empty if none has."""
    below = {m.name: "" if m.path == "." else f"{m.path}/" for m in project.workspace.modules.values()}
    found = [
        name
        for name, prefix in below.items()
        if path.startswith(prefix) and project.workspace.modules[name].owns(path[len(prefix) :])
    ]
    return max(found, key=lambda name: len(below[name]), default="")  # modules may be nested
