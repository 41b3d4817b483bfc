"""Real commits in a throw-away repository, through the real pre-commit."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from fieldstone.workflows.setup.hooks import HOOKS
from tests.hooks.consumer import BIN, NAME, REV, SCHEMA, Consumer, environment, make_consumer, make_hook_source

# The first one installs Fieldstone into an environment of its own.
pytestmark = [pytest.mark.installs, pytest.mark.timeout(300)]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all test processes; pre-commit locks its cache in there by itself."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "hooks"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def source(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fieldstone's repository, made by whichever process comes first."""
    made = tmp_path_factory.mktemp("source") / "fieldstone"
    make_hook_source(made, environment(shared / "cache", with_fieldstone=False))
    try:
        made.rename(shared / "fieldstone")
    except OSError:
        assert (shared / "fieldstone" / ".git").is_dir()
    return shared / "fieldstone"


@pytest.fixture(scope="session")
def adopted(shared: Path, source: Path, tmp_path_factory: pytest.TempPathFactory) -> Consumer:
    hooks = "".join(f"      - id: {hook['id']}\n" for hook in HOOKS)
    config = f"repos:\n  - repo: {source}\n    rev: {REV}\n    hooks:\n{hooks}"
    root = tmp_path_factory.mktemp("adopted") / "weather"
    return make_consumer(root, config, environment(shared / "cache", with_fieldstone=False))


@pytest.fixture(scope="session")
def adopted_locally(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Consumer:
    root = tmp_path_factory.mktemp("local") / "weather"
    return make_consumer(root, "", environment(shared / "cache", with_fieldstone=True))


def _copy(template: Consumer, target: Path) -> Consumer:
    shutil.copytree(template.root, target, symlinks=True)
    return Consumer(target, template.environment)


@pytest.fixture
def consumer(adopted: Consumer, tmp_path: Path) -> Consumer:
    """A repository whose hooks come from Fieldstone's."""
    return _copy(adopted, tmp_path / "weather")


@pytest.fixture
def local(adopted_locally: Consumer, tmp_path: Path) -> Consumer:
    """A repository with the hooks that `fieldstone init` wrote."""
    return _copy(adopted_locally, tmp_path / "weather")


def _refuse(repo: Consumer, *expected: str) -> None:
    before = repo.commits()
    said = repo.commit("try", code=1)
    for text in expected:
        assert text in said, said
    assert repo.commits() == before


def test_every_error_of_the_compiler_is_shown(local: Consumer) -> None:
    local.edit(SCHEMA, "double temperature = 2;", "doubel temperature = 2;\n  string = 3;")
    places = [f"  --> {SCHEMA}:{place}\n" for place in ("8:3", "9:3")]
    _refuse(local, "- exit code: 2\n", "error[compile-error]: cannot find `doubel`", *places, "could not be judged")


def test_a_breaking_commit_is_refused_with_rule_and_place(consumer: Consumer) -> None:
    consumer.edit(SCHEMA, "double temperature = 2;", "float temperature = 2;")
    _refuse(
        consumer,
        "- exit code: 1\n",
        "error[field-type-changed]",
        f"  --> {SCHEMA}:8:3\n",
        "it needs 2.0.0",
    )


def test_a_commit_that_only_deletes_a_schema_is_refused(consumer: Consumer) -> None:
    (consumer.root / SCHEMA).with_name("place.proto").unlink()
    _refuse(consumer, "error[message-removed]: message `Place` was removed from `acme.weather.v1`")


def test_a_break_hidden_in_the_index_is_refused_although_the_working_tree_is_clean(consumer: Consumer) -> None:
    text = (consumer.root / SCHEMA).read_text()
    consumer.edit(SCHEMA, "temperature = 2;", "temperature = 3;")
    consumer.run("git", "add", "--all")
    (consumer.root / SCHEMA).write_text(text)
    said = consumer.run("git", "commit", "--message", "try", code=1)
    assert "error[field-renumbered]" in said


def test_an_additive_commit_and_then_its_release_go_through(consumer: Consumer) -> None:
    consumer.edit(SCHEMA, "temperature = 2;\n", "temperature = 2;\n  double humidity = 3;\n")
    assert "Allowed as 1.1.0" not in consumer.commit("add humidity")  # pre-commit is silent about what passes
    consumer.run(str(BIN / "fieldstone"), "release", NAME)
    consumer.commit("release 1.1.0")
    assert consumer.commits() == ["release 1.1.0", "add humidity", "adopt Fieldstone"]
    consumer.edit(SCHEMA, "  double humidity = 3;\n", "")
    _refuse(consumer, "error[field-removed", "1.1.0")


def test_a_commit_without_schemas_goes_through(consumer: Consumer) -> None:
    (consumer.root / "notes.txt").write_text("nothing to judge\n")
    said = consumer.commit("notes")
    assert said.count("Passed") == 1
    assert said.count("Skipped") == 1


@pytest.mark.parametrize("path", ["release.toml", "image.binpb.gz", "ledger.json"])
def test_a_commit_that_edits_a_released_version_is_refused(consumer: Consumer, path: str) -> None:
    target = consumer.root / f"registry/{NAME}/1.0.0" / path
    target.write_bytes(target.read_bytes() + b"\n")
    edited = f"registry/{NAME}/1.0.0/{path} was edited since HEAD"
    _refuse(consumer, f"error[registry-file-changed]: {NAME} 1.0.0", edited)


def test_a_commit_that_deletes_the_newest_release_is_refused(consumer: Consumer) -> None:
    consumer.edit(SCHEMA, "temperature = 2;\n", "temperature = 2;\n  double humidity = 3;\n")
    consumer.run(str(BIN / "fieldstone"), "release", NAME)
    consumer.commit("release 1.1.0")
    shutil.rmtree(consumer.root / f"registry/{NAME}/1.1.0")
    _refuse(consumer, f"error[registry-file-changed]: {NAME} 1.1.0", "was deleted since HEAD")


def test_a_commit_that_deletes_the_whole_registry_is_refused(consumer: Consumer) -> None:
    shutil.rmtree(consumer.root / "registry")
    _refuse(consumer, "was deleted since HEAD", "git restore --source=HEAD")


def test_a_badly_formatted_schema_is_formatted_and_stops_the_commit_once(consumer: Consumer) -> None:
    consumer.edit(SCHEMA, "temperature = 2;\n", "temperature = 2;\n      double   humidity=3;\n")
    _refuse(consumer, "files were modified by this hook", "schemas were formatted", "+  double humidity = 3;")
    assert "\n  double humidity = 3;\n" in (consumer.root / SCHEMA).read_text()
    assert consumer.commit("add humidity").count("Passed") == len(HOOKS)


def test_style_that_buf_yaml_asks_for_is_refused(consumer: Consumer) -> None:
    consumer.edit(SCHEMA, "temperature = 2;\n", "temperature = 2;\n  double RelHumidity = 3;\n")
    _refuse(consumer, "error[FIELD_LOWER_SNAKE_CASE]")


@pytest.fixture
def generating(consumer: Consumer) -> Consumer:
    """A repository that commits generated code, with the hook that holds it fresh."""
    consumer.edit(".pre-commit-config.yaml", "      - id: fieldstone-check\n", ALSO_GENERATE)
    consumer.run(str(BIN / "fieldstone"), "generate")
    consumer.commit("generate code")
    return consumer


ALSO_GENERATE = "      - id: fieldstone-check\n      - id: fieldstone-generate\n"


def test_generated_code_that_is_not_fresh_stops_the_commit(generating: Consumer) -> None:
    generating.edit(SCHEMA, "temperature = 2;\n", "temperature = 2;\n  double humidity = 3;\n")
    _refuse(
        generating, "- hook id: fieldstone-generate\n", "differs: generated/manifest.json", "run `fieldstone generate`"
    )
    generating.run(str(BIN / "fieldstone"), "generate")
    generating.commit("add humidity")


def test_hooks_that_init_wrote_refuse_and_let_through_the_same(local: Consumer) -> None:
    text = (local.root / SCHEMA).read_text()
    local.edit(SCHEMA, "double temperature = 2;", "float temperature = 2;")
    _refuse(local, "error[field-type-changed]")
    (local.root / SCHEMA).write_text(text)
    shutil.rmtree(local.root / "registry" / NAME)
    _refuse(local, "was deleted since HEAD")
    local.run("git", "reset", "--quiet", "--hard")
    local.edit(SCHEMA, "temperature = 2;\n", "temperature = 2;\n  double humidity = 3;\n")
    local.commit("add humidity")
    assert local.commits() == ["add humidity", "adopt Fieldstone"]
