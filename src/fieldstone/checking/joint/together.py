"""Collects the requests of several modules for buf, to answer them by common runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from fieldstone.checking.joint.breaking import Images, Start, compare_together
from fieldstone.toolchain.buf import Running
from fieldstone.toolchain.diagnostic import Diagnostic
from fieldstone.toolchain.joint import CompiledPart, Compiling, InspectedPart, Inspecting, Joint
from fieldstone.workspace.joint_runs import JointRuns, Wanted
from fieldstone.workspace.modules import Module, Workspace


class Alone(Protocol):
    """Starts `buf build` or `buf lint` on one module, on files given by import path or on all."""

    def __call__(self, verb: Literal["build", "lint"], module: Module, only: Sequence[str] = ()) -> Running:
        """See `Runs.alone`."""


class Together:
    """Requests for buf that wait for `begin`.

    Args:
        workspace: where the modules are.
        alone: starts the run of a single module.
        breaking: starts `buf breaking` on an old and a new image.
        started: called with each other process that is started, so that it can be closed.
    """

    def __init__(
        self, workspace: Workspace, alone: Alone, breaking: Start, started: Callable[[Running], object]
    ) -> None:
        self._workspace, self._alone, self._breaking = workspace, alone, breaking
        self._joint = JointRuns(workspace, started)
        self._builds = Joint[Wanted, bytes](self._joint.build)
        self._lints = Joint[Wanted, Sequence[Diagnostic]](self._joint.lint)
        self._comparisons = Joint[Images, Sequence[Diagnostic]](lambda asked: compare_together(asked, breaking))

    def begin(self) -> None:
        """Start the common runs.

        Raises:
            FieldstoneError: there is no buf.
        """
        for joint in (self._builds, self._lints, self._comparisons):
            joint.begin()

    def build(self, module: Module, only: Sequence[str]) -> Compiling:
        """`buf build`: a part of a common run, or a run of its own where that could differ."""
        wanted = Wanted(module, tuple(only))
        if not self._joint.takes(wanted):
            return self._alone("build", module, only)
        part = CompiledPart[Wanted](wanted, lambda _: self._alone("build", module, only))
        self._builds.add(part)
        return part

    def lint(self, module: Module, only: Sequence[str]) -> Inspecting:
        """`buf lint`: a part of a common run, or a run of its own where that could differ."""
        wanted = Wanted(module, tuple(only))
        brings_rules = self._workspace.brings_rules(module)  # of plugins, which may do anything
        if brings_rules or not self._joint.takes(wanted):
            return self._alone("lint", module, only)
        part = InspectedPart[Wanted](wanted, lambda _: self._alone("lint", module, only))
        self._lints.add(part)
        return part

    def breaking(self, old: bytes, new: bytes) -> Inspecting:
        """`buf breaking` on a pair of images: a part of a common run."""
        part = InspectedPart[Images](Images(old, new), lambda images: self._breaking(images.old, images.new))
        self._comparisons.add(part)
        return part
