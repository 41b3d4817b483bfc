"""The life of an element: every form that it had, and what else had its name or its number."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fieldstone.consumers.published import Known
from fieldstone.documentation.life import Life, life
from fieldstone.errors import NotFound
from fieldstone.registry import open_registry
from fieldstone.workflows.browse import documentation_of, trace
from tests.cli.conftest import release_all
from tests.cli.workspace import SHOP, Repo, copy_repo

ORDER = "acme.shop.v1.Order"
OTHER = "schemas/shop/acme/shop/v1/order.proto"


@pytest.fixture(scope="module")
def early(fresh_template: Repo, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """shop 0.1.0 to 0.5.0, where everything may still break."""
    root = tmp_path_factory.mktemp("early") / "repo"
    shutil.copytree(fresh_template.root, root)
    repo = Repo(root, fresh_template.environment)
    release_all(repo, "money")
    release_all(repo, "shop", version="0.1.0")
    repo.edit(SHOP, "Status status = 3;", "Status state = 3 [deprecated = true];")
    release_all(repo, "shop")
    text = repo.read(SHOP)
    order, rest = text.partition("// How far")[::2]
    repo.write(OTHER, order.replace("  Status state = 3 [deprecated = true];\n", "  reserved 3;\n"))
    repo.write(SHOP, f'syntax = "proto3";\n\npackage acme.shop.v1;\n\n// How far{rest}')
    release_all(repo, "shop")
    repo.edit(OTHER, "  reserved 3;\n", "  reserved 3;\n  // Where it stands.\n  repeated string state = 4;\n")
    release_all(repo, "shop")
    repo.edit(OTHER, "repeated string state = 4;", 'repeated string state = 4 [json_name = "stateOf"];')
    release_all(repo, "shop")
    return repo


def of(repo: Repo, subject: str) -> Life:
    found = life(open_registry(Path(repo.root / "registry")), "shop", subject)
    assert found is not None
    return found


def test_every_form_is_told_with_its_releases(early: Repo) -> None:
    found = of(early, f"{ORDER}.state")

    told = [(one.form.declaration, one.since, one.until, one.file.rpartition("/")[2]) for one in found.stretches]
    assert told == [
        ("acme.shop.v1.Status state = 3;", "0.2.0", "0.3.0", "shop.proto"),
        ("repeated string state = 4;", "0.4.0", "0.5.0", "order.proto"),
        ("repeated string state = 4;", "0.5.0", "", "order.proto"),
    ]
    assert (found.since, found.until, found.newest) == ("0.4.0", "", "0.5.0")
    assert "json_name" in found.stretches[-1].changed
    assert found.stretches[-1].form.json_name == "stateOf"
    assert found.comment == "Where it stands."


def test_what_is_gone_says_what_took_its_number(early: Repo) -> None:
    found = of(early, f"{ORDER}.status")

    assert (found.since, found.until) == ("0.1.0", "0.2.0")
    assert (found.number_reserved, found.name_reserved) == (True, False)
    told = [(one.form.full_name.rpartition(".")[2], one.since, one.until) for one in found.stretches]
    assert told == [("status", "0.1.0", "0.2.0"), ("state", "0.2.0", "0.3.0")]
    assert found.stretches[1].form.lifecycle.deprecated


def test_types_and_values_have_a_life_too(early: Repo) -> None:
    order, paid = of(early, ORDER), of(early, "acme.shop.v1.Status.STATUS_PAID")

    assert (order.kind, order.owner, order.since, order.until) == ("message", "", "0.1.0", "")
    assert (paid.kind, paid.owner, paid.stretches[0].form.declaration) == (
        "value",
        "acme.shop.v1.Status",
        "STATUS_PAID = 1;",
    )


def test_an_unknown_name_is_refused_with_one_that_is_alike(early: Repo) -> None:
    registry = open_registry(Path(early.root / "registry"))

    with pytest.raises(
        NotFound, match=r"had no acme\.shop\.v1\.Order\.stat; did you mean acme\.shop\.v1\.Order\.state"
    ):
        trace(registry, "shop", f"{ORDER}.stat", Known())


def test_a_comparison_shows_what_breaks_by_example(
    early: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = copy_repo(early, tmp_path / "repo", capsys)
    ran = repo.run("diff", "shop", "0.4.0", "0.1.0", "--witness")
    found = repo.run("diff", "shop", "0.1.0", "0.2.0", "--witness", "--format", "json")

    assert ran.code == found.code == 0
    assert "= witness: 0.4.0 writes" in ran.out
    assert '"rule": "field-renamed"' in found.out
    assert '"witnesses": [' in found.out


def test_a_retired_module_keeps_its_history(fresh: Repo) -> None:
    fresh.release("money", "--version", "0.1.0")
    fresh.edit("buf.yaml", "  - path: schemas/money\n", "")
    fresh.edit(SHOP, "  acme.money.v1.Money total = 2;\n", "")
    fresh.edit(SHOP, 'import "acme/money/v1/money.proto";\n\n', "")
    shutil.rmtree(fresh.root / "schemas/money")
    fresh.release("money", "--retire")
    registry = open_registry(Path(fresh.root / "registry"))
    last = str(registry.versions("money")[-1])

    found = trace(registry, "money", "acme.money.v1.Money.units", Known())
    documented = documentation_of(registry, registry.release("money", last))

    assert (found.life.since, found.life.until, found.answer) == ("0.1.0", last, None)
    assert documented.types == {}
