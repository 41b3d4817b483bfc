"""A waiver: the recorded permission for one finding, in the settings or in a release."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from fieldstone.compatibility.exemption import ENTERED, UNUSED

NO_KNOWN_READER = "no-known-reader"
"""The class of reasons that is checked against what is known of consumers."""
REASON_CLASSES = {
    NO_KNOWN_READER: "no consumer is known to use the element: checked against their evidence",
    "bug-fix": "the released schema is wrong, and nobody can rely on it",
    "coordinated": "the consumers were asked, and change with it",
    "accepted": "the break is known, and accepted",
}
"""The classes of reasons for a break, each with its meaning."""


class Waiver(Struct, frozen=True, kw_only=True):
    """The permission for one rule on one subject.

    Attributes:
        rule: the rule's id.
        subject: the full name of the element, as the finding names it.
        reason: why the break is accepted.
        owner: a team or an address that is responsible for it.
        until: its last day, in UTC, as an ISO 8601 date.
        module: the only module that it is valid for; empty for any.
        entered: the newest release when it was written; empty if unknown.
        reason_class: the kind of reason, of `REASON_CLASSES`; empty if none was given.
    """

    rule: str
    subject: str
    reason: str
    owner: str
    until: str
    module: str = ""
    entered: str = ""
    reason_class: str = ""

    def covers(self, rule: str, subject: str) -> bool:
        """Whether it is about a finding of this rule on this subject."""
        return (self.rule, self.subject) == (rule, subject)

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return day <= date.fromisoformat(self.until)

    @property
    def terms(self) -> str:
        """Its last day, owner and reason, in one line."""
        of_class = f" ({self.reason_class})" if self.reason_class else ""
        return " ".join(f"until {self.until}, by {self.owner}: {self.reason}{of_class}".split())

    @property
    def text(self) -> str:
        """The whole waiver in a line."""
        return " ".join(f"`{self.rule}` on `{self.subject}` waived {self.terms}".split())


PERMISSIONS = {
    "policy-weakened": "A change protects less than its target branch: by its settings, a waiver, the list of "
    "modules or the buf configuration. It is still judged by the policy of that branch. A pipeline with the "
    "permission accepts it by `fieldstone check --accept policy-weakened`.",
    "branch-behind": "The target branch has newer commits that matter: it has stricter settings by now, or it "
    "released a module that is changed here, too. Merge it, so that the change is judged by the current policy.",
    "waiver-expired": "The last day of a waiver has passed, and the waived change is still there: the finding "
    "counts again. Undo the change, or agree on a later date with the owner of the waiver.",
    "waiver-unused": "A waiver matches no finding: its subject is misspelled, the change was undone, or a release "
    "already includes it. A release records the waivers that it used, so the entry is no longer needed. Delete it, "
    "so that it cannot permit a later change by accident.",
    ENTERED: "A released type moved from a protected file into one that the settings exempt (`exempt-paths`, "
    "`exempt-rules`). There its next breaking change would only be noted. Leave it in a protected file. To give up its "
    "protection on purpose, first exempt the file that it is in: that is a change of policy.",
    UNUSED: "A path of `exempt-paths` or `exempt-rules` is at no file that the module has now or had in a release: it "
    "is misspelled, or begins at another folder than import paths do. So it exempts nothing. Correct or delete it.",
    "style-fault-fixed": "`fieldstone.style.toml` lists the faults of style that existed when Fieldstone was set up, "
    "by rule and file. Some of them are fixed by now. Lower the number or delete the line, so that new ones cannot "
    "take their place.",
    "allow-invalid": "A comment `// fieldstone:allow RULE reason` names no rule, a rule that is not about style, or "
    "no reason. A rule about compatibility needs a waiver in the settings: `fieldstone waive`.",
    "allow-unused": "A comment `// fieldstone:allow RULE reason` is above an element where the rule finds nothing. "
    "Delete it.",
}
"""Explanations of the findings about permissions."""
