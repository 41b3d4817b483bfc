"""The check of one module: finds, compiles and judges the changed files, or all; lints at the same time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.checking.checked import Checked
from fieldstone.checking.compiler_known import compiler, is_sound, mark_sound
from fieldstone.checking.findings.defects import defect_findings
from fieldstone.checking.findings.known_style import KnownFaults
from fieldstone.checking.findings.style import Linting, new_style, style_finding
from fieldstone.checking.joint.runs import Runs
from fieldstone.checking.options import CheckOptions
from fieldstone.compatibility.finding import Finding, ModuleReport
from fieldstone.errors import FieldstoneError
from fieldstone.incremental.changed_files import ChangedFiles, built_in_files, changed_files, is_unchanged
from fieldstone.project.project import Project
from fieldstone.registry.release import IMAGE, LEDGER, Release
from fieldstone.toolchain.diagnostic import CompileError
from fieldstone.workspace.modules import Module, without_files

if TYPE_CHECKING:
    from fieldstone.checking.judging import Judging
    from fieldstone.incremental.slices import Slice
    from fieldstone.toolchain.buf import Running
    from fieldstone.toolchain.joint import Compiling


class _UncompiledError(Exception):
    """The module does not compile; errors of its baseline are not of this type."""

    def __init__(self, reason: CompileError) -> None:
        super().__init__(str(reason))
        self.reason = reason


@contextmanager
def _own_errors() -> Iterator[None]:
    """Distinguish compile errors of the module from those of its baseline."""
    try:
        yield
    except CompileError as error:
        raise _UncompiledError(error) from error


class ModuleCheck(Struct, dict=True):
    """The check of one module; the compiler starts at once, so that modules compile side by side.

    An unchanged module is not compiled again. Its style is not judged again either, if the buf
    configuration is the one of the release. With another buf version than the release's, everything
    is compiled and judged, until one such check has no findings.

    Attributes:
        project: where the module is.
        module: the module.
        against: a version, a path or a git revision to judge against; empty for the newest release.
        start: the folder that paths in the report are relative to.
        full: whether all of it is compiled and compared, whatever changed.
        added: the files of each module of the workspace that its newest release does not have.
        options: the optional parts of the check.
        runs: starts buf.
        under_way: closed at the end of the check; stops the processes that still run.
        today: the day to judge as of, in UTC; today's by default.

    Raises:
        FieldstoneError: anything that keeps the module from being judged.
    """

    project: Project
    module: Module
    against: str
    start: Path
    full: bool
    added: Mapping[str, Collection[str]]
    options: CheckOptions
    runs: Runs
    under_way: ExitStack
    today: date | None = None

    def __post_init__(self) -> None:
        """Find what changed, and start the compiler on it."""
        with self.project.phases.phase("look", f"looking for what changed in {self.module.name}"):
            self.newest = self.project.newest(self.module)
            self._require_what_it_imports()
            self.full = self.full or not self._compiler_is_known or self._has_lost_a_path
            self.changed = [] if self._is_unchanged else self._changed()
        if not self._is_unchanged and not self.changed and not self.module.proto_paths:
            raise without_files(self.module)
        lints = self.options.style and self.options.linter
        lint = (lambda paths: self.runs.lint(self.module, paths)) if lints else None
        self.linting = Linting(self.project, self.module, lint, self.under_way)
        self.compiling: Compiling | None = None
        self._judging: Callable[[], Checked]
        self._begin(lint=not self.options.second_opinion)

    def _require_what_it_imports(self) -> None:
        """Raise if the registry lacks a release that the newest one imports."""
        for link in self.newest.dependencies if self.newest else ():
            if link.name in self.project.workspace.modules:
                self.project.registry.release(link.name, link.version)

    def _begin(self, *, lint: bool) -> None:
        """Start the compiler, and the linter at the same time unless `buf breaking` will run."""
        if self.changed:
            self.compiling_changed = [self._compile_changed(changed) for changed in self.changed]
            if not self._style_is_known():
                self.linting.judge(())
            elif lint and self.changed[0].there:
                self.linting.begin(self.changed[0].there)
        elif self.against or not self._is_unchanged:
            self.compiling = self.runs.build(self.module)
            if lint:
                self.linting.judge(())

    def compare(self) -> None:
        """Wait for the compiler, and ask for the linter and for `buf breaking`.

        Raises:
            FieldstoneError: the baseline cannot be read.
        """
        try:
            self._judging = self._compared()
        except _UncompiledError as error:
            self._judging = partial(self._uncompiled, error.reason)

    def checked(self) -> Checked:
        """Judge after `compare`, while the linter and `buf breaking` run.

        Raises:
            FieldstoneError: anything that keeps the module from being judged.
        """
        try:
            checked = self._judging()
        except _UncompiledError as error:
            return self._uncompiled(error.reason)
        if not self.against and checked.report.judged:
            report = self.known.with_fixed(checked.report, self.linting.covered, self.start)
            checked = replace(checked, report=report)
        newest = self.newest
        if newest and not self._is_sound and not checked.report.findings and self._is_released_and_judged_whole(newest):
            mark_sound(self.project, self.module, newest)
        return checked

    def _uncompiled(self, reason: CompileError) -> Checked:
        from fieldstone.checking.findings.compiler import report_of_uncompiled

        report = report_of_uncompiled(self.project, self.module, reason, self.start)
        return Checked(report.with_findings(defect_findings(self.project, self.module.name, self.start)))

    def _compared(self) -> Callable[[], Checked]:
        if self.changed:
            slices = self._slices()
            if slices is not None:
                return self._judging_of_slices(*slices)
            self.compiling = self.runs.alone("build", self.module)
        if self.compiling is None or self._is_released_and_damaged:
            return self._judging_of_unchanged()
        return self._judging_of_module(self.compiling)

    def _judging_of_module(self, compiling: Compiling) -> Callable[[], Checked]:
        _import_judgement()
        from fieldstone.checking.findings.imported_types import imported_type_findings
        from fieldstone.checking.judging import judging_of_module

        count = len(self.module.proto_paths)
        text = f"compiling all {count:,} files of {self.module.name}"
        with self.project.phases.phase("compile", text), _own_errors():
            image = compiling.output(what=f"{self.module.path} does not compile")
        self.linting.judge(())
        self.project.phases.counts.update(compiled=count, compared=count)
        judging = judging_of_module(
            self.project,
            self.module,
            image,
            against=self.against,
            start=self.start,
            options=self.options,
            today=self.today,
        )

        def notes() -> list[Finding]:
            return imported_type_findings(self.project, self.module, self.against, image, start=self.start)

        return self._finish(judging, lambda: self._annotation_findings(image), notes)

    def _finish(
        self, judging: Judging, annotations: Callable[[], list[Finding]], notes: Callable[[], list[Finding]] = list
    ) -> Callable[[], Checked]:
        """Ask for `buf breaking` if it can run for several modules at once; the returned function judges."""
        images = judging.images() if self.runs.several else None
        asked = self.runs.breaking(*images) if images else None

        def checked() -> Checked:
            with self.project.phases.phase("judge", f"judging {self.module.name}"):
                judged = judging.checked(asked)
                further, last = annotations(), notes()
            report = judged.report.with_findings([*further, *self._other_findings()])
            return replace(judged, report=replace(report, findings=(*report.findings, *last)))

        return checked

    def _annotation_findings(self, image: bytes) -> list[Finding]:
        from fieldstone.checking.baseline import find_baseline
        from fieldstone.checking.findings.annotations import annotation_findings

        def before() -> tuple[bytes, Collection[str]] | None:
            baseline = find_baseline(self.project, self.module, self.against, since_parting=True)
            return (baseline.side.image, baseline.own) if baseline else None

        return annotation_findings(self.module, image, before, start=self.start)

    def _judging_of_unchanged(self) -> Callable[[], Checked]:
        if not self._style_is_known():
            self.linting.judge(())
        return lambda: Checked(self._report_of_unchanged())

    def _report_of_unchanged(self) -> ModuleReport:
        found = self._other_findings()
        version = self.newest.version if self.newest else ""
        line = self.project.line_of(self.module.name)
        return ModuleReport(
            module=self.module.name,
            findings=tuple(found),
            compared_with=version,
            allowed=not found,
            differs=False,
            line=line,
        )

    def _changed(self) -> list[ChangedFiles]:
        """The files that differ from the newest release and, after a pre-release, from the newest stable one.

        Empty if the affected files cannot be derived from them: then everything is judged.
        """
        if self.newest is None or self.full or self.against:
            return []
        stable = self._stable
        if stable and stable.compiler != compiler(self.project):
            return []
        releases = [self.newest, *([stable] if stable else [])]
        found = [changed_files(self.project, self.module, release) for release in releases]
        return [] if None in found else [changed for changed in found if changed is not None]

    def _slices(self) -> list[Slice] | None:
        """The slice of each set of changed files; None if the whole module has to be judged."""
        _import_judgement()
        from fieldstone.incremental.slices import slice_of

        found: list[Slice] = []
        for changed, compiling in zip(self.changed, self.compiling_changed, strict=True):
            with _own_errors():
                touched = slice_of(
                    self.project,
                    self.module,
                    changed,
                    compiling=compiling,
                    more=self._compile,
                    compiled=None if found else self.linting.judge_compiled,
                    must_compile=not self.options.all_errors,
                )
            if touched is None:
                return None
            found.append(touched)
        return found

    def _judging_of_slices(self, touched: Slice, stable: Slice | None = None) -> Callable[[], Checked]:
        from fieldstone.checking.judging import judging_of_slice

        if not self._style_is_known() or touched.linted is None:
            self.linting.judge(())
        elif touched.linted:
            self.linting.judge(touched.linted, apart=touched.linted_apart)
        judging = judging_of_slice(
            self.project,
            self.module,
            touched,
            stable=stable,
            start=self.start,
            options=self.options,
            today=self.today,
        )
        return self._finish(judging, lambda: self._annotations_of_slice(touched))

    def _annotations_of_slice(self, touched: Slice) -> list[Finding]:
        """The findings about annotations of the whole module: an annotation can depend on an unchanged file."""
        from fieldstone.checking.findings.annotations import can_be_annotated
        from fieldstone.incremental.slices import whole_image
        from fieldstone.schema.entity import may_have_annotations

        if not may_have_annotations(touched.judged[1]) and not can_be_annotated(self.project, touched.release):
            return []
        return self._annotation_findings(whole_image(self.project, touched))

    @cached_property
    def _is_unchanged(self) -> bool:
        """Whether there is nothing to judge: nothing changed since the newest release, which is no pre-release."""
        return not self.full and not self._stable and self._is_as_released

    @cached_property
    def _is_as_released(self) -> bool:
        newest = self.newest
        return newest is not None and is_unchanged(self.project, self.module, newest, with_documents=True)

    @cached_property
    def _stable(self) -> Release | None:
        """The newest stable release, if the newest is a pre-release: the next version depends on both."""
        return self.project.stable_before(self.module.name)

    def _is_released_and_judged_whole(self, newest: Release) -> bool:
        """Whether the check judged the sources of the newest release, with both engines and style."""
        style = self.options.style and self.options.linter
        is_whole = self.options.second_opinion and style and not self.against
        return is_whole and is_unchanged(self.project, self.module, newest)

    @property
    def _is_released_and_damaged(self) -> bool:
        """Whether the sources are unchanged, and the newest release's image or ledger is damaged."""
        newest = self.newest
        if newest is None or self.against:
            return False
        damaged = {defect.path for defect in self.project.registry.defects(newest.name)}
        needed = {self.project.registry.place(newest, name) for name in (IMAGE, LEDGER)}
        return not damaged.isdisjoint(needed) and self._is_as_released

    @cached_property
    def _is_sound(self) -> bool:
        return self.newest is not None and is_sound(self.project, self.module, self.newest)

    @property
    def _compiler_is_known(self) -> bool:
        """Whether unchanged files compile to the same as in the release."""
        return self.newest is None or self._is_sound or self.newest.compiler == compiler(self.project)

    @property
    def _has_lost_a_path(self) -> bool:
        """Whether another module has a new file at a path that the release was compiled with."""
        if self.newest is None or self.against:
            return False
        imported = {link.name for link in self.newest.dependencies}
        others = [other for name, other in self.project.workspace.modules.items() if name != self.module.name]
        paths = {path for other in others for path in self.added.get(other.name, ())}
        paths |= {path for other in others if other.name not in imported for path in built_in_files(other)}
        third_party = self.project.workspace.third_party
        paths |= {path for name, other in third_party.items() if name not in imported for path in other.all_paths}
        if not paths:
            return False
        from fieldstone.incremental.slices import compiled_with

        try:
            return compiled_with(self.project, self.newest, paths)
        except FieldstoneError:
            return True  # its image is damaged: the full check reports that

    def _style_is_known(self) -> bool:
        """Whether unchanged files are known to pass `buf lint`."""
        return self._is_sound and not self.project.workspace.brings_rules(self.module)

    def _compile_changed(self, changed: ChangedFiles) -> list[Compiling]:
        """Start to compile the changed files, in each module that has some."""
        given = {self.module.name: changed.there}
        given |= {
            name: tuple(path for path, there in paths.items() if there) for name, paths in changed.elsewhere.items()
        }
        modules = self.project.workspace.modules
        return [self.runs.build(modules[name], paths) for name, paths in given.items() if paths]

    def _compile(self, paths: Sequence[str]) -> Running:
        """Start to compile some files of the module, given by their import paths."""
        return self.runs.alone("build", self.module, paths)

    def _other_findings(self) -> list[Finding]:
        """The findings about the registry and about style."""
        found = defect_findings(self.project, self.module.name, self.start)
        with self.project.phases.phase("style", f"judging the style of {self.module.name}"), _own_errors():
            style = self.linting.diagnostics()
        self.known = KnownFaults(self.project, self.module, style)
        further = self.known.further(self.newest) if style else []
        if further and self.against:
            from fieldstone.checking.baseline import style_of_baseline

            further = new_style(further, style_of_baseline(self.project, self.module, self.against))
        top, advice = self.project.workspace.root, self.known.advice
        return found + [style_finding(each, top=top, start=self.start, fix=advice(each)) for each in further]


def _import_judgement() -> None:
    """Import the modules that judging needs, while buf is still compiling."""
    from fieldstone.checking import baseline  # noqa: F401 - needed next
    from fieldstone.compatibility import rules

    rules.all_rules()
