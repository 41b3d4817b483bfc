"""Consumers from the command line: published into the registry, named by checks, and asked before a removal."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fieldstone.consumers.uses import FILE, Evidence, Rank, Uses, to_toml
from tests.cli.workspace import SHOP, Repo, waiver
from tests.consumers.test_uses import DAY

TOTAL = "acme.shop.v1.Order.total"


def declare(repo: Repo, name: str, *names: str, rank: Rank = Rank.DECLARED) -> None:
    """Publish a consumer that reads some fields of shop."""
    places = dict.fromkeys(names, (f"src/{name}.go:41",))
    found = Evidence("shop", "1.0.0", rank, DAY, by="go", read=places)
    repo.write(f"consumers/{name}/{FILE}", to_toml(Uses(name, f"team-{name}", (found,))))
    ran = repo.run("uses", "publish", "--version", "1.0", cwd=f"consumers/{name}", env={})
    assert ran.code == 0, ran


def test_a_check_names_whom_a_break_concerns(released: Repo) -> None:
    declare(released, "billing", TOTAL)
    declare(released, "mail", "acme.shop.v1.Order.id")
    released.edit(SHOP, "  acme.money.v1.Money total = 2;\n", "")

    ran = released.run("check", "shop", "--no-style")
    found = json.loads(released.run("check", "shop", "--no-style", "--format", "json").out)

    assert ran.code == 1
    assert "= used by: billing (src/billing.go:41)" in ran.out
    users = {finding["rule"]: finding["used_by"] for finding in found["modules"][0]["findings"]}
    (user,) = users["field-removed-without-reserve"]
    assert (user["consumer"], user["places"], user["rank"]) == ("billing", ["src/billing.go:41"], "declared")


def test_a_release_and_its_registry_are_not_touched_by_consumers(released: Repo) -> None:
    declare(released, "billing", TOTAL)

    assert released.run("check").code == 0
    assert released.run("registry", "verify").code == 0
    assert "billing" not in released.run("registry", "list").out


def test_an_element_is_blocked_until_its_readers_stop(released: Repo) -> None:
    declare(released, "billing", TOTAL)
    blocked = released.run("can-i-remove", TOTAL)
    shutil.rmtree(released.root / "registry/.consumers")
    unknown = released.run("can-i-remove", TOTAL)
    declare(released, "billing", "acme.shop.v1.Order.id")
    free = released.run("can-i-remove", TOTAL)

    assert (blocked.code, unknown.code, free.code) == (1, 1, 0)
    assert f"{TOTAL} (shop): blocked" in blocked.out
    assert "billing 1.0 (team-billing) reads it: src/billing.go:41 (declared, 2026-11-29)" in blocked.out
    assert f"{TOTAL} (shop): unknown" in unknown.out
    assert f"{TOTAL} (shop): no known reader" in free.out
    assert "billing does not use it (declared, 2026-11-29)" in free.out
    assert all("Not claimed: " in ran.out for ran in (blocked, unknown, free))
    assert not any("safe" in ran.out for ran in (blocked, unknown, free))


def test_impact_lists_the_lines_that_break(released: Repo) -> None:
    declare(released, "billing", TOTAL)
    released.commit("consumers")
    released.git("branch", "base")
    released.edit(SHOP, "  acme.money.v1.Money total = 2;\n", "")
    shutil.rmtree(released.root / "registry/.consumers")  # a change cannot hide whom it breaks
    released.commit("change")

    ran = released.run("impact", "shop", "--since", "base")
    table = released.run("impact", "shop", "--since", "base", "--format", "markdown")

    assert ran.code == 1
    assert "shop: breaks 1 known consumer, owned by team-billing" in ran.out
    assert "src/billing.go:41" in ran.out
    assert "| billing 1.0 | team-billing |" in table.out


def test_impact_is_unknown_without_consumers(released: Repo) -> None:
    released.edit(SHOP, "  acme.money.v1.Money total = 2;\n", "")

    ran = released.run("impact", "shop")
    table = released.run("impact", "shop", "--format", "markdown")
    found = json.loads(released.run("impact", "shop", "--format", "json").out)

    assert "shop: breaks no known consumer\n  - unknown: no consumer of shop is known\n" in ran.out
    assert "- unknown: no consumer of shop is known" in table.out
    assert found["unknown"] == {"shop": ["no consumer of shop is known"]}


def test_deployments_need_published_versions(released: Repo, tmp_path: Path) -> None:
    declare(released, "billing", TOTAL)

    ran = released.run("uses", "deployed", "billing@2.0", "--env", "production")

    assert "billing 2.0 has not published its uses" in ran.error
    assert released.run("uses", "deployed", "billing@1.0", "--env", "production").code == 0


def test_an_unknown_element_is_answered_with_the_nearest(released: Repo) -> None:
    error = released.run("can-i-remove", "acme.shop.v1.Order.totel").error

    assert f"did you mean {TOTAL}?" in error


def test_what_is_missing_is_named_at_once(released: Repo) -> None:
    assert "needs --consumer and --owner" in released.run("uses", "scan").error
    assert "there is no fieldstone.uses.toml" in released.run("uses", "publish").error


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (Evidence("shopp", "1.0.0", Rank.DECLARED, DAY), "there is no module shopp in"),
        (Evidence("shop", "1.9.0", Rank.DECLARED, DAY), "there is no release 1.9.0 of shop in"),
        (Evidence("shop", "1.0.0", Rank.DECLARED, DAY, read={"acme.shop.v1.Order.totel": ()}), "is in no release"),
        (Evidence("shop", "1.0.0", Rank.DECLARED, DAY, write={"acme.shop.v1.Order.note": ()}), "is new in 2.0.0"),
        (Evidence("shop", "2.0.0", Rank.DECLARED, DAY, read={TOTAL: ()}), f"{TOTAL} is gone since 2.0.0"),
        (Evidence("money", "1.0.0", Rank.DECLARED, DAY, whole={"acme.shop.v1.Order": ()}), "Order is in no release"),
    ],
)
def test_uses_name_what_their_release_has(released: Repo, evidence: Evidence, said: str) -> None:
    declare(released, "billing", TOTAL)
    released.edit(
        SHOP, "  acme.money.v1.Money total = 2;\n", '  reserved 2;\n  reserved "total";\n  string note = 4;\n'
    )
    released.edit(SHOP, 'import "acme/money/v1/money.proto";\n', "")
    released.settings(waiver("field-removed", TOTAL))
    released.release("shop")
    released.write(FILE, to_toml(Uses("mail", "team-mail", (evidence,))))

    assert said in released.run("uses", "publish", "--version", "1").error
    assert not (released.root / "registry/.consumers/mail").exists()


def test_evidence_about_some_modules_is_published(released: Repo) -> None:
    ours = Evidence("shop", "1.0.0", Rank.DECLARED, DAY, read={TOTAL: ()})
    released.write(FILE, to_toml(Uses("mail", "team-mail", (ours, Evidence("elsewhere", "1.0.0", Rank.DECLARED, DAY)))))

    ran = released.run("uses", "publish", "--version", "1", "--module", "shop")

    assert (ran.code, "it reads shop." in ran.err) == (0, True), ran
    assert "has no evidence about money" in released.run("uses", "publish", "--module", "money").error


def test_a_change_cannot_forget_readers_for_the_next_one(released: Repo) -> None:
    declare(released, "billing", TOTAL)
    released.commit("consumers")
    released.git("branch", "base")
    file = "registry/.consumers/billing/1.0.json"
    released.edit(file, TOTAL, "acme.shop.v1.Order.id")
    edited = released.run("check", "--since", "base")
    (released.root / file).unlink()
    deleted = released.run("check", "--since", "base", "--no-style")
    verified = released.run("registry", "verify", "--since", "base")
    released.git("checkout", "--quiet", "--", "registry")
    assert released.run("uses", "retire", "billing").code == 0
    (released.root / file).unlink()
    retired = released.run("check", "--since", "base", "--no-style")

    assert (edited.code, deleted.code, verified.code, retired.code) == (1, 1, 1, 0)
    assert "error[registry-consumer-lost]: billing 1.0: its published uses were edited since base" in edited.out
    assert "its published uses were deleted since base" in deleted.out
    assert "its published uses were deleted since base" in verified.out


def test_what_is_known_of_consumers_is_verified(released: Repo) -> None:
    declare(released, "billing", TOTAL)
    file = "registry/.consumers/billing/1.0.json"
    good = released.read(file)
    released.run("uses", "deployed", "billing@1.0", "--env", "production")
    assert released.run("registry", "verify").code == 0

    released.edit(file, '"release": "1.0.0"', '"release": "7.0.0"')
    wrong_release = released.run("registry", "verify").out
    released.write(file, "[")
    unreadable = released.run("registry", "verify").out
    (released.root / file).unlink()
    gone = released.run("registry", "verify").out
    released.write(file, good)

    assert (
        "error[registry-consumer-wrong]: billing 1.0: its uses are of shop 7.0.0, which is no release" in wrong_release
    )
    assert "error[registry-consumer-wrong]: the consumers" in unreadable
    assert "it runs in production, and that version does not exist" in gone
    assert released.run("registry", "verify").code == 0


def test_markup_and_control_characters_are_printed_as_text(released: Repo) -> None:
    place = "src/<script>alert(1)</script>|`x`\x1b[31m.go:1"
    evidence = Evidence("shop", "1.0.0", Rank.DECLARED, DAY, by="go", read={TOTAL: (place,)})
    released.write(FILE, to_toml(Uses("mail", "team\x1b[2J <b>", (evidence,))))
    assert released.run("uses", "publish", "--version", "1").code == 0
    released.run("uses", "deployed", "mail@1", "--env", "production")
    released.edit(SHOP, "  acme.money.v1.Money total = 2;\n", "")

    said = [
        released.run(*command, "--format", format_)
        for command in (("can-i-remove", TOTAL), ("impact",), ("can-i-deploy", "shop@1.0.0", "--env", "production"))
        for format_ in ("text", "markdown")
    ]

    assert not any("\x1b" in ran.out for ran in said)
    assert not any("<script>" in ran.out or "<b>" in ran.out for ran in said[1::2])
