"""The checks of an editor's session: warm projects, one check at a time, given up when the text changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.checking.options import CheckOptions
from fieldstone.compatibility.finding import COMPILE_ERROR, Finding, ModuleReport
from fieldstone.errors import FieldstoneError
from fieldstone.lsp.text.buffers import Buffer
from fieldstone.lsp.ticket import Ticket
from fieldstone.project.project import Project
from fieldstone.project.settings_file import OWN_FILE
from fieldstone.workflows.check import check
from fieldstone.workspace.modules import Module
from fieldstone.workspace.unsaved import Unsaved

SETTINGS = (OWN_FILE, "pyproject.toml")
"""The names of settings files."""

_OPTIONS = CheckOptions(second_opinion=False, linter=False, all_errors=False)
"""The commit and the pipeline have the second opinion, and `buf lsp` has the linter and the errors of the compiler."""


class Judged(Struct, frozen=True):
    """The result of a check of the open buffers of one project.

    Attributes:
        project: the project.
        asked: the modules that own one of the buffers.
        modules: the report of each of them that compiles, by name.
        buffers: the texts that were judged, by absolute path.
        is_warm: whether it trusts what an earlier check read of other files.
    """

    project: Project
    asked: frozenset[str]
    modules: Mapping[str, ModuleReport]
    buffers: Mapping[str, Buffer]
    is_warm: bool

    def findings(self, path: Path) -> list[tuple[ModuleReport, Finding]]:
        """The findings in a file, given by its absolute path, each with the report of its module."""
        return [
            (report, finding)
            for report in self.modules.values()
            for finding in report.findings
            if place_of(self.project, finding) == path
        ]


def place_of(project: Project, finding: Finding) -> Path:
    """The absolute path of the file that a finding is about."""
    return project.settings.root / finding.location.path


class Room:
    """The projects of a session. Its methods run in one thread, but for `forget`.

    A project stays warm: settings, modules, digests and registry are read again only after `forget`.
    """

    def __init__(self) -> None:
        self._warm: dict[Path, Project] = {}
        self._new: dict[Path, frozenset[str]] = {}
        self._roots: dict[Path, Path] = {}
        self._is_out_of_date = False

    def forget(self) -> None:
        """Read everything on disk anew with the next check."""
        self._is_out_of_date = True

    def close(self) -> None:
        """Remove the folders that buf ran in."""
        for project in self._warm.values():
            if project.unsaved:
                project.unsaved.close()
        self._warm.clear()

    def root_of(self, path: Path) -> Path:
        """The folder of the settings that apply to a file.

        Raises:
            FieldstoneError: its settings cannot be read.
        """
        self._drop_if_out_of_date()
        if path.parent not in self._roots:
            self._roots[path.parent] = self._opened(_existing(path.parent)).settings.root
        return self._roots[path.parent]

    def project_of(self, path: Path) -> Project:
        """The project that a file belongs to, as it was read last.

        Raises:
            FieldstoneError: its settings cannot be read.
        """
        return self._warm[self.root_of(path)]

    def _opened(self, folder: Path) -> Project:
        project = Project.at(folder)
        root = project.settings.root
        if root not in self._warm:
            self._warm[root] = replace(project, unsaved=Unsaved())
        return self._warm[root]

    def _drop_if_out_of_date(self) -> None:
        if self._is_out_of_date:
            self._is_out_of_date = False
            unsaved = {root: project.unsaved for root, project in self._warm.items()}
            self._warm.clear()
            self._roots.clear()
            for root, texts in unsaved.items():
                self._reopen(root, texts or Unsaved())

    def _reopen(self, root: Path, unsaved: Unsaved) -> None:
        """Read a project anew; if it is none any more, its next check tells why."""
        with suppress(FieldstoneError):
            project = Project.at(root)
            if project.settings.root == root:
                self._warm[root] = replace(project, unsaved=unsaved)
                return
        unsaved.close()

    def modules_of(self, project: Project, buffers: Sequence[Buffer]) -> list[Module]:
        """The modules that own one of the buffers.

        Raises:
            FieldstoneError: the modules cannot be read.
        """
        return [
            module
            for module in project.workspace.modules.values()
            if any(import_path(module, buffer.path) for buffer in buffers)
        ]

    def judge(self, root: Path, buffers: Sequence[Buffer], ticket: Ticket) -> Judged:
        """Check the modules of a project that own one of the buffers, with their texts for the files.

        Args:
            root: the folder of the settings.
            buffers: all open buffers below it.
            ticket: to give the check up.

        Raises:
            FieldstoneError: anything that keeps the check from being done.
            Given: the check was given up.
        """
        self._drop_if_out_of_date()
        project = self._warm.get(root) or self._opened(root)
        is_warm = "registry" in vars(project)
        texts = {str(buffer.path): buffer.content for buffer in buffers if buffer.is_unsaved}
        project = self._with_texts(root, project, texts)

        project.phases.told, project.phases.started = ticket.told, ticket.started
        names = [module.name for module in self.modules_of(project, buffers)]
        reports = check(project, names, start=root, options=_OPTIONS).report.modules if names else ()
        return Judged(
            project,
            frozenset(names),
            {report.module: report for report in reports if _is_judged(report)},
            {str(buffer.path): buffer for buffer in buffers},
            is_warm,
        )

    def _with_texts(self, root: Path, project: Project, texts: Mapping[str, bytes]) -> Project:
        """The project for the next check; its modules are listed again if a new file appears that is not on disk."""
        new = frozenset(path for path in texts if not Path(path).exists())
        unsaved = project.unsaved or Unsaved()
        unsaved.stand(texts)
        project = project.again()
        if new != self._new.get(root, frozenset()):
            vars(project).pop("workspace", None)
        self._new[root] = new
        self._warm[root] = project
        return project


def import_path(module: Module, file: Path) -> str:
    """The import path of a file in a module; empty if the module does not own it."""
    if module.root not in file.parents:
        return ""
    path = file.relative_to(module.root).as_posix()
    return path if module.owns(path) else ""


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one around it that exists: a new file may lie in a new folder."""
    return next(each for each in (folder, *folder.parents) if each.is_dir())


def _is_judged(report: ModuleReport) -> bool:
    return report.judged and not any(finding.rule == COMPILE_ERROR for finding in report.findings)
