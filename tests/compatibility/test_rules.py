"""All rules over all examples: each flags exactly what it declares, and buf agrees."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fieldstone.checking.examples import compile_example
from fieldstone.compatibility.engine import judge
from fieldstone.compatibility.finding import Finding
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.rules import Context, Example, Rule, Sources, all_rules
from fieldstone.compatibility.second_opinion import disagreements
from fieldstone.schema.descriptors import read_schema
from fieldstone.schema.model import Schema
from fieldstone.toolchain import buf

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

TODAY = date(2026, 1, 1)


def examples() -> Iterator[tuple[Rule, Example]]:
    for rule in all_rules().values():
        yield from ((rule, example) for example in rule.examples)


def cases(*, style: bool) -> list[ParameterSet]:
    return [
        pytest.param(
            rule, example, id=f"{rule.id}-{'hit' if example.is_hit else 'miss'}-{rule.examples.index(example)}"
        )
        for rule, example in examples()
        if style or not rule.is_style
    ]


EXAMPLES = cases(style=True)


def schema_of(sources: Sources) -> Schema:
    image = compile_example(sources)
    return read_schema(image, where="example") if image else Schema()


def judge_example(example: Example, rules: list[Rule]) -> list[Finding]:
    ledger = Ledger()
    for i, sources in enumerate((*example.history, example.before)):
        ledger = ledger.advance(schema_of(sources), f"1.{i}.0")
    sides = schema_of(example.before), schema_of(example.after)
    context = Context(*sides, ledger, TODAY, watched=example.options, sunsets=example.sunsets)
    return judge(context, rules)


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_an_example_sets_off_what_it_declares_and_nothing_else(rule: Rule, example: Example) -> None:
    rules = [other for other in all_rules().values() if other.is_style == rule.is_style]
    expected = set(example.also) | ({rule.id} if example.is_hit else set())
    assert {finding.rule for finding in judge_example(example, rules)} == expected


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_a_schema_against_itself_is_silent(rule: Rule, example: Example) -> None:
    for sources in (example.before, example.after):
        context = Context(schema_of(sources), schema_of(sources), Ledger(), TODAY)
        assert judge(context, all_rules().values()) == []


@pytest.mark.parametrize(("rule", "example"), cases(style=False))
def test_buf_agrees_on_every_example(rule: Rule, example: Example) -> None:
    findings = judge_example(example, [r for r in all_rules().values() if not r.is_style])
    with tempfile.TemporaryDirectory() as folder:
        images = compile_example(example.before), compile_example(example.after)
        running = buf.breaking(*images, scratch=Path(folder))
        schemas = schema_of(example.before), schema_of(example.after)
        assert disagreements(findings, running.annotations(what="buf breaking"), schemas) == []


@pytest.mark.parametrize("rule", all_rules().values(), ids=lambda rule: rule.id)
def test_a_rule_says_everything_that_a_reader_needs(rule: Rule) -> None:
    assert {example.is_hit for example in rule.examples} == {True, False}
    assert len(rule.why) > 80
    assert rule.summary.endswith(".")
    assert rule.source.rpartition(".")[2].replace("_", "-") == rule.id
