"""`fieldstone waive --all`: many exact waivers in one entry, reviewable, and told when they are no longer needed."""

from __future__ import annotations

import tomllib

import pytest

from tests.cli.workspace import MONEY, SHOP, Repo

TERMS = ("--reason", "x", "--until", "2999-12-31", "--owner", "shop")
RULE = "field-type-changed"
FIELDS = [f"f{number}" for number in range(10, 17)]
ORDER = "acme.shop.v1.Order"


def fields(kind: str) -> str:
    return "".join(f"  {kind} {name} = {name[1:]};\n" for name in FIELDS)


@pytest.fixture
def broken(grown: Repo) -> Repo:
    """Seven fields of shop and one of money that have another type than in the newest release."""
    grown.edit(SHOP, "  string id = 1;\n", f"  string id = 1;\n{fields('string')}")
    grown.release("shop")
    grown.write(SHOP, grown.read(SHOP).replace("string f1", "int32 f1"))
    grown.edit(MONEY, "int64 units = 2;", "int32 units = 2;")
    return grown


def test_one_entry_for_each_module(broken: Repo) -> None:
    broken.settings("# Ours.\n")
    ran = broken.run("waive", "--all", RULE, *TERMS, cwd="schemas/shop")
    assert ran.code == 0
    money, shop = tomllib.loads(broken.read("fieldstone.toml"))["waivers"]
    assert (money["subject"], money["module"]) == ("acme.money.v1.Money.units", "money")
    assert (shop["subjects"], shop["module"]) == ([f"{ORDER}.{name}" for name in FIELDS], "shop")
    assert "../../fieldstone.toml:12: `field-type-changed` on 7 subjects of shop waived until 2999-12-31, " in ran.out
    assert ran.out.endswith("  - acme.shop.v1.Order.f16\n")
    assert broken.read("fieldstone.toml").startswith("# Ours.\n\n[[waivers]]\n")
    checked = broken.run("check")
    assert checked.code == 0
    assert "waived[field-type-changed]: `f10` of `acme.shop.v1.Order` went from string to int32 (1 of 7)" in checked.out
    again = broken.run("waive", "--all", RULE, *TERMS)
    assert again.error == f"error: no finding of {RULE} to waive; `fieldstone check --statistics` counts them by rule"
    broken.edit(SHOP, "string note = 4;", "int32 note = 4;")
    assert broken.run("check").code == 1, "a list covers what it names and nothing later"


def test_what_is_no_longer_needed_is_told_with_its_lines(broken: Repo) -> None:
    assert broken.run("waive", "--all", RULE, "--module", "shop", *TERMS).code == 0
    broken.edit(SHOP, "int32 f12", "string f12")
    ran = broken.run("check", "shop")
    assert (ran.code, ran.out.count("warning[waiver-unused]")) == (0, 1)
    assert "  --> fieldstone.toml:6:1\n" in ran.out
    assert f"   = fix:     delete `{ORDER}.f12` from line 6 of fieldstone.toml\n" in ran.out
    broken.edit("fieldstone.toml", f'    "{ORDER}.f12",\n', "")
    broken.edit(MONEY, "int32 units = 2;", "int64 units = 2;")
    ran = broken.run("release", "shop")
    assert ran.code == 0
    assert ran.out.count("` waived until 2999-12-31, by shop: x") == 6
    assert ran.err.count("next: the waiver is no longer needed, delete lines 1-15 of fieldstone.toml") == 1
    ran = broken.run("check", "shop")
    assert ran.out.startswith("warning[waiver-unused]")
    assert ran.out.count("= fix:     delete lines 1-15 of fieldstone.toml\n") == 1
    broken.write("fieldstone.toml", "\n".join(broken.read("fieldstone.toml").split("\n")[15:]))
    ran = broken.run("check", "shop")
    assert (ran.code, ran.out) == (0, "")


BELOW = {
    "acme.shop.v1": 7,
    f"{ORDER}.f11": 1,
    "schemas/shop": 7,
    SHOP: 7,
    "schemas": 8,
    "acme.shop.v": 0,
    "schemas/sho": 0,
}


def test_below_a_path_or_a_name(broken: Repo) -> None:
    none = f"error: no finding of {RULE} below {{below}} to waive; there is one on acme.money.v1.Money.units"
    for below, count in BELOW.items():
        ran = broken.run("waive", "--all", RULE, "--below", below, *TERMS)
        if not count:
            assert ran.error == none.format(below=below)
            continue
        entries = tomllib.loads(broken.read("fieldstone.toml"))["waivers"]
        assert sum(len(entry.get("subjects", "x")) for entry in entries) == count, below
        (broken.root / "fieldstone.toml").unlink()


def test_a_change_with_a_list_is_judged_by_its_branch(broken: Repo) -> None:
    broken.git("stash", "--quiet")
    broken.commit("release")
    broken.git("checkout", "--quiet", "-b", "change")
    broken.git("stash", "pop", "--quiet")
    assert broken.run("waive", "--all", RULE, *TERMS).code == 0
    broken.commit("change")
    ran = broken.run("check", "--since", "main", "--format", "concise")
    assert ran.code == 1
    assert ran.out.count(": policy-weakened: the waiver of `field-type-changed` on `") == 8
    assert "fieldstone.toml:14:1: policy-weakened: the waiver of `field-type-changed` on `acme.shop.v1.Order.f11`" in (
        ran.out
    )
    assert broken.run("check", "--since", "main", "--accept", "policy-weakened").code == 0


REFUSED = [
    (["--all", RULE, "a.B"], "--all permits all findings of the rule"),
    ([RULE], "name the SUBJECT of a finding"),
    ([RULE, "a.B", "--below", "a"], "--below needs --all"),
    (["--all", "field-typ-changed"], "there is no such rule; did you mean field-type-changed?"),
    (["--all", "PACKAGE_DEFINED"], "a rule of `buf lint`, and no waiver reaches it"),
    (["--all", "field-removed"], "no finding of field-removed to waive; `fieldstone check --statistics` counts them"),
    (["--all", RULE, "--module", "mony"], "no module mony"),
]


def test_it_refuses(broken: Repo) -> None:
    for arguments, says in REFUSED:
        ran = broken.run("waive", *arguments, *TERMS)
        assert ran.code == 2
        assert says in ran.err
        assert not (broken.root / "fieldstone.toml").exists()


def test_nothing_is_written_where_a_module_is_not_known_or_a_waiver_has_ended(broken: Repo) -> None:
    broken.edit(MONEY, "int32 units", "int33 units")
    ran = broken.run("waive", "--all", RULE, *TERMS)
    assert "the findings of money are not known: it does not compile" in ran.error
    broken.edit(MONEY, "int33 units", "int64 units")
    assert broken.run("waive", RULE, f"{ORDER}.f13", *TERMS).code == 0
    broken.edit("fieldstone.toml", "2999-12-31", "2020-12-31")
    before = broken.read("fieldstone.toml")
    ran = broken.run("waive", "--all", RULE, *TERMS)
    assert f"fieldstone.toml:1 waives {RULE} on {ORDER}.f13 already, until 2020-12-31; change its date" in ran.error
    assert broken.read("fieldstone.toml") == before


@pytest.mark.parametrize(
    ("subjects", "says"),
    [
        ("subjects = []", "waivers[1] in {file} has no subject; it is the full name of one element; or list"),
        ('subjects = ["a.B", "a.B"]', "waivers[1] in {file} waives field-removed on a.B a second time"),
        ('subjects = ["a.*"]', 'waivers[1].subjects in {file} is "a.*"; it is the full name of one element'),
        ('subjects = "a.B"', "waivers[1].subjects in {file} must be of type array"),
        ('subject = "a.B"\nsubjects = ["a.C"]', "waivers[1] in {file} has both subject and subjects; move the"),
    ],
)
def test_what_a_list_may_not_say(released: Repo, subjects: str, says: str) -> None:
    released.settings(
        f'[[waivers]]\nrule = "field-removed"\n{subjects}\nreason = "x"\nowner = "x"\nuntil = "2999-12-31"\n'
    )
    assert says.format(file=released.root / "fieldstone.toml") in released.run("check").error
