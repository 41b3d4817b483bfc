"""What is wrong with the registry, as findings of a check."""

from __future__ import annotations

import os.path
from pathlib import Path

from fieldstone.compatibility.finding import Finding, fingerprint
from fieldstone.project.project import Project
from fieldstone.registry import Defect


def defect_findings(project: Project, name: str, start: Path) -> list[Finding]:
    """What is wrong with the releases of a module.

    Args:
        project: where they are.
        name: the module.
        start: the folder that places in the findings are relative to.

    Raises:
        FieldstoneError: one is not a whole release, or holds what is no part of it.
    """
    with project.phases.phase("registry", f"looking at the releases of {name}"):
        return [finding_of(defect, start) for defect in project.registry.defects(name)]


def finding_of(defect: Defect, start: Path, *, root: Path | None = None) -> Finding:
    """A defect as a finding.

    Args:
        defect: the defect.
        start: the folder that the place in the finding is relative to.
        root: the folder that the path of the defect is relative to, if it is not absolute. Then the finding stands
            among those of other modules, and its message names the release.
    """
    from fieldstone.schema.location import Location

    subject = f"{defect.module} {defect.version}"
    return Finding(
        rule=defect.kind,
        subject=subject,
        message=f"{subject}: {defect.problem}" if root else defect.problem,
        place=Location(os.path.relpath(root / defect.path if root else defect.path, start)),
        fix=defect.fix,
        fingerprint=fingerprint(defect.kind, subject, defect.path),
    )
