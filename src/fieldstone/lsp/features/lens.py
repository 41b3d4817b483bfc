"""The line above `package`: what the next release may be."""

from __future__ import annotations

from fieldstone.compatibility.finding import ModuleReport


def summary(report: ModuleReport) -> str:
    """The verdict about a module in a few words: `since 1.4.0: additive, 1.5.0`.

    Args:
        report: the result of its last check.
    """
    since = f"since {report.compared_with}: " if report.compared_with else ""
    if not report.compared_with:
        return f"not released yet: {report.version}" if report.version else "not released yet"
    if not report.differs:
        return f"{since}unchanged"
    breaking = sum(finding.is_breaking and finding.waiver is None for finding in report.findings)
    refused = sum(finding.waiver is None and not finding.passes for finding in report.findings)
    if breaking:
        return f"{since}{breaking} breaking, needs {report.version}"
    if not report.allowed:
        return f"{since}refused, {_count(refused)}"
    waived = sum(finding.waiver is not None for finding in report.findings)
    kind = f"{waived} waived" if waived else {"patch": "no contract change"}.get(report.bump, "additive")
    return f"{since}{kind}, {report.version}"


def _count(findings: int) -> str:
    return f"{findings} finding{'' if findings == 1 else 's'}"
