"""The buf commands of a check: run once for all modules that allow it, side by side for the others."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fieldstone.project.project import Project
from fieldstone.workspace.modules import Module

if TYPE_CHECKING:
    from fieldstone.checking.joint.together import Together
    from fieldstone.toolchain.buf import Running
    from fieldstone.toolchain.joint import Compiling, Inspecting


class Runs:
    """The runs of buf for the modules of a check.

    Args:
        project: where the modules are.
        under_way: closed at the end of the check; stops the processes that still run.
        several: whether several modules are checked. If not, each run starts when it is asked for.
    """

    def __init__(self, project: Project, under_way: ExitStack, *, several: bool) -> None:
        self._project, self.several = project, several
        self._under_way = under_way

    def begin(self) -> None:
        """Start all that was asked for and waits for a common run.

        Raises:
            FieldstoneError: there is no buf.
        """
        if "_together" in vars(self):
            self._together.begin()

    @cached_property
    def _together(self) -> Together:
        """The common runs, imported when a module changed: an unchanged one needs no protobuf."""
        from fieldstone.checking.joint.together import Together

        return Together(self._project.workspace, self.alone, self._breaking_alone, self._close_at_end)

    def build(self, module: Module, only: Sequence[str] = ()) -> Compiling:
        """`buf build` on files of a module, given by import path, with all their imports; on all if none is given."""
        return self._together.build(module, only) if self.several else self.alone("build", module, only)

    def lint(self, module: Module, only: Sequence[str] = ()) -> Inspecting:
        """`buf lint` on files of a module, given by import path; on all if none is given."""
        return self._together.lint(module, only) if self.several else self.alone("lint", module, only)

    def breaking(self, old: bytes, new: bytes) -> Inspecting:
        """`buf breaking` on a pair of images, together with those of other modules."""
        return self._together.breaking(old, new)

    def alone(self, verb: Literal["build", "lint"], module: Module, only: Sequence[str] = ()) -> Running:
        """Start `buf build` or `buf lint` on one module at once; see there."""
        from fieldstone.toolchain import buf

        workspace = self._project.workspace
        to_buf = workspace.input_of(module, self._project.settings.registry_folder)
        given = [path if module.path == "." else f"{module.path}/{path}" for path in only]
        start = {"build": buf.build, "lint": buf.lint}[verb]
        few = len(only or module.proto_paths) <= buf.FEW
        running = start(
            to_buf.target, cwd=workspace.buf_root, exclude=to_buf.exclude, only=given, within=to_buf.within, few=few
        )
        return self._close_at_end(running)

    def _breaking_alone(self, old: bytes, new: bytes) -> Running:
        """Start `buf breaking` on a pair of images at once."""
        from tempfile import TemporaryDirectory

        from fieldstone.toolchain import buf

        scratch = self._under_way.enter_context(TemporaryDirectory(prefix="fieldstone-"))
        return self._close_at_end(buf.breaking(old, new, scratch=Path(scratch)))

    def _close_at_end(self, running: Running) -> Running:
        """The process, which is closed at the end of the check."""
        self._under_way.callback(running.close)
        self._project.phases.started(running.kill)
        return running
