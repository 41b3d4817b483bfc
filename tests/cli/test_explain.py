"""`fieldstone explain` of rules of buf, of plugins, and of words that are no rule."""

from __future__ import annotations

import pytest

from fieldstone.toolchain import buf_rules
from tests.cli.workspace import Repo


@pytest.mark.parametrize("version", buf_rules.CONFIG_VERSIONS)
def test_every_rule_and_category_of_buf(fresh: Repo, version: buf_rules.ConfigVersion) -> None:
    listed = [rule for kind in buf_rules.RULE_KINDS for rule in buf_rules.rules(kind, version)]
    assert {"FIELD_SAME_TYPE", "FIELD_LOWER_SNAKE_CASE"} <= {rule.id for rule in listed}
    for rule in listed:
        ran = fresh.run("explain", rule.id)
        assert ran.out.startswith(f"# {rule.id}\n\n")
        assert " ".join(rule.purpose.split()) in " ".join(ran.out.split())
    for category in {category for rule in listed for category in rule.categories}:
        assert fresh.run("explain", category).out.startswith(f"# {category}\n\nA category of buf's ")


def test_a_breaking_rule_names_those_of_fieldstone(fresh: Repo) -> None:
    out = fresh.run("explain", "FIELD_SAME_TYPE").out
    assert "A breaking rule of buf, in CSR, FILE, PACKAGE." in out
    assert "`field-type-changed`" in out
    assert "`fieldstone check --profile buf` applies it" in " ".join(out.split())


def test_a_lint_rule_says_where_it_is_selected(fresh: Repo) -> None:
    out = fresh.run("explain", "FIELD_LOWER_SNAKE_CASE").out
    assert "A lint rule of buf, in BASIC, DEFAULT, STANDARD." in out
    assert "the `lint` section of buf.yaml selects it" in out


def test_a_deprecated_rule_and_one_of_older_configurations(fresh: Repo) -> None:
    assert "in no category. Deprecated.\n" in fresh.run("explain", "IMPORT_NO_WEAK").out
    assert "Only a buf.yaml of version v1 has it." in " ".join(fresh.run("explain", "FIELD_SAME_CTYPE").out.split())


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Field_Type_Changed", "field-type-changed"),
        ("REGISTRY-FORKED", "registry-forked"),
        (" field-same-type ", "FIELD_SAME_TYPE"),
        ("field_same_type", "FIELD_SAME_TYPE"),
        ("wire-json", "WIRE_JSON"),
        ("Field-Ty", "field-type-changed"),
    ],
)
def test_case_and_hyphens_do_not_count(fresh: Repo, name: str, title: str) -> None:
    assert fresh.run("explain", name).out.startswith(f"# {title}\n")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "field-re",
            "error: several rules begin with field-re; name one: field-removed, field-removed-without-reserve, ",
        ),
        ("field-renamd", "error: no rule field-renamd; did you mean field-renamed"),
        ("registry-fork", "error: no rule registry-fork; did you mean registry-forked?"),
        ("FIELD_SAME_TYP", "error: no rule FIELD_SAME_TYP; did you mean FIELD_SAME_TYPE?"),
        ("FIELD_X", "error: no rule FIELD_X; `fieldstone rules` lists them"),
        ("zzzzzz", "error: no rule zzzzzz; `fieldstone rules` lists them"),
        ("HELLO", "error: no rule HELLO; `fieldstone rules` lists them"),
        ("", "error: the rule to explain is empty; `fieldstone rules` lists them"),
    ],
)
def test_words_that_are_no_rule(fresh: Repo, name: str, said: str) -> None:
    assert fresh.run("explain", name).error.startswith(said)


def test_a_rule_of_a_plugin_that_does_not_run(fresh: Repo) -> None:
    fresh.write("buf.yaml", fresh.read("buf.yaml") + "plugins:\n  - plugin: buf-plugin-none\n")
    said = fresh.run("explain", "TIMESTAMP_SUFFIX").error
    assert said.startswith("error: TIMESTAMP_SUFFIX is no rule of Fieldstone or buf, and buf cannot list those of ")
    assert "buf-plugin-none" in said
    assert fresh.run("explain", "FIELD_SAME_TYPE").code == 0
