"""`// fieldstone:allow RULE reason`: an exception for one style rule, in the comment above an element.

Only style rules can be allowed so. A break outlasts its source line, so it needs a waiver.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from msgspec import Struct

from fieldstone.compatibility.finding import Finding, Level, fingerprint
from fieldstone.compatibility.rules import Rule, all_rules
from fieldstone.schema.element import Element
from fieldstone.schema.model import Enum, Message, Schema, Service

MARK = b"fieldstone:allow"
"""The text that marks a comment as an allowance."""

_MARK = re.compile(r"^\s*fieldstone:allow\b[ \t]*(\S*)[ \t]*(.*?)\s*$", re.MULTILINE)


class Allowance(Struct, frozen=True):
    """One allowance in a comment: the element below it, the rule's id and the reason; either may be empty."""

    element: Element
    rule: str
    reason: str

    @property
    def key(self) -> tuple[str, str, str]:
        """The identity of the allowance as long as it is above the same element."""
        return self.element.full_name, self.rule, self.reason

    def covers(self, finding: Finding) -> bool:
        """Whether a finding of its rule is about the element, or points at it."""
        about = finding.subject == self.element.full_name or finding.location == self.element.location
        return finding.rule == self.rule and about


def allowances(schema: Schema) -> list[Allowance]:
    """All allowances in a schema's comments, valid or not, in the part of the schema that can differ."""
    return [
        Allowance(element, rule, reason)
        for element in _elements(schema.part)
        if MARK.decode() in element.comment
        for rule, reason in _MARK.findall(element.comment)
    ]


def not_allowed(findings: Iterable[Finding], allowed: Collection[Allowance]) -> list[Finding]:
    """The findings that no valid allowance covers."""
    valid = [allowance for allowance in allowed if not _mistake(allowance)]
    return [finding for finding in findings if not any(allowance.covers(finding) for allowance in valid)]


def faults(allowed: Iterable[Allowance], findings: Collection[Finding] | None) -> list[Finding]:
    """Findings about allowances that are invalid or unused.

    Args:
        allowed: the allowances to check.
        findings: what the style rules find in the whole schema, as if all of it were new; None skips the search for
            unused allowances.
    """
    found: list[Finding] = []
    for allowance in allowed:
        mistake = _mistake(allowance)
        if mistake:
            found.append(_finding("allow-invalid", allowance, *mistake, level=Level.ERROR))
        elif findings is not None and not any(map(allowance.covers, findings)):
            problem = f"`fieldstone:allow {allowance.rule}` permits nothing: the rule finds nothing here"
            found.append(_finding("allow-unused", allowance, problem, "delete the line", level=Level.WARNING))
    return found


def _elements(schema: Schema) -> Iterator[Element]:
    yield from schema.files.values()
    yield from schema.extensions.values()
    for element in schema.types():
        yield element
        match element:
            case Message():
                yield from element.fields.values()
            case Enum():
                yield from element.values
            case Service():
                yield from element.rpcs.values()


def _mistake(allowance: Allowance) -> tuple[str, str] | None:
    """The mistake in an allowance, and its fix; None if it is valid."""
    said = f"`fieldstone:allow {allowance.rule}`".replace(" `", "`")
    rule: Rule | None = all_rules().get(allowance.rule)
    if rule is None:
        buf = "use `buf:lint:ignore` for a rule of buf" if allowance.rule.isupper() else "`fieldstone rules` lists them"
        return f"{said} names no rule of Fieldstone", buf
    if not rule.is_style:
        return f"{said} is about compatibility, and only style is allowed in the source", "see `fieldstone waive`"
    if not allowance.reason:
        return f"{said} gives no reason", f"write it behind: `// fieldstone:allow {allowance.rule} REASON`"
    return None


def _finding(rule: str, allowance: Allowance, message: str, fix: str, *, level: Level) -> Finding:
    element = allowance.element
    return Finding(
        rule=rule,
        subject=element.full_name,
        message=message,
        location=element.location,
        fix=fix,
        level=level,
        fingerprint=fingerprint(rule, *allowance.key),
    )
