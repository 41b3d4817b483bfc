"""The result of a check in words: a line for each module, and one for the policy."""

from __future__ import annotations

from fieldstone.compatibility.finding import Level, ModuleReport, Report
from fieldstone.printed import printable


def summary(module: ModuleReport) -> str:
    """The result of checking one module, as one line without its end.

    Args:
        module: the result.
    """
    if not module.judged:
        judged = "; ".join((printable(module.unjudged_because), *_details(module)))
        return f"{module.module}: could not be judged: {judged}."
    separator = ": " if module.compared_with else "; "
    judged = separator.join(part for part in (_change(module), ", ".join(_details(module))) if part)
    return " ".join(part for part in (f"{module.module}: {judged}.", _verdict(module)) if part)


_MANY = 4
"""From this many unchanged modules on, they share a line."""


def summaries(report: Report, *, each: bool = False) -> list[str]:
    """The results of all modules, as lines without their ends; many unchanged modules share a line.

    Args:
        report: the result of a check.
        each: whether every module has a line of its own.
    """
    unchanged = [module for module in report.modules if not module.differs and module.allowed and not module.findings]
    if each or len(unchanged) < _MANY:
        return [summary(module) for module in report.modules]
    others = [summary(module) for module in report.modules if module not in unchanged]
    return [*others, f"{summary_of_unchanged(len(unchanged))} (-v names them)."]


def summary_of_unchanged(count: int) -> str:
    """The beginning of the line for so many unchanged modules."""
    return f"{_count(count, 'module')} unchanged"


def policy_summary(report: Report) -> str:
    """The result for settings, waivers, modules and releases, as one line without its end; empty without one.

    Args:
        report: the result of a check.
    """
    since, part = report.since, report.policy
    if since is None or part is None:
        return ""
    named = f", named by {since.variable}" if since.variable else ""
    refused = sum(1 for finding in part.findings if finding.level is Level.ERROR)
    accepted = len(part.findings) - refused
    said = [
        f"{_count(accepted, 'change')} of it accepted by --accept {', '.join(since.accepted)}" if accepted else "",
        f"refused, {_count(refused, 'finding')}" if refused else "",
    ]
    words = "; ".join(filter(None, said)) or "unchanged, and no release lost"
    more = "" if report.modules else " No module was judged."
    return f"policy of {printable(since.label)}{named}: {words}.{more}"


def _change(module: ModuleReport) -> str:
    if not module.compared_with:
        return "no release yet" if module.version else "nothing to judge against"
    if module.bump == "none" or not module.differs:
        return f"unchanged since {module.compared_with}"
    if module.bump == "patch":
        return f"only comments, layout, imports or documents changed since {module.compared_with}"
    types = f"{_count(module.changed, 'type')} " if module.changed else ""
    since = "" if _refusing(module) else f" since {module.compared_with}"  # the refusal names it
    return f"{types}changed{since}"


def _details(module: ModuleReport) -> list[str]:
    """The findings by kind, beginning with the breaking ones and the number of waived ones."""
    breaking = sum(1 for finding in module.findings if finding.is_breaking)
    waived = sum(1 for finding in module.findings if finding.waiver)
    exempt = sum(1 for finding in module.findings if finding.exemption)
    others = [f for f in module.findings if not f.is_breaking and not f.waiver and not f.exemption]
    levels = [finding.level for finding in others]
    counts = [_count(levels.count(level), level) for level in Level if level in levels]
    details = [
        _kind(module, breaking),
        _passing(module, breaking),
        f"{waived} waived" if waived else "",
        f"{exempt} exempt" if exempt else "",
        *counts,
    ]
    return [detail for detail in details if detail]


def _kind(module: ModuleReport, breaking: int) -> str:
    if breaking:
        return "" if _refusing(module) else f"{breaking} breaking"
    if not module.compared_with:
        return "" if module.findings or not module.judged else "style judged only"
    additive = "additive" if module.differs else "additive since the last stable release"
    return {"major": "breaking since the last stable release", "minor": additive}.get(module.bump, "")


def _passing(module: ModuleReport, breaking: int) -> str:
    """The number of breaking changes that pass because the released version is 0.x, in words."""
    passing = sum(1 for finding in module.findings if finding.before_1_0 and finding.is_breaking)
    if not passing:
        return ""
    return "allowed before 1.0.0" if passing == breaking else f"{passing} allowed before 1.0.0"


def _verdict(module: ModuleReport) -> str:
    if not module.allowed:
        return _refusal(module)
    if not module.version:
        return ""
    return f"Allowed as {module.version}." if module.compared_with else f"The first release may be {module.version}."


def _refusal(module: ModuleReport) -> str:
    """The reason why a module is refused."""
    if module.line and module.bump == "major":
        return f"Refused: line {module.line} takes no breaking change, not even with a waiver. Undo it."
    if count := _refusing(module):
        since = f" since {module.compared_with}" if module.compared_with else ""
        it, need = ("it", "needs") if count == 1 else ("they", "need")
        them = "it" if count == 1 else "them"
        changes = _count(count, "breaking change")
        return f"Refused: {changes}{since}; {it} {need} {module.version}. Undo {them}, or `fieldstone waive`."
    for level in (Level.ERROR, Level.WARNING):
        found = [finding for finding in module.findings if finding.level is level and not finding.waiver]
        others = sum(1 for finding in found if not finding.is_breaking)
        if any(finding.additive for finding in found):
            return f'Refused by `fail-on = "{level}"`, as additions are. Undo them, or `fieldstone waive`.'
        if others:
            return f"Refused until the {level} is fixed." if others == 1 else f"Refused until the {level}s are fixed."
    return "Refused."


def _refusing(module: ModuleReport) -> int:
    """The number of breaking changes for which a module is refused; 0 if it is refused for something else.

    A line that takes no break at all has a refusal of its own.
    """
    if module.allowed or (module.line and module.bump == "major"):
        return 0
    for level in (Level.ERROR, Level.WARNING):
        found = [finding for finding in module.findings if finding.level is level and not finding.waiver]
        if breaking := sum(finding.is_breaking for finding in found):
            return breaking
        if found:
            return 0
    return 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
