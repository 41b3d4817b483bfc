"""The end of an element: a sunset is announced by a release, days before it; only then the element may leave."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fieldstone.project.project import Project
from fieldstone.workflows.release import release
from tests.cli.workspace import HERE, MANY, SHOP, Repo, copy_repo, many, release_on, waiver

TODAY = datetime.now(UTC).date()
BASKET = "acme.shop.v1.Basket"
NEAR, FAR = 10, 90
"""Days from today: less than the notice, and more."""


def day(days: int) -> str:
    """The date so many days from today."""
    return (TODAY + timedelta(days)).isoformat()


def lifecycle(kind: str, sunset: str) -> str:
    """The options that deprecate an element with a sunset."""
    return f'  option deprecated = true;\n  option (fieldstone.v1.{kind}_lifecycle) = {{sunset: "{sunset}"}};\n'


def basket(sunset: str) -> str:
    """A message with a sunset."""
    return f"\n// Was once ordered.\nmessage Basket {{\n{lifecycle('message', sunset)}  string id = 1;\n}}\n"


@pytest.fixture(autouse=True)
def pinned_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks stay on one day, also when the tests run over midnight."""
    monkeypatch.setattr("fieldstone.checking.judgement.today_utc", lambda: TODAY)


@pytest.fixture(scope="session")
def annotated_template(
    released_template: Repo, tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]
) -> Repo:
    root = tmp_path_factory.mktemp("annotated") / "repo"
    shutil.copytree(released_template.root, root)
    shutil.copytree(HERE / "schemas/fieldstone", root / "schemas/fieldstone")
    repo = Repo(root, environment)
    repo.edit("buf.yaml", "  - path: schemas/shop\n", "  - path: schemas/shop\n  - path: schemas/fieldstone\n")
    repo.edit(SHOP, 'money.proto";\n', 'money.proto";\nimport "fieldstone/v1/annotations.proto";\n')
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        release(Project.at(root), "fieldstone")
    repo.edit(SHOP, "  string id = 1;\n", f"  string id = 1;\n  string note = 4 {_field_option(day(FAR))};\n")
    repo.commit("annotations")
    return repo


def _field_option(sunset: str) -> str:
    return f'[deprecated = true, (fieldstone.v1.field_lifecycle) = {{sunset: "{sunset}"}}]'


@pytest.fixture
def shop(annotated_template: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repo:
    """shop 1.0.0, and in the tree a use of the annotations: a field `note` with a far sunset."""
    return copy_repo(annotated_template, tmp_path / "repo", capsys)


def with_basket(repo: Repo, sunset: str) -> str:
    """Write the message with this sunset into the schema; the schema without it."""
    before = repo.read(SHOP).partition("\n// Was once")[0]
    repo.write(SHOP, before + basket(sunset))
    return before


def test_a_new_sunset_gives_notice(shop: Repo) -> None:
    for days in (-300, -1, 0, 29):
        with_basket(shop, day(days))
        ran = shop.run("check", "shop")
        assert ran.code == 1
        assert f"error[sunset-too-soon]: sunset {day(days)} of `{BASKET}` is new and gives less than 30 days" in ran.out
        assert (f"it is {days} days after {TODAY}" if days >= 0 else f"it lies before {TODAY}") in ran.out
        assert "breaks:" not in ran.out
        assert "Refused until the error is fixed." in ran.err
        assert "2.0.0" not in ran.err
    registry = shop.snapshot()
    assert shop.run("release", "shop").code == 1
    assert shop.snapshot() == registry
    with_basket(shop, day(30))
    assert shop.run("check", "shop").code == 0
    with_basket(shop, day(31))
    assert "Released shop 1.1.0 (minor)" in shop.release("shop").out


def test_a_sunset_is_a_date(shop: Repo) -> None:
    sunsets = ["soon", "2999-13-45", "2999-1-1", "29991231", "2999-W01-1", "2999-12-31T00:00"]
    baskets = [basket(sunset).replace("Basket", f"Basket{number}") for number, sunset in enumerate(sunsets)]
    shop.write(SHOP, shop.read(SHOP) + "".join(baskets))
    ran = shop.run("check", "shop", "--format", "concise")
    assert ran.code == 1
    for number, sunset in enumerate(sunsets):
        assert f"sunset-invalid: sunset `{sunset}` of `{BASKET}{number}` is no date" in ran.out
    assert ran.out.count("\n") == len(sunsets)


def test_a_released_sunset_moves_only_later(shop: Repo) -> None:
    before = with_basket(shop, day(60))
    release_on(shop, -10)
    with_basket(shop, day(59))
    ran = shop.run("check", "shop")
    assert ran.code == 1
    assert f"error[sunset-moved-closer]: sunset of `{BASKET}` moved from {day(60)} to {day(59)}" in ran.out
    assert "sunset-too-soon" not in ran.out
    assert "Refused until the error is fixed." in ran.err
    for fine in (basket(day(61)), basket(day(60)), basket("").replace(', sunset: ""', "")):
        shop.write(SHOP, before + fine)
        ran = shop.run("check", "shop", "--full")
        assert (ran.code, ran.out) == (0, "")


def test_a_released_sunset_is_silent_when_it_is_near_or_past(shop: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    with_basket(shop, day(40))
    release_on(shop, 0)
    shop.edit(SHOP, "Was once ordered.", "Was once ordered, and is no more.")
    shop.edit(SHOP, "STATUS_PAID = 1;", "STATUS_PAID = 1;\n  STATUS_SENT = 2;")
    for days in (20, 40, 50):
        monkeypatch.setattr("fieldstone.checking.judgement.today_utc", lambda days=days: TODAY + timedelta(days))
        for args in ((), ("--full",), ("--against", "1.0.0"), ("--against", "HEAD"), ("--against", "HEAD~1")):
            ran = shop.run("check", "shop", *args)
            assert (ran.code, "sunset" in ran.out) == (0, False), (days, args)


ELEMENTS = {
    "Basket": basket("DATE"),
    "End": f"\n// How it ends.\nenum End {{\n{lifecycle('enum', 'DATE')}  END_UNSPECIFIED = 0;\n}}\n",
    "Kind.KIND_OLD": (
        "\n// A kind.\nenum Kind {\n  KIND_UNSPECIFIED = 0;\n"
        '  KIND_OLD = 1 [deprecated = true, (fieldstone.v1.enum_value_lifecycle) = {sunset: "DATE"}];\n}\n'
    ),
    "Tag.old": f"\n// A tag.\nmessage Tag {{\n  string old = 1 {_field_option('DATE')};\n}}\n",
    "Label.Old": (
        f"\n// A label.\nmessage Label {{\n  // Old.\n  message Old {{\n  {lifecycle('message', 'DATE')}  }}\n}}\n"
    ),
    "OldService": (
        f"\n// Answers.\nservice OldService {{\n{lifecycle('service', 'DATE')}"
        "  // Gets.\n  rpc Get(OldServiceGetRequest) returns (OldServiceGetResponse);\n}\n"
    ),
    "NewService.Get": (
        "\n// Answers.\nservice NewService {\n  // Gets.\n"
        "  rpc Get(NewServiceGetRequest) returns (NewServiceGetResponse) {\n"
        f"{lifecycle('method', 'DATE')}  }}\n}}\n"
    ),
}
CALLED = "".join(
    f"\n// Asks.\nmessage {name}GetRequest {{}}\n\n// Answers.\nmessage {name}GetResponse {{}}\n"
    for name in ("OldService", "NewService")
)
"""The messages of the calls."""


def test_every_kind_of_element_gives_notice(shop: Repo) -> None:
    before = shop.read(SHOP) + CALLED
    for date_, rule in ((day(NEAR), "sunset-too-soon"), ("soon", "sunset-invalid")):
        shop.write(SHOP, before + "".join(ELEMENTS.values()).replace("DATE", date_))
        ran = shop.run("check", "shop", "--format", "concise", "--no-style")
        assert ran.code == 1
        for name in ELEMENTS:
            assert re.search(f"{rule}: sunset .* of `acme.shop.v1.{re.escape(name)}` ", ran.out), name


REMOVED = {
    "Basket": "message-removed",
    "End": "enum-removed",
    "OldService": "service-removed",
    "NewService.Get": "rpc-removed",
}


def test_every_kind_of_element_leaves_after_a_sunset_that_was_announced(shop: Repo) -> None:
    before = shop.read(SHOP)
    shop.write(SHOP, before + "".join(ELEMENTS[name] for name in REMOVED).replace("DATE", day(-1)) + CALLED)
    assert release_on(shop, -31) == "1.1.0"
    shop.write(SHOP, f"{before}\n// Answers.\nservice NewService {{}}\n{CALLED}")
    for args in ((), ("--full",), ("--against", "1.1.0"), ("--against", "HEAD"), ("--no-second-opinion",)):
        ran = shop.run("check", "shop", *args)
        assert ran.code == 0, (args, ran)
        assert ran.out.count("note[retired-after-sunset]") == len(REMOVED)
        assert "Allowed as 2.0.0." in ran.err
    shop.settings("notice = 31\n")
    ran = shop.run("check", "shop")
    assert ran.code == 1
    reason = f"its sunset {day(-1)} was introduced by 1.1.0 on {day(-31)}: 31 days of notice must lie between"
    assert ran.out.count(reason) == len(REMOVED)
    for name, rule in REMOVED.items():
        last = name.rpartition(".")[2]
        assert re.search(rf"error\[{rule}\]: .*`{last}` was removed.*{reason}", ran.out), name


def test_a_waived_sunset_without_notice_does_not_permit_the_removal(shop: Repo) -> None:
    before = with_basket(shop, "2020-01-01")
    shop.settings(waiver("sunset-too-soon", BASKET))
    ran = shop.run("check", "shop")
    assert ran.code == 0
    assert "waived[sunset-too-soon]" in ran.out
    assert "Allowed as 1.1.0." in ran.err
    assert "Released shop 1.1.0 (minor)" in shop.release("shop").out
    shop.commit("release")
    shop.settings("")
    assert shop.run("check", "shop").code == 0
    shop.write(SHOP, before)
    for args in ((), ("--full",), ("--against", "1.1.0"), ("--against", "HEAD"), ("--no-second-opinion",)):
        ran = shop.run("check", "shop", *args)
        assert ran.code == 1, args
        assert (
            "error[message-removed]: message `Basket` was removed from `acme.shop.v1`; its sunset 2020-01-01 was "
            f"introduced by 1.1.0 on {TODAY}: 30 days of notice must lie between\n" in ran.out
        ), args
        assert "needs 2.0.0" in ran.err, args
    assert shop.run("release", "shop").code == 1
    shop.settings("notice = 0\n")
    assert shop.run("check", "shop").code == 1


def test_the_notice_counts_from_the_release_that_introduced_the_sunset(shop: Repo) -> None:
    before = with_basket(shop, day(-5))
    assert release_on(shop, -100) == "1.1.0"
    shop.edit(SHOP, "  string id = 1;\n}\n", "  string id = 1;\n  string size = 2;\n}\n")
    assert release_on(shop, -20) == "1.2.0"
    shop.write(SHOP, before)
    assert "note[retired-after-sunset]" in shop.run("check", "shop").out
    assert "Released shop 2.0.0 (major)" in shop.release("shop").out
    assert shop.run("check", "shop", "--against", "HEAD").code == 0


def test_a_sunset_that_moved_later_counts_from_the_release_that_had_an_earlier_one(shop: Repo) -> None:
    before = with_basket(shop, day(-10))
    assert release_on(shop, -100) == "1.1.0"
    with_basket(shop, day(-5))
    assert release_on(shop, -20) == "1.2.0"
    shop.write(SHOP, before)
    ran = shop.run("check", "shop")
    assert ran.code == 0, ran
    assert "note[retired-after-sunset]" in ran.out


def test_a_sunset_that_was_taken_away_and_came_back_counts_from_its_return(shop: Repo) -> None:
    before = with_basket(shop, day(-5))
    release_on(shop, -100)
    shop.write(SHOP, before + basket(day(-5)).replace("  option deprecated = true;\n", ""))
    release_on(shop, -90)
    with_basket(shop, day(-5))
    shop.settings(waiver("sunset-too-soon", BASKET))
    assert release_on(shop, -20) == "1.3.0"
    shop.settings("")
    shop.write(SHOP, before)
    ran = shop.run("check", "shop")
    assert ran.code == 1
    assert f"its sunset {day(-5)} was introduced by 1.3.0 on {day(-20)}: 30 days" in ran.out


def test_a_sunset_that_no_release_has_does_not_count(shop: Repo) -> None:
    before = with_basket(shop, "2020-01-01")
    shop.commit("a sunset that nobody checked")
    shop.write(SHOP, before)
    for reference in ("HEAD", "copy"):
        if reference == "copy":
            shop.git("worktree", "add", "--quiet", "copy", "HEAD")
        ran = shop.run("check", "shop", "--against", reference)
        assert ran.code == 1, reference
        assert "its sunset 2020-01-01 was introduced by no release: 30 days of notice must lie between" in ran.out


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (
            basket("2020-01-01").replace("  option deprecated = true;\n", ""),
            "does not count without `deprecated = true`",
        ),
        (basket("soon"), "`soon` is no date (YYYY-MM-DD)"),
        (basket(day(0)), f"has not passed (it is {TODAY}, UTC)"),
        (basket(day(FAR)), f"has not passed (it is {TODAY}, UTC)"),
    ],
)
def test_a_removal_says_why_the_sunset_does_not_count(shop: Repo, options: str, why: str) -> None:
    before = shop.read(SHOP)
    shop.write(SHOP, before + options)
    shop.settings('[rules]\nsunset-too-soon = "off"\nsunset-invalid = "off"\n')
    release_on(shop, -100)
    shop.write(SHOP, before)
    ran = shop.run("check", "shop")
    assert ran.code == 1
    assert "error[message-removed]" in ran.out
    assert why in ran.out


def test_a_module_that_leaves_is_judged_by_the_notice_too(shop: Repo) -> None:
    shop.write(
        "schemas/old/acme/old/v1/old.proto",
        'syntax = "proto3";\n\npackage acme.old.v1;\n\nimport "fieldstone/v1/annotations.proto";\n' + basket(day(-1)),
    )
    listed = shop.read("buf.yaml")
    shop.edit("buf.yaml", "  - path: schemas/shop\n", "  - path: schemas/shop\n  - path: schemas/old\n")
    shop.settings(waiver("sunset-too-soon", "acme.old.v1.Basket"))
    release_on(shop, -20, "old")
    shop.settings("")
    shutil.rmtree(shop.root / "schemas/old")
    shop.write("buf.yaml", listed)
    ran = shop.run("check")
    reason = f"sunset {day(-1)} was introduced by 1.0.0 on {day(-20)}: 30 days of notice must lie between"
    assert ran.code == 1
    assert f"message `Basket` was removed from `acme.old.v1`; its {reason}" in ran.out
    assert f"package `acme.old.v1` was removed from the module; `Basket`'s {reason}" in ran.out
    assert f"file acme/old/v1/old.proto was removed; `Basket`'s {reason}" in ran.out
    shop.settings("notice = 19\n")
    ran = shop.run("check")
    assert ran.code == 0
    assert "note[retired-after-sunset]" in ran.out


def test_a_first_release_gives_notice(shop: Repo) -> None:
    head = 'syntax = "proto3";\n\npackage acme.old.v1;\n\nimport "fieldstone/v1/annotations.proto";\n'
    path = "schemas/old/acme/old/v1/old.proto"
    shop.edit("buf.yaml", "  - path: schemas/shop\n", "  - path: schemas/shop\n  - path: schemas/old\n")
    for sunset, rule in ((day(NEAR), "sunset-too-soon"), ("2020-01-01", "sunset-too-soon"), ("soon", "sunset-invalid")):
        shop.write(path, head + basket(sunset))
        for args in ((), ("--no-style",), ("--against", "HEAD")):
            ran = shop.run("check", "old", *args)
            assert ran.code == 1
            assert f"error[{rule}]" in ran.out
        assert shop.run("release", "old").code == 1
        assert not (shop.root / "registry/old").exists()
    shop.write(path, head + basket(day(FAR)))
    assert shop.run("check", "old").code == 0
    assert "Released old 1.0.0" in shop.release("old").out


def test_a_part_of_a_large_module(large: Repo) -> None:
    shutil.copytree(HERE / "schemas/fieldstone", large.root / "vendored")
    large.edit("buf.yaml", "  - path: schemas\n", "  - path: schemas\n  - path: vendored\n")
    large.settings('[modules.fieldstone]\npath = "vendored"\n')
    large.release("fieldstone")
    old = large.read(many(20))
    annotated = old.replace("v1;\n", 'v1;\n\nimport "fieldstone/v1/annotations.proto";\n', 1)
    large.write(many(20), annotated + basket(day(NEAR)))
    ran = large.run("check", "schemas", "--stats")
    assert ran.code == 1
    assert "error[sunset-too-soon]" in ran.out
    assert f"stats: {MANY}" not in ran.err
    large.settings(large.read("fieldstone.toml") + waiver("sunset-too-soon", "acme.many.v1.Basket"))
    large.write(many(20), annotated + basket(day(-1)))
    release_on(large, -20, "schemas")
    large.write(many(20), old)
    ran = large.run("check", "schemas", "--stats")
    assert ran.code == 1
    assert f"its sunset {day(-1)} was introduced by 1.1.0 on {day(-20)}: 30 days of notice" in ran.out
    large.write("fieldstone.toml", large.read("fieldstone.toml").replace("[modules.", "notice = 19\n[modules.", 1))
    ran = large.run("check", "schemas")
    assert ran.code == 0
    assert "note[retired-after-sunset]" in ran.out


def test_each_module_has_its_own_notice(shop: Repo) -> None:
    with_basket(shop, day(NEAR))
    for settings, code in (
        ("notice = 10\n", 0),
        ("notice = 11\n", 1),
        ("notice = 90\n[modules.shop]\nnotice = 10\n", 0),
        ("notice = 10\n[modules.shop]\nnotice = 11\n", 1),
        ("notice = 0\n[modules.money]\nnotice = 36500\n", 0),
        ("notice = 36500\n", 1),
    ):
        shop.settings(settings)
        assert shop.run("check", "shop").code == code, settings


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("notice = -1\n", "notice in .* is -1; it must be at least 0"),
        ("notice = true\n", "notice in .* must be of type integer, and is true"),
        ("notice = 30.0\n", "notice in .* must be of type integer, and is 30.0"),
        ('notice = "30"\n', 'notice in .* must be of type integer, and is "30"'),
        ("[modules.shop]\nnotice = false\n", "modules.shop.notice in .* must be of type integer, and is false"),
        ("notise = 3\n", "unknown key notise in .*did you mean notice"),
    ],
)
def test_notice_is_a_whole_number_of_days(shop: Repo, text: str, problem: str) -> None:
    shop.settings(text)
    assert re.search(problem, shop.run("check", "shop").error)


def test_old_releases_are_read_only_where_something_past_its_sunset_leaves(shop: Repo) -> None:
    with_basket(shop, day(-5))
    release_on(shop, -100)
    shop.edit(SHOP, "  string id = 1;\n}\n", "  string id = 1;\n  string size = 2;\n}\n")
    release_on(shop, -20)
    image = shop.root / "registry/shop/1.1.0/image.binpb.gz"
    content = image.read_bytes()
    shop.edit(SHOP, "STATUS_PAID = 1;", "STATUS_PAID = 1;\n  STATUS_SENT = 2;")
    image.write_bytes(b"")
    assert "additive, 1 error" in shop.run("check", "shop").err  # the check of the registry tells, nothing else
    with_basket(shop, day(-5))
    shop.write(SHOP, shop.read(SHOP).partition("\n// Was once")[0])
    assert "registry/shop/1.1.0/image.binpb.gz is not what was released" in shop.run("check", "shop").error
    image.write_bytes(content)
    assert "note[retired-after-sunset]" in shop.run("check", "shop").out
