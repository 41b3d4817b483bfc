"""Waivers: one finding permitted until a day, in every report, by the release that used it, and no longer."""

from __future__ import annotations

import json
import tomllib
from xml.etree import ElementTree as ET

import pytest

from tests.cli.workspace import MONEY, SHOP, Repo, waiver

BREAK = ("string id = 1;", "int32 id = 1;")
SUBJECT = "acme.shop.v1.Order.id"
ENTRY = {
    "rule": "field-type-changed",
    "subject": SUBJECT,
    "reason": "the id was never a text",
    "owner": "shop@example.com",
    "until": "2999-12-31",
}
TERMS = "until 2999-12-31, by shop@example.com: the id was never a text"


def entry(header: str = "[[waivers]]", **changes: str) -> str:
    return waiver(header=header, **{**ENTRY, **changes})


def test_a_waived_break_passes_and_stays_visible(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    grown.settings(entry())
    ran = grown.run("check")
    assert ran.code == 0
    assert ran.out.startswith("waived[field-type-changed]: `id` of `acme.shop.v1.Order` went from string to int32\n")
    assert f"   = waived:  {TERMS}\n" in ran.out
    assert "shop: 1 type changed since 1.2.0: 1 breaking, 1 waived. Allowed as 2.0.0.\n" in ran.err


def test_every_format_shows_it(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    grown.settings(entry())
    said = {name: grown.run("check", "shop", "--format", name).out for name in ("concise", "json", "github", "sarif")}
    assert said["concise"].endswith(f" (waived {TERMS})\n")
    (finding,) = json.loads(said["json"])["modules"][0]["findings"]
    assert finding["waiver"] == {key: ENTRY[key] for key in ("reason", "owner", "until")} | {
        "entered": "",
        "reason_class": "",
    }
    assert said["github"].startswith("::notice ")
    (result,) = json.loads(said["sarif"])["runs"][0]["results"]
    (suppression,) = result["suppressions"]
    assert suppression == {"kind": "external", "status": "accepted", "justification": f"Waived {TERMS}"}
    suite = ET.fromstring(grown.run("check", "shop", "--format", "junit").out).find("testsuite")  # noqa: S314 - written by the command above
    assert suite is not None
    assert suite.attrib == {"name": "shop", "tests": "1", "failures": "0", "errors": "0", "skipped": "1"}


def test_the_subject_is_exact_and_so_is_the_rule(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    grown.settings(entry(subject="acme.shop.v1.Order") + entry(rule="field-removed"))
    ran = grown.run("check")
    assert ran.code == 1
    assert "error[field-type-changed]" in ran.out
    assert ran.out.count("warning[waiver-unused]") == 2
    assert "permits nothing: there is no such finding" in ran.out


def test_one_break_of_two(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    grown.edit(SHOP, "string note = 4;", "int32 note = 4;")
    grown.settings(entry())
    ran = grown.run("check", "shop")
    assert ran.code == 1
    assert (
        "1 waived. Refused: 1 breaking change since 1.2.0; it needs 2.0.0. Undo it, or `fieldstone waive`." in ran.err
    )


def test_an_expired_waiver_permits_nothing_and_says_so(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    grown.settings("# Ours.\n\n" + entry(until="2020-01-31"))
    ran = grown.run("check")
    assert ran.code == 1
    assert "error[field-type-changed]" in ran.out
    assert f"error[waiver-expired]: the waiver of `field-type-changed` on `{SUBJECT}` ended on 2020-01-31" in ran.out
    assert "  --> fieldstone.toml:3:1\n" in ran.out
    assert "1 error. Refused: 1 breaking change since 1.2.0; it needs 2.0.0. Undo it, or `fieldstone waive`." in ran.err
    assert grown.run("check", "--against", "HEAD").out.count("[waiver-expired]") == 1


def test_it_expires_with_the_finding_that_it_covered(grown: Repo) -> None:
    """As a warning where that is one, and it refuses nothing that the finding does not."""
    grown.edit(SHOP, *BREAK)
    grown.settings(entry(until="2020-01-31") + '[rules]\nfield-type-changed = "warning"\n')
    ran = grown.run("check")
    assert ran.code == 0
    assert "warning[waiver-expired]" in ran.out


def test_an_unused_waiver_is_a_warning_with_its_lines(grown: Repo) -> None:
    grown.settings("# Ours.\n" + entry() + '\n[rules]\nfield-renamed = "off"\n')
    ran = grown.run("check", cwd="schemas")
    assert ran.code == 0
    assert "  --> ../fieldstone.toml:2:1\n" in ran.out
    assert "   = fix:     delete lines 2-7 of fieldstone.toml\n" in ran.out
    assert "money: unchanged since 1.0.0: 1 warning.\n" in ran.err
    assert "   = more:    fieldstone explain waiver-unused\n" in ran.out
    assert "Delete it" in " ".join(grown.run("explain", "waiver-unused").out.split())


def test_an_unused_waiver_refuses_where_warnings_do(grown: Repo) -> None:
    grown.settings('fail-on = "warning"\n' + entry(module="shop"))
    ran = grown.run("check")
    assert ran.code == 1
    assert "shop: unchanged since 1.2.0: 1 warning. Refused until the warning is fixed.\n" in ran.err
    assert grown.run("check", "money").code == 0


def test_a_waiver_of_an_expired_day_that_covers_nothing_is_unused(grown: Repo) -> None:
    grown.settings(entry(until="2020-01-31"))
    ran = grown.run("check")
    assert (ran.code, ran.out.count("[waiver-unused]"), "waiver-expired" in ran.out) == (0, 1, False)


def test_against_something_else_no_waiver_is_unused(grown: Repo) -> None:
    grown.settings(entry())
    ran = grown.run("check", "--against", "HEAD")
    assert (ran.code, ran.out) == (0, "")


def test_a_waiver_for_another_module_does_not_count(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    grown.settings(entry(module="money"))
    assert grown.run("check", "shop").code == 1
    grown.settings(entry(module="no-such"))
    ran = grown.run("check")
    assert ran.code == 1
    assert "is for module no-such, and there is none" in ran.out
    grown.settings(entry(module="shop"))
    assert grown.run("check", "shop").code == 0


def test_in_pyproject(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    header = "[[tool.fieldstone.waivers]]"
    grown.write(
        "pyproject.toml", '[tool.fieldstone]\nregistry = "registry"\n\n' + entry(header) + entry(header, subject="a.B")
    )
    ran = grown.run("check", "shop", "money")
    assert ran.code == 0
    assert "waived[field-type-changed]" in ran.out
    assert "  --> pyproject.toml:10:1\n" in grown.run("check").out


def test_as_an_inline_array(grown: Repo) -> None:
    table = "{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in ENTRY.items()) + " }"
    grown.settings(f"waivers = [\n  {table},\n]\n")
    ran = grown.run("check", "--format", "concise")
    assert ran.out.startswith("fieldstone.toml:2:1: waiver-unused: ")


def test_a_break_of_a_module_that_left(grown: Repo) -> None:
    grown.edit("buf.yaml", "  - path: schemas/shop\n", "")
    found = json.loads(grown.run("check", "--format", "json").out)["modules"][-1]["findings"]
    grown.settings("".join(entry(rule=f["rule"], subject=f["subject"], module="shop") for f in found))
    ran = grown.run("check")
    assert ran.code == 0
    assert ran.out.count("waived[") == len(found)


def test_a_tampered_registry_is_not_permitted(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    grown.settings(entry())
    with (grown.root / "registry/shop/1.0.0/image.binpb.gz").open("a") as file:
        file.write(" ")
    ran = grown.run("check", "shop")
    assert ran.code == 1
    assert "error[registry-file-changed]" in ran.out
    assert "waived[field-type-changed]" in ran.out


def test_a_release_is_major_and_records_what_it_used(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    grown.settings(entry(module="shop", entered="1.2.0") + entry(rule="field-removed", module="shop"))
    grown.commit("a break")
    assert grown.run("release", "shop", "--dry-run").err == ""
    ran = grown.release("shop")
    assert "Released shop 2.0.0 (major)" in ran.out
    assert f"  - `field-type-changed` on `{SUBJECT}` waived {TERMS}\n" in ran.out
    assert ran.err == "next: the waiver is no longer needed, delete lines 1-8 of fieldstone.toml\n"
    made = tomllib.loads(grown.read("registry/shop/2.0.0/release.toml"))
    assert made["waivers"] == [{**ENTRY, "entered": "1.2.0"}]
    assert grown.run("registry", "verify").code == 0
    for command in (
        ("registry", "show", "shop"),
        ("diff", "shop", "1.1.0", "2.0.0"),
        ("diff", "shop", "1.2.0", "--format", "markdown"),
    ):
        assert f"`field-type-changed` on `{SUBJECT}` waived {TERMS}\n" in grown.run(*command).out
    assert "waived" not in grown.run("diff", "shop", "1.0.0", "1.2.0").out
    (used,) = json.loads(grown.run("diff", "shop", "1.2.0", "2.0.0", "--format", "json").out)["waivers"]
    assert used["owner"] == "shop@example.com"
    ran = grown.run("check", "shop")
    assert ran.code == 0
    assert "is no longer needed: shop 2.0.0 includes the change" in ran.out
    assert "delete lines 1-8 of fieldstone.toml" in ran.out
    grown.edit(SHOP, "string note = 4;", "string note = 4;\n  string buyer = 9;")
    assert "Released shop 2.1.0 (minor)" in grown.release("shop").out
    assert grown.run("registry", "verify").code == 0
    assert tomllib.loads(grown.read("registry/shop/2.1.0/release.toml"))["waivers"] == []


def test_an_edited_record_is_noticed(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    grown.settings(entry())
    grown.release("shop")
    grown.edit("registry/shop/2.0.0/release.toml", "shop@example.com", "nobody@example.com")
    ran = grown.run("registry", "verify")
    assert ran.code == 1
    assert "release.toml does not match its seal" in ran.out


def test_waive_writes_an_entry_and_leaves_all_else(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    before = '# Ours.\nregistry = "registry"   # here\n\n[rules]  # soft\nfield-renamed = "off"\n# end'
    grown.settings(before)
    (grown.root / "fieldstone.toml").chmod(0o640)
    grown.git("config", "user.email", "ada@example.com")
    ran = grown.run(
        "waive",
        ENTRY["rule"],
        SUBJECT,
        "--reason",
        'the "id"\nwas never a text',
        "--until",
        "2999-12-31",
        cwd="schemas",
    )
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        f"../fieldstone.toml:8: `field-type-changed` on `{SUBJECT}` waived "
        'until 2999-12-31, by ada@example.com: the "id" was never a text\n'
    )
    text = grown.read("fieldstone.toml")
    assert text.startswith(before + "\n\n[[waivers]]\nrule = ")
    assert 'until = 2999-12-31\nmodule = "shop"\nentered = "1.2.0"\n' in text
    assert (grown.root / "fieldstone.toml").stat().st_mode & 0o777 == 0o640
    assert grown.run("check").code == 0
    assert sorted(path.name for path in grown.root.iterdir() if "fieldstone.toml" in path.name) == ["fieldstone.toml"]
    again = grown.run("waive", ENTRY["rule"], SUBJECT, "--reason", "x", "--until", "2999-12-31")
    assert again.error.endswith(
        f"waives field-type-changed on {SUBJECT} already, until 2999-12-31; change its date there"
    )


def test_waive_makes_the_settings_where_there_are_none(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    ran = grown.run(
        "waive", ENTRY["rule"], SUBJECT, "--reason", "x", "--until", "2999-12-31", "--owner", "shop", cwd="schemas/shop"
    )
    assert ran.code == 0
    assert grown.read("fieldstone.toml").startswith("[[waivers]]\n")
    assert grown.run("check").code == 0


def test_waive_writes_to_pyproject_where_the_settings_are_there(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    grown.edit(MONEY, "int64 units = 2;", "int32 units = 2;")
    grown.write("pyproject.toml", b"[tool.fieldstone]\r\n\r\n# ruff\r\n[tool.ruff]\r\n")
    for rule, subject in ((ENTRY["rule"], SUBJECT), (ENTRY["rule"], "acme.money.v1.Money.units")):
        ran = grown.run("waive", rule, subject, "--reason", "x", "--until", "2999-12-31", "--owner", "shop")
        assert ran.code == 0
    raw = (grown.root / "pyproject.toml").read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert b"# ruff\r\n[tool.ruff]\r\n\r\n[[tool.fieldstone.waivers]]\r\n" in raw
    assert grown.run("check").code == 0


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rule": "field-typ-changed"}, "there is no such rule; did you mean field-type-changed?"),
        ({"rule": "registry-forked"}, "cannot be waived"),
        ({"rule": "waiver-unused"}, "cannot be waived; see `fieldstone explain waiver-unused`"),
        ({"rule": "PACKAGE_DEFINED"}, "the rule is PACKAGE_DEFINED, a rule of `buf lint`, and no waiver reaches it"),
        ({"rule": "FIELD_NO_DESCRIPTOR"}, "write `// buf:lint:ignore FIELD_NO_DESCRIPTOR` above the element"),
        ({"rule": "FIELD_SAME_TYP"}, "`buf breaking` has no such rule; did you mean FIELD_SAME_TYPE?"),
        ({"rule": "COMPILE"}, "`buf breaking` has no such rule"),
        ({"rule": "FILE_SAME_PACKAGE"}, f"no finding FILE_SAME_PACKAGE on {SUBJECT}"),
        ({"reason": "\udce9"}, "--reason is not UTF-8"),
        ({"owner": "\udce9"}, "the owner is not UTF-8"),
        ({"subject": "acme.shop.v1.Order.ident"}, f"on acme.shop.v1.Order.ident to waive; there is one on {SUBJECT}"),
        ({"rule": "field-removed"}, f"on {SUBJECT} to waive; there is field-type-changed on it"),
        ({"rule": "field-removed", "subject": "a.B"}, "`fieldstone check` lists the findings"),
        ({"until": "2020-01-31"}, "2020-01-31 has passed"),
        ({"until": "2999-13-01"}, "2999-13-01 is no date"),
        ({"until": "29991231"}, "29991231 is no date as a waiver has it; write it as 2999-12-31"),
        ({"module": "money"}, "no finding field-type-changed"),
        ({"module": "no-such"}, "no module no-such"),
        ({"reason": "  "}, "a waiver needs a reason"),
        ({"owner": ""}, "git does not say who owns the waiver"),
    ],
)
def test_waive_refuses(grown: Repo, changes: dict[str, str], says: str) -> None:
    grown.edit(SHOP, *BREAK)
    grown.settings('registry = "registry"\n')
    said = {**ENTRY, **changes}
    options = [part for key in ("reason", "until", "owner", "module") for part in (f"--{key}", said.get(key, ""))]
    ran = grown.run("waive", said["rule"], said["subject"], *options)
    assert says in ran.error
    assert grown.read("fieldstone.toml") == 'registry = "registry"\n'


def test_waive_leaves_an_inline_array_alone(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    grown.settings("waivers = []\n")
    ran = grown.run("waive", ENTRY["rule"], SUBJECT, "--reason", "x", "--until", "2999-12-31", "--owner", "shop")
    assert ran.error.endswith("its waivers are an inline array; write each as [[waivers]]")
    assert grown.read("fieldstone.toml") == "waivers = []\n"


def test_waive_of_what_only_a_branch_has(grown: Repo) -> None:
    grown.edit(SHOP, "string id = 1;", "string id = 1;\n  string buyer = 9;")
    grown.commit("not released yet")
    grown.edit(SHOP, "string buyer = 9;", "int32 buyer = 9;")
    options = ("acme.shop.v1.Order.buyer", "--reason", "x", "--until", "2999-12-31", "--owner", "shop")
    assert "no finding" in grown.run("waive", "field-type-changed", *options).error
    assert grown.run("waive", "field-type-changed", *options, "--against", "HEAD").code == 0
    assert grown.run("check", "--against", "HEAD").code == 0


def test_rules_are_completed(grown: Repo) -> None:
    ran = grown.spawn(
        env={"_FIELDSTONE_COMPLETE": "bash_complete", "COMP_WORDS": "fieldstone waive field-ty", "COMP_CWORD": "2"}
    )
    assert ran.out == "plain,field-type-changed\n"
