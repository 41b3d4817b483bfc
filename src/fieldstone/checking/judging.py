"""The judgement of one module, whole or in part, against its baseline, as a report."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.checking.baseline import (
    THE_TREE,
    Baseline,
    find_baseline,
    history,
    place_of,
    released,
    removed_baseline,
    sunsets_since,
)
from fieldstone.checking.checked import Checked
from fieldstone.checking.judgement import (
    Judgement,
    Side,
    bump_since,
    decide,
    judge_change,
    judge_first,
    judge_natively,
    passing_before_1_0,
    relocate,
    settings_in,
)
from fieldstone.checking.options import CheckOptions
from fieldstone.checking.witnesses import with_witnesses
from fieldstone.compatibility.finding import ModuleReport
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.verdict import Bump
from fieldstone.incremental.slices import Slice
from fieldstone.project.project import Project
from fieldstone.project.settings import ModuleSettings
from fieldstone.registry.release import SOURCES
from fieldstone.schema.descriptors import ImageLoader, load_imports, load_schema
from fieldstone.schema.image import content_digests, with_own
from fieldstone.schema.location import Location
from fieldstone.schema.model import Schema
from fieldstone.workspace.modules import Module

if TYPE_CHECKING:
    from fieldstone.registry.release import Release
    from fieldstone.toolchain.joint import Inspecting


class Judging(Struct, frozen=True):
    """A module with its baseline, about to be judged; the report covers the whole module.

    Attributes:
        project: where the module is.
        module: the module.
        baseline: its baseline; None for a new module.
        new: the module as it is now, whole or the part that can differ.
        start: the folder that paths in the report are relative to.
        options: the optional parts of the check.
        same_sources: whether everything that the module's digest covers is unchanged since the baseline.
        since: the bump that it needs since other releases.
        against: the baseline, as for `find_baseline`.
        today: the day to judge as of, in UTC; today's by default.
        image: the compiled module with all its imports; empty if only a part of it was compiled.
    """

    project: Project
    module: Module
    baseline: Baseline | None
    new: Side
    start: Path
    options: CheckOptions
    same_sources: Callable[[], bool]
    since: Callable[[], Bump]
    against: str = ""
    today: date | None = None
    image: bytes = b""

    def images(self) -> tuple[bytes, bytes] | None:
        """The images for `buf breaking`; None if it is not to run."""
        if self.baseline is None or not self.options.second_opinion:
            return None
        return self.baseline.side.compared, self.new.compared

    def checked(self, asked: Inspecting | None = None) -> Checked:
        """Judge the module.

        Args:
            asked: `buf breaking` on `images`, if it was started before.

        Raises:
            FieldstoneError: an image cannot be read, or the engines disagree.
        """
        return Checked(self._report(asked), self.image, self.new if self.image else None)

    def _report(self, asked: Inspecting | None) -> ModuleReport:
        project, module, baseline = self.project, self.module, self.baseline
        line = project.line_of(module.name)
        settings = settings_in(line, project.settings.module(module.name))
        versions = project.versions(module.name)
        judgement = self._judgement(settings, asked)
        before = baseline.at if baseline else module.root.joinpath
        findings = tuple(relocate(finding, module.root, before, self.start) for finding in judgement.findings)
        of_others = self.since()
        alone = self.against and judgement.bump is not Bump.MAJOR
        of_next = of_others if alone else max(judgement.bump, of_others)
        findings = passing_before_1_0(findings, versions, settings)
        verdict = decide(findings, of_next, versions, settings, line=line, beside=project.versions_beside(module.name))
        return ModuleReport(
            module=module.name,
            line=line,
            findings=findings,
            compared_with=baseline.side.label if baseline else "",
            changed=judgement.changed,
            bump=str(judgement.bump if self.against else of_next),
            version=str(verdict.version or ""),
            allowed=verdict.allowed,
            differs=judgement.bump is not Bump.NONE,
        )

    def _judgement(self, settings: ModuleSettings, asked: Inspecting | None) -> Judgement:
        project, module, baseline, options = self.project, self.module, self.baseline, self.options
        sunsets = sunsets_since(project, module.name, baseline)
        if baseline is None:
            return judge_first(self.new.schema, settings, style=options.style, sunsets=sunsets, today=self.today)
        ledger = history(project, module)
        judgement = judge_change(
            baseline.side,
            self.new,
            ledger,
            settings,
            same_sources=self.same_sources(),
            second_opinion=options.second_opinion,
            asked=asked,
            style=options.style,
            sunsets=sunsets,
            today=self.today,
        )
        if not options.witness:
            return judgement
        old = baseline.side
        proven = with_witnesses(judgement.findings, old, self.new, project=project, module=module.name, ledger=ledger)
        return replace(judgement, findings=proven)


def judging_of_slice(
    project: Project,
    module: Module,
    touched: Slice,
    *,
    stable: Slice | None,
    start: Path,
    options: CheckOptions,
    today: date | None = None,
) -> Judging:
    """The part of a module that differs from its newest release, about to be judged.

    Args:
        project: where the module is.
        module: the module.
        touched: the part.
        stable: if the newest release is a pre-release, the part that differs from the newest stable one.
        start: the folder that paths in the report are relative to.
        options: the optional parts of the check.
        today: the day to judge as of, in UTC; today's by default.

    Raises:
        FieldstoneError: an image cannot be read.
    """
    baseline, new = _sides(project, module, touched)

    def since() -> Bump:
        if stable is None:
            return Bump.NONE
        before, after = _sides(project, module, stable)
        return bump_since(
            before.side.schema,
            after.schema,
            project.settings.module(module.name),
            same_sources=stable.same_sources,
            sunsets=sunsets_since(project, module.name, before),
            today=today,
        )

    return Judging(
        project,
        module,
        baseline,
        new,
        start,
        options,
        same_sources=lambda: touched.same_sources,
        since=since,
        today=today,
    )


def _sides(project: Project, module: Module, touched: Slice) -> tuple[Baseline, Side]:
    """Both sides of a part of a module, read on demand."""
    release = touched.release
    label, tree = project.registry.label(release), f"the image of {module.path}"
    loader = cache(lambda: ImageLoader(touched.judged[0], where=label))
    shared = cache(lambda: loader().lazily(touched.shared))
    whole, compared = cache(touched.whole), cache(touched.compared)
    own = {*touched.touched, *touched.shared}

    def imported(side: int, where: str) -> Callable[[], Schema]:
        return lambda: load_imports(whole()[side], where=where, besides=own)

    old = Side(
        lambda: whole()[0],
        lambda: loader().load_changed(touched.touched, shared(), imported(0, label), touched.released),
        release.version,
        part=lambda: compared()[0],
    )
    new = Side(
        lambda: whole()[1],
        lambda: ImageLoader(touched.judged[1], where=tree).load_changed(touched.touched, shared(), imported(1, tree)),
        THE_TREE,
        unaltered=touched.touched,
        part=lambda: compared()[1],
    )
    place = place_of(project.registry, release)
    return Baseline(old, Path(label, SOURCES), release.protos.keys(), release.digest, place), new


def judging_of_module(
    project: Project,
    module: Module,
    image: bytes,
    *,
    against: str,
    start: Path,
    options: CheckOptions,
    today: date | None = None,
    baseline: Baseline | None = None,
) -> Judging:
    """A compiled module, about to be judged.

    Args:
        project: where the module is.
        module: the module.
        image: the compiled module.
        against: the baseline, as for `find_baseline`.
        start: the folder that paths in the report are relative to.
        options: the optional parts of the check.
        today: the day to judge as of, in UTC; today's by default.
        baseline: the baseline that `against` means, if it is loaded already.

    Raises:
        FieldstoneError: there is no such baseline, or it cannot be read.
    """
    baseline = baseline or find_baseline(project, module, against, since_parting=True)
    where = f"the image of {module.path}"
    had = baseline.own if baseline else ()
    compared = with_own(image, {*had} - module.proto_paths.keys(), where=where)
    each = partial(project.phases.counted, of=f"files of {THE_TREE}")
    new = Side(lambda: compared, lambda: load_schema(compared, where=where, each=each), THE_TREE)
    newest = project.newest(module) if against else None
    return Judging(
        project,
        module,
        baseline,
        new,
        start,
        options,
        same_sources=lambda: baseline is not None and _has_same_sources(project, baseline, new, module),
        since=lambda: _bump_since_releases(project, module, new, [newest] if newest else [], today),
        against=against,
        today=today,
        image=image,
    )


def judge_removal(
    project: Project, name: str, *, against: str, start: Path, witness: bool = False, today: date | None = None
) -> ModuleReport | None:
    """Judge the removal of a released module from the list of modules.

    None if the module was not listed at `against` either.

    Args:
        project: the project that the module was in.
        name: the module.
        against: a version, a path or a git revision; if empty, the newest release.
        start: the folder that paths in the report are relative to.
        witness: whether to add witnesses to the findings.
        today: the day to judge as of, in UTC; today's by default.

    Raises:
        FieldstoneError: the baseline cannot be read.
    """
    baseline = removed_baseline(project, name, against)
    if baseline is None:
        return None
    return judge_removal_since(project, name, baseline, start=start, witness=witness, today=today)


def judge_removal_since(
    project: Project, name: str, baseline: Baseline, *, start: Path, witness: bool = False, today: date | None = None
) -> ModuleReport:
    """Judge the removal of a released module against a baseline; see `judge_removal` for the arguments.

    Raises:
        FieldstoneError: the baseline cannot be read.
    """
    settings = project.settings.module(name)
    versions = project.versions(name)
    config = os.path.relpath(project.workspace.root / project.workspace.config, start)
    sunsets = sunsets_since(project, name, baseline)
    found = judge_natively(baseline.side.schema, Schema(), settings, sunsets=sunsets, today=today)
    if witness:
        nothing = Side(bytes, Schema, "")
        found = [*with_witnesses(found, baseline.side, nothing, project=project, module=name, ledger=Ledger())]
    findings = tuple(
        replace(relocate(finding, baseline.root, baseline.at, start), location=Location(config)) for finding in found
    )
    findings = passing_before_1_0(findings, versions, settings)
    verdict = decide(findings, Bump.MAJOR, versions, settings)
    return ModuleReport(
        module=name,
        findings=findings,
        compared_with=baseline.side.label,
        changed=len(list(baseline.side.schema.types())),
        bump=str(verdict.bump),
        version=str(verdict.version or ""),
        allowed=verdict.allowed,
    )


def _has_same_sources(project: Project, baseline: Baseline, new: Side, module: Module) -> bool:
    """Whether the sources are equal, comments and imports included; without digests, images are compared."""
    if baseline.digest:
        return baseline.digest == project.dependencies.digest(module)
    old, own = baseline.side, new.schema.files.keys()
    return content_digests(old.image, own, where=old.label) == content_digests(new.image, own, where=new.label)


def _bump_since_releases(
    project: Project, module: Module, new: Side, releases: Sequence[Release], today: date | None
) -> Bump:
    """The bump that the module needs since these releases and, after a pre-release, since the newest stable one."""
    stable = project.stable_before(module.name)
    settings = settings_in(project.line_of(module.name), project.settings.module(module.name))
    bump = Bump.NONE
    for release in (*releases, *([stable] if stable else [])):
        old = released(project, release)
        same = release.digest == project.dependencies.digest(module)
        sunsets = sunsets_since(project, module.name, old)
        since = bump_since(old.side.schema, new.schema, settings, same_sources=same, sunsets=sunsets, today=today)
        bump = max(bump, since)
    return bump
