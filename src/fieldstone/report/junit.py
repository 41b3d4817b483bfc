"""JUnit XML, for test reports: a suite per module, a case per finding."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from fieldstone.compatibility.finding import Finding, Level, ModuleReport, Report
from fieldstone.printed import printable, within_xml
from fieldstone.report import Options

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters that XML 1.0 forbids: https://www.w3.org/TR/xml/#charsets."""


def render(report: Report, _options: Options) -> str:
    """The report as an XML document in ASCII, also when nothing was found."""
    root = Element("testsuites", name="fieldstone")
    for module in report.parts:
        _add_suite(root, module)
    indent(root)
    document: bytes = tostring(root, encoding="us-ascii")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{within_xml(document.decode("ascii"))}\n'


def _add_suite(root: Element, module: ModuleReport) -> None:
    failures = sum(_fails(finding, module) for finding in module.findings)
    waived = sum(finding.waiver is not None for finding in module.findings)
    errors = 0 if module.judged else 1
    tests = len(module.findings) + errors or 1
    suite = SubElement(
        root, "testsuite", name=_clean(module.module), tests=str(tests), failures=str(failures), errors=str(errors)
    )
    if waived:
        suite.set("skipped", str(waived))
    for finding in module.findings:
        _add_case(suite, module, finding)
    if not module.judged:
        case = SubElement(suite, "testcase", name="judged", classname=_clean(module.module))
        SubElement(case, "error", message=_clean(f"could not be judged: {module.unjudged_because}"))
    elif not module.findings:
        name = f"compatible with {module.compared_with}" if module.compared_with else "style"
        SubElement(suite, "testcase", name=_clean(name), classname=_clean(module.module))


def _add_case(suite: Element, module: ModuleReport, finding: Finding) -> None:
    """Waived findings are skipped; a note or an addition passes, with its text in the case's output."""
    name = _clean(f"{finding.rule}: {finding.subject}")
    case = SubElement(suite, "testcase", name=name, classname=_clean(module.module), file=_clean(finding.location.path))
    if finding.location.line:
        case.set("line", str(finding.location.line))
    if finding.waiver:
        SubElement(case, "skipped", message=_clean(f"waived {finding.waiver.terms}"))
    if _fails(finding, module):
        failure = SubElement(case, "failure", type=_clean(finding.rule), message=_clean(finding.message))
        failure.text = _clean(_details(module, finding))
    else:
        SubElement(case, "system-out").text = _clean(f"{finding.message}\n{_details(module, finding)}")


def _fails(finding: Finding, module: ModuleReport) -> bool:
    """Whether a finding fails a test: an error or a warning; an addition only if warnings alone refuse the module."""
    if finding.waiver is not None or finding.level not in {Level.ERROR, Level.WARNING}:
        return False
    return not finding.additive or not (module.allowed or any(f.level is Level.ERROR for f in module.findings))


def _details(module: ModuleReport, finding: Finding) -> str:
    location = finding.location
    lines = [f"{location.path}:{location.line}:{location.column}" if location.line else location.path]
    if finding.was:
        lines.append(f"was: {finding.was}" + (f" at {module.compared_with}" if module.compared_with else ""))
    if finding.breaks:
        lines.append(
            f"{'breaks' if finding.is_breaking or finding.exemption else 'lost on'}: {', '.join(finding.breaks)}"
        )
    lines += [f"witness: {printable(witness.sentence)}" for witness in finding.witnesses]
    if finding.fix:
        lines.append(finding.fix if finding.passes else f"fix: {finding.fix}")
    return "\n".join(lines)


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)
