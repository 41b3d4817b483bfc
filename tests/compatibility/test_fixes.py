"""Fixes are true: whoever follows one, or several at once, is not refused for something else."""

from __future__ import annotations

from functools import cache

import pytest
from msgspec.structs import replace

from fieldstone.checking.examples import with_headers
from fieldstone.compatibility.finding import Finding
from fieldstone.compatibility.rules import Example, Rule, all_rules
from tests.compatibility.examples import compile_more
from tests.compatibility.following import Files, followed
from tests.compatibility.test_rules import judge_example

IN_WORDS = frozenset(
    (
        "column-default-changed column-dropped column-renamed column-required-changed column-retyped "
        "column-unfillable constraint-required constraint-tightened custom-option-changed entity-renamed "
        "enum-openness-changed enum-value-added extension-removed field-behavior-changed field-behavior-required "
        "field-json-name-changed field-numbers-swapped field-oneof-changed field-option-changed "
        "field-required-changed file-name-without-version file-option-changed file-package-changed file-removed "
        "file-syntax-changed index-made-unique json-format-changed language-feature-changed oneof-member-added "
        "oneof-removed outbox-order-changed outbox-switched-off package-removed package-version-incomplete "
        "primary-key-changed query-arguments-changed query-limit-lowered query-order-changed "
        "query-records-changed query-removed query-renamed query-result-changed record-version-changed "
        "retired-after-sunset rpc-idempotency-changed rpc-removed rpc-renamed rpc-route-removed service-renamed "
        "sunset-invalid sunset-moved-closer sunset-too-soon table-dropped table-renamed type-made-local "
        "type-moved "
    ).split()
)
"""The rules whose fixes are sentences: a person has to turn them into code."""

_MORE_THAN_THE_FIX = {
    ("enum-removed", 2): "another enum of the package has its values' names by now",
    ("enum-value-removed", 1): "an alias takes `option allow_alias`, as the compiler says",
    ("enum-value-renumbered", 4): "its name is at another number now, whose rename is a finding of its own",
    ("extension-range-dropped", 1): "the number was given to a field, which is a finding of its own",
    ("extension-renamed", 1): "it went into a message, and has to leave it",
    ("field-number-reused", 3): "the free number has to lie in a range of extensions",
    ("type-renamed", 2): "other fields have the new name as their type",
    ("type-renamed", 5): "it went into another file",
    ("type-renamed", 6): "it went into another message",
    ("type-renamed", 7): "it went into another message",
    ("type-renamed", 8): "it went out of its message",
}
"""Examples where the right edit is more than replacing one declaration, and why."""


def judged(rule: Rule, example: Example) -> list[Finding]:
    return judge_example(example, [other for other in all_rules().values() if other.is_style == rule.is_style])


def _with_files(example: Example) -> Example:
    return replace(example, before=with_headers(example.before), after=with_headers(example.after))


@cache
def ways() -> dict[tuple[str, int], list[Files]]:
    """The sources after following the fix of each hit of each rule, compiled together."""
    found = dict[tuple[str, int], list[Files]]()
    for rule in all_rules().values():
        for number, example in enumerate(map(_with_files, rule.examples)):
            if example.is_hit and (rule.id, number) not in _MORE_THAN_THE_FIX:
                findings = [finding for finding in judged(rule, example) if finding.rule == rule.id]
                found[rule.id, number] = followed(findings, with_headers(example.before), with_headers(example.after))
    compile_more(way for each in found.values() for way in each)
    return found


@pytest.mark.parametrize("rule", all_rules().values(), ids=lambda rule: rule.id)
def test_following_a_fix_ends_its_finding_and_starts_no_other(rule: Rule) -> None:
    tried = [(number, way) for (name, number), each in ways().items() if name == rule.id for way in each]
    assert bool(tried) == (rule.id not in IN_WORDS)
    for number, way in tried:
        example = _with_files(rule.examples[number])
        before = {finding.rule for finding in judged(rule, example)}
        after = judged(rule, replace(example, after=way))
        assert rule.id not in {finding.rule for finding in after}, (example.after, way, after)
        assert {finding.rule for finding in after} <= before, (example.after, way, after)
