"""What runs where, and whether a version fits it: told in a folder, a database and by both sides."""

from __future__ import annotations

import json

import pytest

from tests.cli.test_consumers import TOTAL, declare
from tests.cli.workspace import SHOP, Repo, waiver

STATUS = "acme.shop.v1.Order.status"


@pytest.fixture
def grown(released: Repo) -> Repo:
    """shop 1.0.0, which two consumers are built with, and 2.0.0 without the total."""
    declare(released, "billing", TOTAL)
    declare(released, "mail", STATUS)
    released.edit(SHOP, "  acme.money.v1.Money total = 2;\n", '  reserved 2;\n  reserved "total";\n')
    released.edit(SHOP, 'import "acme/money/v1/money.proto";\n', "")
    released.settings(waiver("field-removed", TOTAL))
    released.release("shop")
    return released


def deployed(repo: Repo, what: str, *more: str, stay: str = "deployed") -> None:
    ran = repo.run("uses", stay, what, "--env", "production", *more)
    assert ran.code == 0, ran


def test_a_release_is_compared_with_the_consumers_that_run_there(grown: Repo) -> None:
    deployed(grown, "billing@1.0")
    deployed(grown, "mail@1.0")

    blocked = grown.run("can-i-deploy", "shop@2.0.0", "--env", "production")
    found = json.loads(grown.run("can-i-deploy", "shop@2.0.0", "--env", "production", "--format", "json").out)
    table = grown.run("can-i-deploy", "shop@2.0.0", "--env", "production", "--format", "markdown")
    elsewhere = grown.run("can-i-deploy", "shop@2.0.0", "--env", "staging")
    deployed(grown, "billing@1.0", "--env", "staging")
    deployed(grown, "billing@1.0", stay="ended")
    free = grown.run("can-i-deploy", "shop@2.0.0", "--env", "production")

    assert (blocked.code, elsewhere.code, free.code) == (1, 1, 0)
    assert blocked.out.startswith("shop 2.0.0 in production: blocked\n  - billing 1.0 (team-billing), built with shop")
    assert f"reads `{TOTAL}`: src/billing.go:41 (declared)" in blocked.out
    assert [(row["consumer"], row["verdict"]) for row in found["rows"]] == [
        ("billing", "blocked"),
        ("mail", "no known obstacle"),
    ]
    assert "| billing 1.0 | team-billing | shop 1.0.0 | shop 2.0.0 | blocked |" in table.out
    assert "shop 2.0.0 in staging: unknown" in elsewhere.out
    assert "no consumer of shop is known to run in staging" in elsewhere.out
    assert free.out.startswith("shop 2.0.0 in production: no known obstacle\n")
    assert not any("safe" in ran.out for ran in (blocked, elsewhere, free, table))


def test_a_consumer_is_compared_with_the_releases_that_run_there(grown: Repo) -> None:
    unknown = grown.run("can-i-deploy", "billing@1.0", "--env", "production")
    deployed(grown, "shop@1.0.0")
    free = grown.run("can-i-deploy", "billing@1.0", "--env", "production")
    deployed(grown, "shop@2.0.0", stay="released")  # beside the other: two providers
    blocked = grown.run("can-i-deploy", "billing@1.0", "--env", "production")
    mail = grown.run("can-i-deploy", "mail@1.0", "--env", "production")

    assert (unknown.code, free.code, blocked.code, mail.code) == (1, 0, 1, 0)
    assert "nobody said which release of shop runs in production" in unknown.out
    assert "Next: deploy it, then `fieldstone uses deployed billing@1.0 --env production`." in free.out
    assert "built with shop 1.0.0, and shop 1.0.0: no known obstacle" in blocked.out
    assert "built with shop 1.0.0, and shop 2.0.0: blocked" in blocked.out


def test_a_consumer_of_which_nobody_said_where_it_runs_is_a_doubt(grown: Repo) -> None:
    deployed(grown, "mail@1.0")

    ran = grown.run("can-i-deploy", "shop@2.0.0", "--env", "production")
    grown.run("uses", "retire", "billing")
    retired = grown.run("can-i-deploy", "shop@2.0.0", "--env", "production")

    assert (ran.code, retired.code) == (1, 0)
    assert "it is not known where billing runs; 2.0.0 may break 1.0 (ask team-billing)" in ran.out


def test_a_retired_consumer_counts_no_more_until_it_publishes_again(grown: Repo) -> None:
    assert grown.run("uses", "retire", "billing").code == 0
    retired = grown.run("can-i-remove", STATUS)
    error = grown.run("uses", "deployed", "billing@1.0", "--env", "production").error
    assert grown.run("uses", "publish", "--version", "2.0", cwd="consumers/billing").code == 0

    assert "billing" not in retired.out
    assert "billing was retired" in error
    deployed(grown, "billing@2.0")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("uses", "deployed", "billing@9.9", "--env", "production"), "billing 9.9 has not published its uses"),
        (("uses", "deployed", "shop@9.9.9", "--env", "production"), "there is no release 9.9.9 of shop"),
        (("uses", "ended", "mail@1.0", "--env", "production"), "of mail, no version runs there"),
        (("uses", "deployed", "bling@1.0", "--env", "production"), "no consumer or module bling is known"),
        (("uses", "retire", "shop"), "no consumer shop has published its uses"),
        (("uses", "retire", "../shop"), "no consumer ../shop has published its uses"),
        (("uses", "deployed", "billing@1.0", "--env", "a/b"), "'a/b' is no name of an environment"),
        (("can-i-deploy", "billing@7", "--env", "production"), "the published versions are 1.0"),
        (("can-i-deploy", "shop@3.0.0", "--env", "production"), "it has 1.0.0, 2.0.0"),
    ],
)
def test_what_does_not_exist_is_named(grown: Repo, args: tuple[str, ...], said: str) -> None:
    assert said in grown.run(*args).error


def test_a_name_of_both_sides_must_be_said_of_which(grown: Repo) -> None:
    declare(grown, "shop", TOTAL)

    assert "shop is a consumer and a module" in grown.run("can-i-deploy", "shop@1.0.0", "--env", "production").error
    deployed(grown, "shop@1.0", "--as", "consumer")
    assert grown.run("can-i-deploy", "shop@2.0.0", "--env", "production", "--as", "module").code == 1
