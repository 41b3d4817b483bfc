"""Check: style, compatibility with the baseline and the whole history, and the registry's integrity."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fieldstone.compatibility.finding import Finding, ModuleReport, Report, fingerprint
from fieldstone.errors import FieldstoneError
from fieldstone.registry import Defect
from fieldstone.registry.manifest import Release
from fieldstone.schema.digest import manifest
from fieldstone.schema.workspace import Module
from fieldstone.workflows.project import Project

if TYPE_CHECKING:
    from fieldstone.schema.annotation import Annotation
    from fieldstone.schema.buf import Running


def check(
    project: Project,
    names: Sequence[str] = (),
    *,
    against: str = "",
    start: Path | None = None,
    full: bool = False,
) -> Report:
    """Check modules as they are in the working tree.

    Args:
        project: where they are.
        names: which ones; all of them by default.
        against: a version, a path or a git revision to judge against instead of the newest release.
        start: the folder that paths in the report are relative to; the working directory by default.
        full: compile and compare also where the sources are as released.

    Raises:
        FieldstoneError: anything that keeps the check from being done.
    """
    here = (start or Path.cwd()).resolve()
    checks = [_ModuleCheck(project, module, against, here, full) for module in project.modules(names)]
    return Report(tuple(checked.report() for checked in checks))


def is_unchanged(project: Project, module: Module, release: Release) -> bool:
    """Whether a module's .proto files, and those of the modules that it imports, are as released.

    Raises:
        FieldstoneError: a file cannot be read, or a release that it needs is not in the registry.
    """
    protos = {path: digest for path, digest in release.sources.items() if path.endswith(".proto")}
    if protos != manifest(module.protos()):
        return False
    return all(_is_pinned(project, link.name, link.version) for link in release.dependencies)


def _is_pinned(project: Project, name: str, version: str) -> bool:
    other = project.workspace.modules.get(name)
    if other is not None:
        return is_unchanged(project, other, project.registry.release(name, version))
    locks = {project.workspace.root, *(module.root for module in project.workspace.modules.values())}
    return any(version.encode() in (lock / "buf.lock").read_bytes() for lock in locks if (lock / "buf.lock").is_file())


@dataclass
class _ModuleCheck:
    """The check of one module; compiler and linter start at once, so that several run side by side.

    Where the contract is as released it is not compiled again, and where the buf configuration is
    the one that the release was judged under, its style is not judged again.
    """

    project: Project
    module: Module
    against: str
    start: Path
    full: bool

    def __post_init__(self) -> None:
        if not self.module.proto_files:
            raise FieldstoneError(f"module {self.module.name} has no .proto files below {self.module.root}")
        self.newest = self.project.newest(self.module)
        self.compiling: Running | None = None
        self.linting: Running | None = None
        if not self._style_is_known():
            self.linting = self._start("lint")
        if self.against or not self._is_unchanged:
            self.compiling = self._start("build")

    @cached_property
    def _is_unchanged(self) -> bool:
        return self.newest is not None and not self.full and is_unchanged(self.project, self.module, self.newest)

    def _style_is_known(self) -> bool:
        known = self.newest.style if self.newest else ""
        return self._is_unchanged and known == self.project.workspace.style_digest(self.module)

    def _start(self, verb: Literal["lint", "build"]) -> Running:
        from fieldstone.schema import buf

        workspace = self.project.workspace
        exclude = workspace.excluded_paths(self.project.settings.registry)
        start = {"lint": buf.lint, "build": buf.build}[verb]
        return start(self.module.path, cwd=workspace.root, exclude=exclude)

    def report(self) -> ModuleReport:
        """Wait for compiler and linter, and judge."""
        found = [self._defect_finding(defect) for defect in self.project.registry.defects(self.module.name)]
        if self.linting is not None:
            found += [self._style_finding(annotation) for annotation in self.linting.annotations(what="buf lint")]
        if self.compiling is None:
            version = self.newest.version if self.newest else ""
            return ModuleReport(
                module=self.module.name, findings=tuple(found), compared_with=version, allowed=not found
            )
        from fieldstone.workflows.baseline import judge_module

        image = self.compiling.output(what=f"{self.module.path} does not compile")
        return judge_module(self.project, self.module, image, against=self.against, start=self.start, also=found)

    def _style_finding(self, annotation: Annotation) -> Finding:
        from fieldstone.schema.model import Location

        path = os.path.relpath(self.project.workspace.root / annotation.path, self.start)
        return Finding(
            rule=annotation.rule,
            subject=annotation.path,
            message=annotation.message,
            place=Location(path, annotation.line, annotation.column, annotation.end_line, annotation.end_column),
            fingerprint=fingerprint(annotation.rule, annotation.path, annotation.message),
        )

    def _defect_finding(self, defect: Defect) -> Finding:
        from fieldstone.schema.model import Location

        subject = f"{defect.module} {defect.version}"
        return Finding(
            rule=defect.kind,
            subject=subject,
            message=defect.problem,
            place=Location(os.path.relpath(defect.path, self.start)),
            fix=defect.fix,
            fingerprint=fingerprint(defect.kind, subject, defect.path),
        )
