"""Annotations that `fieldstone generate` would refuse: findings of a check, and no release."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.workspace import HERE, SHOP, Repo, as_template, copy_repo, release_on

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


@pytest.fixture(scope="module")
def annotated_template(
    grown_template: Repo, tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]
) -> Repo:
    """`grown`, and the annotations as a released module of the workspace."""
    root = tmp_path_factory.mktemp("annotated") / "repo"
    shutil.copytree(grown_template.root, root)
    repo = Repo(root, environment)
    with_vocabulary(repo)
    return as_template(repo)


@pytest.fixture
def annotated(annotated_template: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repo:
    return copy_repo(annotated_template, tmp_path / "repo", capsys)


def with_vocabulary(repo: Repo) -> None:
    """Release the annotations as a module of the workspace."""
    shutil.copytree(HERE / "schemas/fieldstone", repo.root / "schemas/fieldstone")
    repo.edit("buf.yaml", "modules:\n", "modules:\n  - path: schemas/fieldstone\n")
    release_on(repo, 0, "fieldstone")


def annotate(repo: Repo, entity: str) -> None:
    """Make an entity of the order."""
    repo.edit(SHOP, *IMPORT)
    repo.edit(SHOP, OPTION, f"{OPTION}  option (fieldstone.v1.entity) = {{ {entity} }};\n")


@pytest.mark.parametrize("entity", REFUSED.values(), ids=REFUSED.keys())
def test_neither_checked_nor_released_is_what_cannot_be_generated(annotated: Repo, entity: str) -> None:
    annotate(annotated, entity)
    assert annotated.run("generate", "shop").code != 0
    for how in ((), ("--full",), ("--no-second-opinion",)):
        ran = annotated.run("check", "shop", *how)
        assert (ran.code, "error[annotation-invalid]" in ran.out, f"--> {SHOP}:" in ran.out) == (1, True, True), how
    before = annotated.snapshot()
    ran = annotated.run("release", "shop")
    assert (ran.code, "annotation-invalid" in ran.out + ran.err) == (1, True)
    assert annotated.snapshot() == before


def test_a_first_release_is_refused_as_well(fresh: Repo) -> None:
    fresh.release("money")
    with_vocabulary(fresh)
    annotate(fresh, REFUSED["a key that is no field"])
    assert "error[annotation-invalid]" in fresh.run("check", "shop").out
    assert fresh.run("release", "shop").code == 1
    assert not (fresh.root / "registry/shop").exists()


def test_what_can_be_generated_passes(annotated: Repo) -> None:
    annotate(annotated, GOOD)
    ran = annotated.run("check")
    assert (ran.code, ran.out) == (0, "")
    annotated.release("shop")
    assert annotated.run("registry", "verify").code == 0


def test_every_format_has_it(annotated: Repo) -> None:
    annotate(annotated, REFUSED["a key that is no field"])
    for form in FORMATS:
        ran = annotated.run("check", "shop", "--format", form)
        assert (ran.code, "annotation-invalid" in ran.out) == (1, True), form
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
def test_no_setting_lets_it_pass(annotated: Repo, settings: str) -> None:
    annotate(annotated, REFUSED["a key that is no field"])
    annotated.settings(settings)
    ran = annotated.run("check")
    assert (ran.code, "annotation-invalid" in ran.err) == (2, True), ran.out


def test_no_waiver_is_taken_for_it(annotated: Repo) -> None:
    annotate(annotated, REFUSED["a key that is no field"])
    options = ("--reason", "r", "--owner", "o@example.com", "--until", "2999-01-01")
    ran = annotated.run("waive", "annotation-invalid", "acme/shop/v1/shop.proto", *options)
    assert (ran.code, "annotation-invalid" in ran.err) == (2, True), ran.out
    assert annotated.run("check").code == 1


def test_it_is_explained(grown: Repo) -> None:
    ran = grown.run("explain", "annotation-invalid")
    assert (ran.code, "fieldstone generate" in ran.out) == (0, True)
