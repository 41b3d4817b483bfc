"""Many `waive` at once, and settings that change or break under it: no waiver is lost, none stands twice."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.cli.workspace import SHOP, Ran, Repo, waiver

RULE = "field-type-changed"
SUBJECT = "acme.shop.v1.Order.id"
TERMS = ("--reason", "x", "--until", "2999-12-31", "--owner", "shop")
MANY = 8


def at_once(repo: Repo, subjects: Sequence[str]) -> list[Ran]:
    """What `waive` in processes that run at the same time came to."""
    processes = [repo.start("waive", RULE, subject, *TERMS) for subject in subjects]
    said = [process.communicate() for process in processes]
    return [Ran(process.returncode, out, err) for process, (out, err) in zip(processes, said, strict=True)]


def waived(repo: Repo, file: str = "fieldstone.toml") -> Counter[str]:
    values = tomllib.loads(repo.read(file))
    return Counter(entry["subject"] for entry in values.get("tool", {}).get("fieldstone", values)["waivers"])


@pytest.mark.parametrize("in_pyproject", [False, True])
def test_many_findings(grown: Repo, *, in_pyproject: bool) -> None:
    """In a file that is there, and in one that the first of them makes."""
    fields = "".join(f"  string f{number} = {number};\n" for number in range(10, 10 + MANY))
    grown.edit(SHOP, "  string id = 1;\n", f"  string id = 1;\n{fields}")
    grown.release("shop")
    grown.write(SHOP, grown.read(SHOP).replace("string f", "int32 f"))
    if in_pyproject:
        grown.write("pyproject.toml", "[tool.fieldstone]\n[tool.other]\n")
    subjects = [f"acme.shop.v1.Order.f{number}" for number in range(10, 10 + MANY)]
    assert [ran.code for ran in at_once(grown, subjects)] == [0] * MANY
    assert waived(grown, "pyproject.toml" if in_pyproject else "fieldstone.toml") == Counter(subjects)
    assert [path.name for path in grown.root.iterdir() if path.name.startswith((".fieldstone.", ".pyproject."))] == []
    assert grown.run("check", "--format", "concise").out.count("(waived ") == MANY


def test_one_finding(grown: Repo) -> None:
    grown.edit(SHOP, "string id = 1;", "int32 id = 1;")
    done = at_once(grown, [SUBJECT] * MANY)
    assert Counter(ran.code for ran in done) == {0: 1, 2: MANY - 1}
    refusal = f"{grown.root}/fieldstone.toml:1 waives {RULE} on {SUBJECT} already, until 2999-12-31"
    assert {ran.error for ran in done if ran.code} == {f"error: {refusal}; change its date there"}
    assert waived(grown) == {SUBJECT: 1}


def test_a_finding_whose_name_no_entry_may_have(grown: Repo) -> None:
    """No command would take the settings with such an entry in them: they stay as they are."""
    file = SHOP.replace("shop.proto", "a*b.proto")
    grown.edit("buf.yaml", "    - STANDARD\n", "    - MINIMAL\n")
    grown.write(file, 'syntax = "proto3";\n\npackage acme.shop.v1;\n\nmessage Parcel {\n  string id = 1;\n}\n')
    grown.release("shop")
    grown.edit(file, "message Parcel", 'option java_package = "elsewhere";\n\nmessage Parcel')
    grown.settings('registry = "registry"\n')
    ran = grown.run("waive", "file-option-changed", "acme/shop/v1/a*b.proto", *TERMS)
    assert "waivers[1].subject in " in ran.error
    assert 'is "acme/shop/v1/a*b.proto"; it is the full name of one element' in ran.error
    assert grown.read("fieldstone.toml") == 'registry = "registry"\n'


@pytest.mark.parametrize("command", ["check", "release shop", "registry verify", "waive field-removed a.B"])
@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (
            "ENUM_VALUE_PREFIX",
            "and no waiver reaches it; write `// buf:lint:ignore ENUM_VALUE_PREFIX` above the element",
        ),
        ("ENUM_NO_DELETED", "and `buf breaking` has no such rule; did you mean ENUM_NO_DELETE?"),
        ("FIELD_SAME_NAME\n", "and `buf breaking` has no such rule; did you mean FIELD_SAME_NAME?"),
    ],
)
def test_an_entry_that_no_waiver_can_be(grown: Repo, rule: str, says: str, command: str) -> None:
    grown.settings(waiver(rule, "acme/shop/v1/shop.proto"))
    terms = TERMS if command.startswith("waive") else ()
    error = grown.run(*command.split(), *terms).error
    assert f"waivers[1].rule in {grown.root}/fieldstone.toml is " in error
    assert says in error


def test_a_naming_rule_takes_a_waiver(grown: Repo) -> None:
    grown.settings("naming = true\n")
    grown.edit(SHOP, "// How far", "// Sent.\nmessage Parcel {\n  string id = 1;\n}\n\n// How far")
    assert grown.run("check", "shop").code == 1
    assert grown.run("waive", "message-name-without-version", "acme.shop.v1.Parcel", *TERMS).code == 0
    ran = grown.run("check", "shop")
    assert (ran.code, ran.out.count("waived[message-name-without-version]")) == (0, 1)
