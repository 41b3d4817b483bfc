"""Readers: what a registry knows about who uses the elements of a module."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from msgspec.structs import replace

from fieldstone.checking.baseline import released
from fieldstone.compatibility.finding import ModuleReport, Report
from fieldstone.consumers.answer import Answer, Readers, nobody_known
from fieldstone.consumers.concerned import Structure
from fieldstone.consumers.impact import used_by
from fieldstone.consumers.published import Known
from fieldstone.errors import FieldstoneError, NotFound
from fieldstone.project.project import Project
from fieldstone.registry.consumers import open_consumers
from fieldstone.registry.release import Release
from fieldstone.suggestions import did_you_mean


def can_remove(project: Project, subject: str, *, module: str = "", oldest: int | None = None) -> Answer:
    """The answer to whether an element can be removed.

    Args:
        project: the project whose registry is asked.
        subject: the full name of a message, field, enum, value, service or rpc; a package; or the path of a file.
        module: its module; by default the one whose newest release has it.
        oldest: the days for which evidence is good; None for ever.

    Raises:
        NotFound: no released module has it.
    """
    names, known = [module] if module else project.registry.modules(), known_consumers(project)
    elements: list[str] = []
    for name in names:
        readers = readers_of(project, _newest(project, name), known, oldest)
        if readers.structure.has(subject):
            return readers.can_remove(subject)
        elements += readers.structure.names
    where = module or f"the newest releases of {', '.join(names) or 'no module'}"
    raise NotFound(f"{subject} is not in {where}", fix=did_you_mean(subject, elements))


def known_consumers(project: Project) -> Known:
    """The consumers that the registry of a project knows.

    Raises:
        FieldstoneError: the registry cannot be asked.
    """
    return open_consumers(project.settings.registry).known()


def with_used_by(project: Project, report: Report, ask: Callable[[], Known]) -> Report:
    """The report, with the known uses that each break concerns, and why there may be others.

    Args:
        project: the project with the releases.
        report: the result of a check. If nobody could be asked for consumers, it says so.
        ask: what is known of consumers: in a pull request, at its merge base.
    """
    if not any(finding.is_breaking for part in report.modules for finding in part.findings):
        return report
    try:
        known = ask()
    except FieldstoneError as error:
        return replace(report, unasked=error.problem)
    return replace(report, modules=tuple(_with_used_by(project, part, known) for part in report.modules))


def _with_used_by(project: Project, part: ModuleReport, known: Known) -> ModuleReport:
    newest = project.newest_of(part.module)
    if newest is None or not any(finding.is_breaking for finding in part.findings):
        return part
    if not known.published:
        return replace(part, doubts=(nobody_known(part.module).problem,))
    readers = readers_of(project, newest, known)
    findings = (replace(one, used_by=used_by(readers, one)) if one.is_breaking else one for one in part.findings)
    return replace(part, findings=tuple(findings), doubts=tuple(doubt.problem for doubt in readers.doubts))


def readers_of(project: Project, newest: Release, known: Known, oldest: int | None = None) -> Readers:
    """The known readers of a module, by the structure of its newest release.

    Args:
        project: the project with the release.
        newest: the newest release of the module.
        known: what is known of consumers.
        oldest: the days for which evidence is good; None for ever.
    """
    structure = Structure(released(project, newest).side.schema)
    return Readers.known(known, newest.name, structure, datetime.now(UTC).date(), oldest)


def _newest(project: Project, module: str) -> Release:
    """The newest release of a module.

    Raises:
        NotFound: it has none.
    """
    found, registry = project.newest_of(module), project.registry
    if found is None:
        known = registry.modules()
        raise NotFound(
            f"no release of {module} in {registry.address}",
            fix=did_you_mean(module, known, f"it has {', '.join(known) or 'none'}"),
        )
    return found
