"""Defects of the registry, as findings of a check."""

from __future__ import annotations

import os.path
from pathlib import Path

from fieldstone.compatibility.finding import Finding, fingerprint
from fieldstone.project.project import Project
from fieldstone.registry import Defect


def defect_findings(project: Project, name: str, start: Path) -> list[Finding]:
    """The defects of a module's releases.

    Args:
        project: the project with the registry.
        name: the module.
        start: the folder that paths in the findings are relative to.

    Raises:
        FieldstoneError: a release is incomplete, or has files that are not part of it.
    """
    with project.phases.phase("registry", f"looking at the releases of {name}"):
        return [finding_of(defect, start) for defect in project.registry.defects(name)]


def finding_of(defect: Defect, start: Path, *, root: Path | None = None) -> Finding:
    """A defect as a finding.

    Args:
        defect: the defect.
        start: the folder that the path in the finding is relative to.
        root: the folder that the defect's path is relative to, if it is not absolute. Then the message names the
            release, because the finding is listed among those of other modules.
    """
    from fieldstone.schema.location import Location

    subject = f"{defect.module} {defect.version}"
    return Finding(
        rule=defect.kind,
        subject=subject,
        message=f"{subject}: {defect.problem}" if root else defect.problem,
        location=Location(os.path.relpath(root / defect.path if root else defect.path, start)),
        fix=defect.fix,
        fingerprint=fingerprint(defect.kind, subject, defect.path),
    )
