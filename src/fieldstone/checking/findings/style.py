"""`buf lint` on a module: it starts on the changed files, and continues with the affected ones."""

from __future__ import annotations

import os.path
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from fieldstone.compatibility.finding import Finding, fingerprint

if TYPE_CHECKING:
    from fieldstone.incremental.slices import CompiledFiles
    from fieldstone.project.project import Project
    from fieldstone.toolchain.diagnostic import Diagnostic
    from fieldstone.toolchain.joint import Inspecting
    from fieldstone.workspace.modules import Module

_CYCLE = "PACKAGE_NO_IMPORT_CYCLE"
"""buf's rule on import cycles of packages."""

MANY = 10
"""From this many changed files on, the compiled image is linted; a second compile would cost more."""


class Linting:
    """The style of a module, or of some of its files.

    Args:
        project: where the module is.
        module: the module.
        start: starts `buf lint` on files given by import path, or on all if none is given; None to lint nothing.
        under_way: closed at the end of the check; stops the processes that still run.
    """

    def __init__(
        self,
        project: Project,
        module: Module,
        start: Callable[[Sequence[str]], Inspecting] | None,
        under_way: ExitStack,
    ) -> None:
        self._workspace, self._module = project.workspace, module
        self._start = start
        self._under_way = under_way
        self._running: list[tuple[Inspecting, str]] = []
        self._begun: frozenset[str] | None = None

    def begin(self, paths: Collection[str]) -> None:
        """Lint the changed files during the compile, if they are few."""
        if len(paths) < MANY:
            self.judge(paths)

    def judge_compiled(self, paths: Collection[str], files: CompiledFiles) -> None:
        """Lint the changed files if they are not being linted: few from their sources, many from the compiled image.

        Args:
            paths: the changed files.
            files: the compiled closure of their imports; each file comes after its imports.
        """
        if self._start is None or self._begun == frozenset():
            return  # lint nothing, or all files are already being linted
        config = self._config_for_images() if len(paths) >= MANY else None
        if config is None:
            self.judge(paths)
        else:
            self._judge_image(paths, files, config)

    def _judge_image(self, paths: Collection[str], files: CompiledFiles, config: Mapping[str, Any]) -> None:
        from tempfile import TemporaryDirectory

        from fieldstone.incremental.slices import image_to_lint
        from fieldstone.toolchain import buf

        wanted = frozenset(paths)
        image = image_to_lint(wanted, files)
        scratch = Path(self._under_way.enter_context(TemporaryDirectory(prefix="fieldstone-")))
        running = buf.lint_image(image, config, scratch=scratch)
        self._under_way.callback(running.close)
        self._take(running, wanted, below="" if self._module.path == "." else f"{self._module.path}/")

    def _config_for_images(self) -> Mapping[str, Any] | None:
        from fieldstone.workspace.config.lint_section import lint_config

        return lint_config(self._workspace, self._module)

    def judge(self, paths: Collection[str], *, apart: bool = False) -> None:
        """Lint these files, or all if none is given; files that are already being linted are not started again.

        Args:
            paths: the files, by import path.
            apart: whether further files may be linted on their own: no rule compares them with the others.
        """
        wanted = frozenset(paths)
        if self._start is None or wanted == self._begun:
            return
        if apart and self._begun and self._begun < wanted:
            self._running.append((self._start(sorted(wanted - self._begun)), ""))
            self._begun = wanted
        else:
            self._take(self._start(sorted(wanted)), wanted)

    def _take(self, running: Inspecting, paths: frozenset[str], *, below: str = "") -> None:
        """Replace all earlier runs with this one.

        Args:
            running: the run.
            paths: the files that it lints.
            below: a prefix for the paths in its diagnostics, with a slash at the end.
        """
        for begun, _ in self._running:
            begun.close()
        self._running, self._begun = [(running, below)], paths

    @property
    def covered(self) -> frozenset[str] | None:
        """The linted files, by import path; empty for all of them, None for none."""
        return self._begun

    def diagnostics(self) -> list[Diagnostic]:
        """The diagnostics in buf's order; none if nothing was linted.

        Raises:
            FieldstoneError: buf failed, or found that the module does not compile.
        """
        found = [
            replace(annotation, path=below + annotation.path)
            for running, below in self._running
            for annotation in running.diagnostics(what="buf lint")
        ]
        return sorted(found, key=lambda annotation: annotation.order) if len(self._running) > 1 else found


def style_finding(diagnostic: Diagnostic, *, top: Path, start: Path, fix: str) -> Finding:
    """A diagnostic of `buf lint` as a finding.

    Args:
        diagnostic: the diagnostic.
        top: the folder that its path is relative to.
        start: the folder that paths in the report are relative to.
        fix: what to do about it.
    """
    from fieldstone.schema.location import Location

    path = os.path.relpath(top / diagnostic.path, start)
    return Finding(
        rule=diagnostic.rule,
        subject=diagnostic.path,
        message=diagnostic.message,
        location=Location(path, diagnostic.line, diagnostic.column, diagnostic.end_line, diagnostic.end_column),
        fix=fix,
        fingerprint=fingerprint(*_key(diagnostic)),
    )


def new_style(style: Sequence[Diagnostic], before: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics of `buf lint` that a baseline does not have."""
    had = Counter(map(_key, before))
    new: list[Diagnostic] = []
    for diagnostic in style:
        key = _key(diagnostic)
        if not had[key]:
            new.append(diagnostic)
        had[key] -= had[key] > 0
    return new


def _key(diagnostic: Diagnostic) -> tuple[str, str, str]:
    """The identity of a diagnostic when lines move. Of several import cycles, buf names one at random."""
    return diagnostic.rule, diagnostic.path, "" if diagnostic.rule == _CYCLE else diagnostic.message
