"""Selects the findings below a path, or in a package or type."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from fieldstone.compatibility.finding import Finding


def subjects_below(findings: Iterable[Finding], below: str) -> list[str]:
    """The subjects of the findings below a path or a name, each once.

    Args:
        findings: findings with paths relative to the working directory.
        below: an existing path, or one with a slash; else a package or another full name. Empty for all.
    """
    is_path = "/" in below or os.sep in below or Path(below).exists()
    chosen = _is_at if is_path else _is_in
    return list(dict.fromkeys(finding.subject for finding in findings if not below or chosen(finding, below)))


def _is_at(finding: Finding, below: str) -> bool:
    if not finding.location.path:
        return False
    top, path = Path(below).resolve(), Path(finding.location.path).resolve()
    return top == path or top in path.parents


def _is_in(finding: Finding, below: str) -> bool:
    """Whether the subject has that name or is inside it, or is a file of a package of that name or inside it."""
    return any(name == below or name.startswith(f"{below}.") for name in (finding.subject, finding.package))
