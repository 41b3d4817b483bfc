"""Consumers from the command line: published into the registry, named by checks, and asked before a removal."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from fieldstone.consumers.uses import FILE, Evidence, Rank, Uses, to_toml
from tests.cli.workspace import SHOP, Repo
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
