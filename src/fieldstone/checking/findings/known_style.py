"""Style findings beyond the known faults, and findings about known faults that are fixed by now."""

from __future__ import annotations

import os.path
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from fieldstone.compatibility.finding import Finding, Level, ModuleReport, fingerprint
from fieldstone.project.known_style import KNOWN_STYLE
from fieldstone.project.project import Project
from fieldstone.registry.release import IMAGE, Release
from fieldstone.schema.location import Location
from fieldstone.toolchain.diagnostic import Diagnostic
from fieldstone.workspace.modules import Module

FIXED = "style-fault-fixed"
"""The id of findings about known faults that are no longer there."""

_OF_ONE_FILE = (
    "COMMENT",
    "ENUM_",
    "FIELD_",
    "FILE_",
    "MESSAGE_",
    "ONEOF_",
    "RPC_PASCAL",
    "RPC_REQUEST_STANDARD",
    "SERVICE_",
)
"""The beginnings of the rules whose faults follow from one file alone."""


class KnownFaults:
    """The diagnostics of `buf lint` on a module, compared with the known faults.

    Args:
        project: the project with the known faults.
        module: the module.
        found: the diagnostics.
    """

    def __init__(self, project: Project, module: Module, found: Sequence[Diagnostic]) -> None:
        self._project, self._module, self._found = project, module, found
        self._known = project.settings.known_style.faults
        self._counts = Counter(map(self._key, found))

    def further(self, newest: Release | None) -> list[Diagnostic]:
        """The diagnostics that are not known; of a file with more faults of a rule than known, those that are new.

        If the new ones cannot be told apart by the newest release, all of that file and rule.

        Args:
            newest: the newest release of the module; None without one.

        Raises:
            FieldstoneError: the release cannot be read, or buf fails.
        """
        known = self._known
        beyond = [found for found in self._found if self._counts[self._key(found)] > known.get(self._key(found), 0)]
        mixed = {key for key in map(self._key, beyond) if key in known}
        if not mixed or newest is None:
            return beyond
        had = self._released(newest)
        new = [found for found in beyond if self._key(found) not in mixed or not _take(had, found)]
        apart = {self._key(found) for found in new}
        return [found for found in beyond if found in new or self._key(found) not in apart]

    def advice(self, found: Diagnostic) -> str:
        """The fix for a diagnostic in a file that has known faults of the same rule; else empty."""
        known, count = self._known.get(self._key(found), 0), self._counts[self._key(found)]
        return (
            f"{KNOWN_STYLE} knows {known} of them in this file, and there are {count}: fix the new one" if known else ""
        )

    def with_fixed(self, report: ModuleReport, covered: Collection[str] | None, start: Path) -> ModuleReport:
        """A report of the module with warnings about known faults that are no longer there; see `_all_fixed`."""
        fixed = [*self._all_fixed(covered, start)]
        if not fixed:
            return report
        from fieldstone.checking.judgement import policy_of

        refused = policy_of(self._project.settings.module(self._module.name)).refuses(fixed)
        return replace(report, findings=(*report.findings, *fixed), allowed=report.allowed and not refused)

    def _all_fixed(self, covered: Collection[str] | None, start: Path) -> Iterator[Finding]:
        """Findings about known faults of the module that are no longer there.

        Args:
            covered: the linted files, by import path; empty for all, None for none.
            start: the folder that paths in findings are relative to.
        """
        for (rule, path), known in self._known.items():
            if self._owns(path) and self._was_linted(rule, path, covered):
                count = self._counts[rule, path]
                if count < known:
                    yield self._fixed(rule, path, known, count, start)

    def _key(self, found: Diagnostic) -> tuple[str, str]:
        return found.rule, self._from_settings(self._project.workspace.root / found.path)

    def _from_settings(self, path: Path) -> str:
        return PurePosixPath(os.path.relpath(path, self._project.settings.root)).as_posix()

    def _owns(self, path: str) -> bool:
        """Whether a file, which need not exist, belongs to the module; one outside all modules belongs to the first."""
        modules = self._project.workspace.modules.values()
        file = self._project.settings.root / path
        around = [module for module in modules if module.root in file.parents]
        owner = max(around, key=lambda module: len(module.root.parts), default=next(iter(modules)))
        return owner.name == self._module.name

    def _was_linted(self, rule: str, path: str, covered: Collection[str] | None) -> bool:
        if covered is None:
            return False
        file = self._project.settings.root / path
        inside = {*covered} and file.is_relative_to(self._module.root)
        linted = bool(inside) and file.relative_to(self._module.root).as_posix() in covered
        return not covered or not file.exists() or (linted and rule.startswith(_OF_ONE_FILE))

    def _fixed(self, rule: str, path: str, known: int, count: int, start: Path) -> Finding:
        style = self._project.settings.known_style
        line = style.line(rule, path)
        where = f"line {line} of {KNOWN_STYLE}" if line else f"{path} below [{rule}] in {KNOWN_STYLE}"
        return Finding(
            rule=FIXED,
            subject=f"{rule} {path}",
            message=f"{KNOWN_STYLE} knows {known} faults of {rule} in {path}, and there {_are(count)}",
            location=Location(Path(os.path.relpath(str(style.file), start)).as_posix(), line, 1 if line else 0, line),
            fix=f"write {count} in {where}" if count else f"delete {where}",
            level=Level.WARNING,
            fingerprint=fingerprint(FIXED, rule, path),
        )

    def _released(self, newest: Release) -> Counter[tuple[str, str, str]]:
        """The faults in a release, as far as the configuration can be applied to its image."""
        from tempfile import TemporaryDirectory

        from fieldstone.toolchain import buf
        from fieldstone.workspace.config.lint_section import lint_config

        config = lint_config(self._project.workspace, self._module)
        if config is None:
            return Counter()
        below = "" if self._module.path == "." else f"{self._module.path}/"
        with TemporaryDirectory(prefix="fieldstone-") as scratch:
            image = self._project.registry.read(newest, IMAGE)
            found = buf.lint_image(image, config, scratch=Path(scratch)).diagnostics(what="buf lint")
        return Counter((diagnostic.rule, below + diagnostic.path, diagnostic.message) for diagnostic in found)


def _take(had: Counter[tuple[str, str, str]], found: Diagnostic) -> bool:
    """Whether a release had this fault as well; each fault of the release accounts for one."""
    key = (found.rule, found.path, found.message)
    had[key] -= 1
    return had[key] >= 0


def _are(count: int) -> str:
    return "is 1" if count == 1 else f"are {count or 'none'}"
