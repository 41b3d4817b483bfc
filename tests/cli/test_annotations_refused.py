"""Annotations that `fieldstone generate` would refuse: findings of a check, and no release."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.cli.workspace import HERE, SHOP, Repo

IMPORT = ('import "acme/money', 'import "fieldstone/v1/annotations.proto";\nimport "acme/money')
OPTION = "message Order {\n"
GOOD = 'primary_key: ["id"]'
REFUSED = {
    "a key that is no field": 'primary_key: ["number"]',
    "a reserved table name": 'table: "sqlite_orders" primary_key: ["id"]',
    "an index over no field": 'primary_key: ["id"] indexes: [{ fields: ["nothing"] }]',
    "a query without an index": 'primary_key: ["id"] queries: [{ name: "of" equal: ["status"] }]',
    "no key at all": 'table: "orders"',
}
FORMATS = ["text", "concise", "json", "github", "sarif", "junit"]


def with_vocabulary(repo: Repo) -> None:
    """Release the annotations as a module of the workspace."""
    shutil.copytree(HERE / "schemas/fieldstone", repo.root / "schemas/fieldstone")
    repo.edit("buf.yaml", "modules:\n", "modules:\n  - path: schemas/fieldstone\n")
    repo.release("fieldstone")
    repo.commit()


def annotate(repo: Repo, entity: str) -> None:
    """Make an entity of the order."""
    with_vocabulary(repo)
    repo.edit(SHOP, *IMPORT)
    repo.edit(SHOP, OPTION, f"{OPTION}  option (fieldstone.v1.entity) = {{ {entity} }};\n")


@pytest.mark.parametrize("how", [(), ("--full",), ("--no-second-opinion",)], ids=["incremental", "full", "alone"])
@pytest.mark.parametrize("entity", REFUSED.values(), ids=REFUSED.keys())
def test_a_check_refuses_what_cannot_be_generated(grown: Repo, entity: str, how: tuple[str, ...]) -> None:
    annotate(grown, entity)
    assert grown.run("generate", "shop").code != 0
    ran = grown.run("check", *how)
    assert (ran.code, "error[annotation-invalid]" in ran.out, f"--> {SHOP}:" in ran.out) == (1, True, True)


@pytest.mark.parametrize("entity", REFUSED.values(), ids=REFUSED.keys())
def test_it_is_not_released(grown: Repo, entity: str) -> None:
    annotate(grown, entity)
    before = grown.snapshot()
    ran = grown.run("release", "shop")
    assert (ran.code, "annotation-invalid" in ran.out + ran.err) == (1, True)
    assert grown.snapshot() == before


def test_a_first_release_is_refused_as_well(fresh: Repo) -> None:
    fresh.release("money")
    annotate(fresh, REFUSED["a key that is no field"])
    assert "error[annotation-invalid]" in fresh.run("check", "shop").out
    assert fresh.run("release", "shop").code == 1
    assert not (fresh.root / "registry/shop").exists()


def test_what_can_be_generated_passes(grown: Repo) -> None:
    annotate(grown, GOOD)
    ran = grown.run("check")
    assert (ran.code, ran.out) == (0, "")
    grown.release("shop")
    assert grown.run("registry", "verify").code == 0


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_it(grown: Repo, form: str) -> None:
    annotate(grown, REFUSED["a key that is no field"])
    ran = grown.run("check", "--format", form)
    assert (ran.code, "annotation-invalid" in ran.out) == (1, True)
    if form == "json":
        (found,) = [f for module in json.loads(ran.out)["modules"] for f in module["findings"]]
        assert (found["rule"], found["breaks"], found["place"]["path"]) == ("annotation-invalid", [], SHOP)
        assert found["fix"]


def test_it_is_found_among_many_files(large: Repo) -> None:
    shutil.copytree(HERE / "schemas/fieldstone/fieldstone", large.root / "schemas/fieldstone")
    path = "schemas/acme/many/v1/f3.proto"
    large.edit(path, "package acme.many.v1;\n", 'package acme.many.v1;\n\nimport "fieldstone/v1/annotations.proto";\n')
    large.edit(
        path, "message M3 {\n", 'message M3 {\n  option (fieldstone.v1.entity) = { primary_key: ["nothing"] };\n'
    )
    for how in ((), ("--full",)):
        assert "annotation-invalid" in large.run("check", "--no-style", *how).out


WAIVED = (
    '[[waivers]]\nrule = "annotation-invalid"\nsubject = "acme/shop/v1/shop.proto"\n'
    'reason = "r"\nowner = "o@example.com"\nuntil = "2999-01-01"\n'
)


@pytest.mark.parametrize(
    "settings", ['[rules]\nannotation-invalid = "off"\n', WAIVED], ids=["rule off", "written waiver"]
)
def test_no_setting_lets_it_pass(grown: Repo, settings: str) -> None:
    annotate(grown, REFUSED["a key that is no field"])
    grown.settings(settings)
    ran = grown.run("check")
    assert (ran.code, "annotation-invalid" in ran.err) == (2, True), ran.out


def test_no_waiver_is_taken_for_it(grown: Repo) -> None:
    annotate(grown, REFUSED["a key that is no field"])
    options = ("--reason", "r", "--owner", "o@example.com", "--until", "2999-01-01")
    ran = grown.run("waive", "annotation-invalid", "acme/shop/v1/shop.proto", *options)
    assert (ran.code, "annotation-invalid" in ran.err) == (2, True), ran.out
    assert grown.run("check").code == 1


def test_it_is_explained(grown: Repo) -> None:
    ran = grown.run("explain", "annotation-invalid")
    assert (ran.code, "fieldstone generate" in ran.out) == (0, True)
