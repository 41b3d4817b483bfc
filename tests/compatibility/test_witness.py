"""Every rule that says that it breaks the wire or JSON is proven by a message, and every near miss has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fieldstone.compatibility.engine import judge
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.rules import Context, Example, Rule, Sources, all_rules
from fieldstone.compatibility.witness import PROVABLE, Version, find_any, prove
from tests.compatibility.examples import TODAY, cases, image_of, schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping

CASES = cases(style=False)


def version_of(label: str, sources: Sources) -> Version:
    return Version(label, image_of(sources), schema_of(sources))


def judged(example: Example, rules: Mapping[str, Rule]) -> list[str]:
    """What lacks its proof, one line each."""
    ledger = Ledger()
    released = {f"1.{i}.0": sources for i, sources in enumerate((*example.history, example.before))}
    for label, sources in released.items():
        ledger = ledger.advance(schema_of(sources), label)
    versions = {label: version_of(label, sources) for label, sources in released.items()}
    old, new = versions[list(versions)[-1]], version_of("this schema", example.after)
    context = Context(old.schema, new.schema, ledger, TODAY, watched=example.options, sunsets=example.sunsets)
    findings = judge(context, rules.values())
    proven = [prove(f, old, new, ledger=ledger, earlier=versions.get) for f in findings]
    unproven = []
    for finding in proven:
        shown = {witness.surface for witness in finding.witnesses}
        unproven += [
            f"{finding.rule} of {finding.subject}: {s}" for s in finding.breaks if s in PROVABLE and s not in shown
        ]
    claimed = {surface for finding in findings for surface in finding.breaks}
    for surface in PROVABLE:
        found = None if surface in claimed else find_any(old, new, surface)
        unproven += [f"nothing breaks {surface}, but {found.sentence}"] if found else []
    return unproven


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_what_breaks_has_a_witness_and_what_does_not_has_none(rule: Rule, example: Example) -> None:
    assert judged(example, {r.id: r for r in all_rules().values() if not r.is_style}) == []
