"""The check of a change by the policy of its target branch, and of its changes to that policy."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.checking.findings.defects import finding_of
from fieldstone.checking.judgement import today_utc
from fieldstone.checking.options import DEFAULT_OPTIONS, CheckOptions
from fieldstone.checking.since.base import Base, base_at
from fieldstone.checking.since.consumers import lost_consumers
from fieldstone.checking.since.history import history_beside_a_gate
from fieldstone.checking.since.modules import Pairing, pair_modules, weakened_modules
from fieldstone.checking.since.policy import Weakened, added_waivers, weakened_settings, weakened_waivers
from fieldstone.checking.since.reference import Parting, Reference, parting
from fieldstone.checking.since.releases import lost_releases, new_releases, recorded_exemptions, recorded_waivers
from fieldstone.checking.since.style import changed_plugins, grown_style, weakened_style
from fieldstone.checking.since.tagged_history import unproven_history
from fieldstone.checking.since.third_party import weakened_third_party
from fieldstone.compatibility.finding import (
    POLICY,
    WEAKENED,
    Cause,
    Finding,
    Level,
    ModuleReport,
    Report,
    Since,
    fingerprint,
)
from fieldstone.project.project import Project
from fieldstone.project.settings import Settings
from fieldstone.registry import Defect, Registry, open_registry
from fieldstone.registry.release import Release
from fieldstone.schema.location import Location
from fieldstone.workflows.check import check
from fieldstone.workflows.readers import with_used_by
from fieldstone.workflows.verify import Verification

BEHIND = "branch-behind"
"""The id of the finding that the target branch has newer settings or releases than the merge base."""


def check_since(
    project: Project,
    reference: Reference,
    names: Sequence[str] = (),
    *,
    folder: Path,
    accepted: Collection[str] = (),
    against: str = "",
    start: Path | None = None,
    full: bool = False,
    options: CheckOptions = DEFAULT_OPTIONS,
) -> Report:
    """Check the modules of the working tree by the policy at the merge base of HEAD and a revision.

    Args:
        project: the change.
        reference: the revision.
        names: the modules to judge; all by default. Changes to the policy are always judged as a whole.
        folder: the absolute working directory of the command; the search for settings starts here.
        accepted: the ids of accepted findings about the policy; with them, the change's own policy applies.
        against: as for `check`.
        start: as for `check`.
        full: as for `check`.
        options: as for `check`.

    Raises:
        FieldstoneError: the revision cannot be used, or the check cannot be done for another reason.
    """
    here = (start or Path.cwd()).resolve()
    with ExitStack() as laid_out:
        at = parting(reference, folder)
        base = tip = laid_out.enter_context(base_at(at, folder))
        if at.tip != at.commit:
            tip = laid_out.enter_context(base_at(Parting(at.reference, at.tip, at.tip, at.top), folder))
        project = replace(project, asked=base.known_consumers)
        change = _Change(base, tip, project, accepted=WEAKENED in accepted, here=here, names=names)
        part = change.policy_report()
        modules: tuple[ModuleReport, ...] = ()
        unasked = ""
        if change.is_unmoved:
            judged_by = options if change.may_run_plugins else replace(options, style=False)
            with base.named():
                report = check(
                    change.judged,
                    names,
                    against=against,
                    start=here,
                    full=full,
                    unproven=change.unproven,
                    options=judged_by,
                ).report
            judged = with_used_by(change.judged, report, base.known_consumers)
            unasked = judged.unasked
            modules = tuple(change.in_checkout(module) for module in judged.modules)
        since = Since(
            ref=reference.label,
            label=base.parting.label,
            commit=base.parting.commit,
            variable=reference.variable,
            accepted=tuple(sorted(accepted)),
        )
    return Report(modules, part, since, unasked)


class _Change(Struct, dict=True):
    """A change, compared with its target branch.

    Attributes:
        base: the merge base.
        tip: the tip of the target branch.
        project: the change, with its own settings.
        accepted: whether the pipeline accepts a weaker policy.
        here: the absolute folder that paths in findings are relative to.
        names: the modules to judge; all if it is empty.
    """

    base: Base
    tip: Base
    project: Project
    accepted: bool
    here: Path
    names: Sequence[str] = ()

    def policy_report(self) -> ModuleReport:
        """The findings about settings, waivers, modules and releases."""
        weakened = [*self._moved]
        if self.is_unmoved and self.base.is_gated:
            weakened += self._weakened()
        findings = [*map(self._finding, weakened), *self._registry_findings(), *self._behind()]
        refused = any(finding.level is Level.ERROR for finding in findings)
        label = self.base.parting.label
        return ModuleReport(module=POLICY, findings=tuple(findings), compared_with=label, allowed=not refused)

    @property
    def is_unmoved(self) -> bool:
        """Whether settings, workspace and registry have the same paths as on the branch, or a move is accepted."""
        return self.accepted or not self._moved

    @property
    def may_run_plugins(self) -> bool:
        """Whether `buf lint` runs only programs that the branch names, or others are accepted."""
        return self.accepted or not self._changed_plugins

    @cached_property
    def judged(self) -> Project:
        """The change under the policy that applies to it; if releases were lost, with the branch's registry."""
        is_own = self._judges_itself
        settings = self.project.settings if is_own else self._policy
        workspace = self.project.workspace if is_own else self._pairing.workspace
        if self._lost:
            settings = replace(settings, values={**settings.values, "registry": str(self.base.lay_out_registry())})
        elif is_own:
            return self.project
        return self.project.under(settings, workspace)

    def in_checkout(self, module: ModuleReport) -> ModuleReport:
        """A report with paths in the checkout, even if the releases were read from a temporary folder."""
        if not self._lost:
            return module
        return replace(module, findings=tuple(map(self._found_in_checkout, module.findings)))

    def _found_in_checkout(self, finding: Finding) -> Finding:
        was_at = finding.was_at
        file = Path(os.path.normpath(self.here / was_at.path)) if was_at else self.here
        if was_at is None or not file.is_relative_to(self.base.root):
            return finding
        path = Path(os.path.relpath(self.base.checkout(file), self.here)).as_posix()
        return replace(finding, was_at=replace(was_at, path=path))

    @property
    def _judges_itself(self) -> bool:
        """Whether its own policy applies: the pipeline accepts that, or the branch does not use Fieldstone yet."""
        return self.accepted or not self.base.is_gated

    @cached_property
    def _lost(self) -> list[Defect]:
        return [*lost_releases(self.base, self._registry_folder)] if self._registry_folder else []

    @cached_property
    def unproven(self) -> frozenset[str]:
        """The modules with new releases: these are checked in full."""
        return frozenset(release.name for release in self._new_releases)

    @cached_property
    def _new_releases(self) -> list[Release]:
        """The releases that the branch does not have; none if the registry is outside the checkout, and shared."""
        if not self._has_registry_in_checkout:
            return []
        return [*new_releases(self.base, self._registry)]

    @cached_property
    def _policy(self) -> Settings:
        """The settings of the branch, with the waivers and the known faults of style that both have."""
        base, ours = self.base.settings, self.project.settings
        added = added_waivers(base, ours)
        shared = {
            replace(w, until=added.get(w, w.until)): location
            for w, location in ours.waivers.items()
            if added.get(w, "-")
        }
        given_up = added_waivers(self.tip.settings, base)
        waivers = {waiver: location for waiver, location in shared.items() if waiver not in given_up}
        known_style = ours.known_style.shared(base.known_style)
        root = self.base.checkout(base.root)
        return Settings(root, ours.file, base.values, waivers, layers=base.layers, known_style=known_style)

    @cached_property
    def _registry(self) -> Registry:
        """The registry of the change, read without the cache."""
        return open_registry(self._registry_folder or self._settings.registry)

    @property
    def _settings(self) -> Settings:
        """The settings that apply to the change."""
        return self.project.settings if self._judges_itself else self._policy

    @property
    def _registry_folder(self) -> Path | None:
        folder = self._settings.registry_folder
        return Path(os.path.normpath(folder)) if folder else None

    @property
    def _has_registry_in_checkout(self) -> bool:
        return bool(self._registry_folder and self._registry_folder.is_relative_to(self.base.parting.top))

    @cached_property
    def _pairing(self) -> Pairing:
        return pair_modules(self.base, self.project.settings, self._policy, self.project.unsaved)

    @cached_property
    def _moved(self) -> list[Weakened]:
        """Settings, workspace or registry that the change has moved."""
        old, new = self.base.settings, self.project.settings
        found: list[Weakened] = []
        if old.file and self.base.path(old.root) != self.base.path(new.root):
            reason = f"{self.base.path(new.file)} takes precedence" if new.file else "there are none"
            message = f"the settings in {self.base.path(old.file)} are no longer read: {reason}"
            found.append(Weakened("settings", message, "keep one settings file, where it was", self._settings_file))
        if not self.base.is_gated:
            return found
        for key, sides in (
            ("workspace", (old.workspace, new.workspace)),
            ("registry", (old.registry_folder or old.registry, new.registry_folder or new.registry)),
        ):
            before, after = (
                self.base.folder_in(side, address) if isinstance(address, Path) else address
                for side, address in zip((old, new), sides, strict=True)
            )
            if before != after:
                message = f"`{key}` went from {before} to {after}"
                found.append(Weakened(key, message, f"leave it at {before}", self._settings_file))
        return found

    @property
    def _settings_file(self) -> Location:
        return Location(str(self.project.settings.file or self.project.settings.root))

    def _weakened(self) -> Iterator[Weakened]:
        pairing, before, after = self._pairing, self.base.settings, self.project.settings
        yield from weakened_settings(before, after, {*self.base.modules, *pairing.workspace.modules})
        yield from weakened_waivers(before, after)
        yield from weakened_modules(self.base, pairing, after, retired=self._retired)
        yield from weakened_third_party(self.base, after, self._policy)
        if self.base.has_workspace:
            yield from grown_style(before.known_style, after.known_style)
            yield from weakened_style(self.base.project.workspace, pairing.workspace, pairing.same)
            yield from self._changed_plugins
        for release in self._new_releases:
            manifest = self._registry.label(release)
            yield from recorded_waivers(self.base, release, manifest, after)
            yield from recorded_exemptions(self.base, release, manifest, after)
        yield from history_beside_a_gate(self.base, self._new_releases, self._registry)

    @cached_property
    def _changed_plugins(self) -> list[Weakened]:
        if not self.base.has_workspace:
            return []
        return [*changed_plugins(self.base.project.workspace, self._pairing.workspace)]

    @cached_property
    def _retired(self) -> set[str]:
        registry = self._registry
        newest = (registry.release(name, str(registry.versions(name)[-1])) for name in registry.modules())
        return {release.name for release in newest if release.retired}

    def _registry_findings(self) -> Iterator[Finding]:
        """Findings about lost or changed releases of the branch, and about defects of the change's releases."""
        folder = self._registry_folder
        lost = [*self._lost, *(lost_consumers(self.base, folder) if folder else ())]
        yield from (finding_of(defect, self.here, root=self.base.parting.top) for defect in lost)
        if self._lost or not self.is_unmoved or not self._has_registry_in_checkout:
            return
        for defect in self._defects(
            Verification(self.judged, self.judged.settings, trusted={}, full=True, ask=self.base.known_consumers)
        ):
            yield finding_of(defect, self.here, root=self.base.parting.top)

    def _defects(self, verification: Verification) -> list[Defect]:
        """The defects of new releases, and of modules that the check leaves out."""
        links = verification.links()
        if links or not self._new_releases:
            return links
        unnamed = [defect for defect in verification.broken if self.names and defect.module not in self.names]
        audited = verification.audited(known=self.base.releases.keys(), today=today_utc())
        unproven = unproven_history(self._new_releases, self._registry, self.judged, self.base.parting.top)
        return [*unnamed, *unproven, *audited]

    def _behind(self) -> Iterator[Finding]:
        """Findings if the branch has stricter settings, or releases of changed modules, since the merge base."""
        if not self.is_unmoved:
            return
        names = {*self.base.modules, *self.tip.modules}
        for weaker in weakened_settings(self.tip.settings, self.base.settings, names):
            yield self._behind_finding(weaker.subject, f"its settings are stricter now: here, {weaker.message}")
        for name, version in sorted(self.tip.releases.keys() - self.base.releases.keys()):
            is_here = version in map(str, self._registry.versions(name))
            if not is_here and self._changes_sources_of(name):
                yield self._behind_finding(f"{name} {version}", f"it released {name} {version} since")

    def _changes_sources_of(self, name: str) -> bool:
        """Whether a source file of a module was changed since the merge base."""
        pair = self._pairing.same.get(name)
        return pair is None or self.base.differs(*pair)

    def _behind_finding(self, subject: str, happened: str) -> Finding:
        ref = self.base.parting.reference.label
        return Finding(
            rule=BEHIND,
            subject=subject,
            message=f"this change is behind {ref}: {happened}",
            location=Location(""),
            fix=f"bring it up to date: `git merge {ref}`",
            fingerprint=fingerprint(BEHIND, subject),
        )

    def _finding(self, weakened: Weakened) -> Finding:
        location = replace(weakened.location, path=Path(os.path.relpath(weakened.location.path, self.here)).as_posix())
        accepted = f"none is needed: the pipeline accepts it (--accept {WEAKENED})"
        return Finding(
            rule=WEAKENED,
            subject=weakened.subject,
            message=weakened.message,
            location=location,
            fix=accepted if self.accepted else f"{weakened.fix}; or let the pipeline accept it: --accept {WEAKENED}",
            level=Level.NOTE if self.accepted else Level.ERROR,
            fingerprint=fingerprint(WEAKENED, weakened.subject, weakened.message),
            cause=Cause(WEAKENED, weakened.shared) if weakened.shared else None,
        )
