"""All rules over all examples: each flags exactly what it declares, and buf agrees."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from fieldstone.checking.examples import compile_example
from fieldstone.compatibility.engine import judge
from fieldstone.compatibility.finding import Finding
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.rules import Context, Example, Rule, all_rules
from fieldstone.compatibility.second_opinion import disagreements
from fieldstone.schema.image import parse_image
from fieldstone.toolchain import buf
from tests.compatibility.examples import TODAY, cases, compared_by_buf, image_of, schema_of

EXAMPLES = cases(style=True)


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
    schemas = schema_of(example.before), schema_of(example.after)
    assert disagreements(findings, compared_by_buf(example.before, example.after), schemas) == []


@pytest.mark.parametrize("rule", list(all_rules().values())[::10], ids=lambda rule: rule.id)
def test_compiled_and_compared_with_others_an_example_is_the_same(rule: Rule) -> None:
    example = rule.examples[0]
    together = image_of(example.before), image_of(example.after)
    alone = compile_example(example.before), compile_example(example.after)
    assert [files_of(image) for image in together] == [files_of(image) for image in alone]
    if not rule.is_style:
        with tempfile.TemporaryDirectory() as folder:
            found = buf.breaking(*alone, scratch=Path(folder)).diagnostics(what="buf breaking")
        assert found == compared_by_buf(example.before, example.after)


def files_of(image: bytes) -> dict[str, bytes]:
    return {file.name: file.SerializeToString() for file in parse_image(image, where="example").file}


@pytest.mark.parametrize("rule", all_rules().values(), ids=lambda rule: rule.id)
def test_a_rule_says_everything_that_a_reader_needs(rule: Rule) -> None:
    assert {example.is_hit for example in rule.examples} == {True, False}
    assert len(rule.why) > 80
    assert rule.summary.endswith(".")
    assert rule.source.rpartition(".")[2].replace("_", "-") == rule.id
    assert {*rule.follows} <= all_rules().keys() - {rule.id}
