"""Witnesses: an example message for each finding that breaks the wire or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from fieldstone.compatibility.finding import Finding, Surface
from fieldstone.compatibility.ledger import Ledger
from fieldstone.errors import FieldstoneError
from fieldstone.project.project import Project

if TYPE_CHECKING:
    from fieldstone.checking.judgement import Side
    from fieldstone.compatibility.witness import Earlier, Version

THIS_SCHEMA = "this schema"
"""The label of the judged schema in a witness."""


def with_witnesses(
    findings: Sequence[Finding],
    old: Side,
    new: Side,
    *,
    project: Project,
    module: str,
    ledger: Ledger,
    label: str = THIS_SCHEMA,
) -> tuple[Finding, ...]:
    """The findings, each with a witness for every break of the wire and of JSON, if one is found.

    Args:
        findings: the findings between two versions of a module.
        old: the baseline.
        new: the judged version.
        project: where the releases of the module are.
        module: its name.
        ledger: the history of the module.
        label: the name of the judged version in witnesses.
    """
    if not any({Surface.WIRE, Surface.JSON} & {*finding.breaks} for finding in findings):
        return tuple(findings)
    from fieldstone.compatibility.witness import Version, prove_all

    before, after = Version(old.label, old.image, old.schema), Version(label, new.image, new.schema)
    earlier = _releases(project, module)
    with suppress(TypeError):  # protobuf's runtime cannot read one of the images: no witness
        return tuple(prove_all(findings, before, after, ledger=ledger, earlier=earlier))
    return tuple(findings)


def _releases(project: Project, module: str) -> Earlier:
    from fieldstone.checking.baseline import released
    from fieldstone.compatibility.witness import Version

    @cache
    def earlier(version: str) -> Version | None:
        """A release; None if it cannot be read, which the check of the registry reports."""
        try:
            side = released(project, project.registry.release(module, version)).side
        except FieldstoneError:
            return None
        return Version(side.label, side.image, side.schema)

    return earlier
