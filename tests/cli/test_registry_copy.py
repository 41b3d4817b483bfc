"""A registry is copied between a folder, a server and a database: the same bytes, verified on arrival."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldstone.registry.consumers import open_consumers
from fieldstone.workflows.uses import publish
from tests.cli.test_consumers import TOTAL, declare
from tests.cli.test_retire import WAIVERS
from tests.cli.test_third_party import FILES, OWN
from tests.cli.workspace import HERE, Repo, new_repo
from tests.server.running import Serving, empty, new_token, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("served") / "data") as found:
        yield found


@pytest.fixture
def target(served: Serving, pinned: None, monkeypatch: pytest.MonkeyPatch) -> Serving:
    monkeypatch.setenv("FIELDSTONE_TOKEN", served.token)
    empty(served)
    return served


@pytest.fixture
def source(grown: Repo) -> Repo:
    """money and shop, which imports it, and a module whose manifests are of older layouts."""
    shutil.copytree(HERE / "registry/fieldstone", grown.root / "registry/fieldstone")
    return grown


def audited(database: Path) -> list[str]:
    """The writes in the audit of a registry."""
    entries = sqlite3.connect(database).execute("SELECT entry FROM audit ORDER BY number").fetchall()
    found = [json.loads(entry) for (entry,) in entries]
    return [
        f"{entry['action']} {entry['module']} {entry['details']['version']}" for entry in found if "module" in entry
    ]


def test_a_registry_comes_back_to_the_byte(source: Repo, target: Serving) -> None:
    source.settings(WAIVERS)
    source.release("shop", "--retire")
    database = source.root / "backup.db"
    steps = (("registry", target.url), (target.url, f"sqlite:///{database}"), (f"sqlite:///{database}", "again"))
    for step in steps:
        ran = source.run("registry", "copy", *step)
        assert (ran.code, ran.err.rpartition(": ")[2]) == (0, "8 copied; verified.\n"), (step, ran)
    assert source.snapshot("again") == source.snapshot("registry")
    assert "copy shop 1.1.0" in audited(target.data / "registry.db")
    order = audited(database)
    assert order.index("copy money 1.0.0") < order.index("copy shop 1.0.0") < order.index("copy shop 1.1.0")
    source.settings(f'registry = "{target.url}"\n')
    assert "8 releases, sound" in source.run("registry", "verify").err


def test_an_interrupted_copy_goes_on(source: Repo, target: Serving) -> None:
    for path in ("shop/1.1.0", "shop/1.2.0", "fieldstone"):
        (source.root / "aside" / path).parent.mkdir(parents=True, exist_ok=True)
        (source.root / "registry" / path).rename(source.root / "aside" / path)
    assert "2 copied; verified" in source.run("registry", "copy", "registry", target.url).err
    shutil.copytree(source.root / "aside", source.root / "registry", dirs_exist_ok=True)
    assert "5 copied, 2 were there already" in source.run("registry", "copy", "registry", target.url).err
    assert "0 copied, 7 were there already" in source.run("registry", "copy", "registry", target.url).err


def test_other_releases_of_the_target_are_left_alone(source: Repo, target: Serving) -> None:
    shutil.copytree(
        source.root / "registry", source.root / "other", ignore=shutil.ignore_patterns("1.2.0", "fieldstone")
    )
    assert source.run("registry", "copy", "registry", target.url).code == 0
    ran = source.run("registry", "copy", "other", target.url)
    assert ran.error.startswith(f"error: {target.url}/shop/1.2.0 is not a release of the registry to copy; nothing")
    assert source.run("registry", "copy", target.url, "other").code == 0, "it lacks releases only"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("registry", "registry"), "is the registry to copy, and the one to copy it to"),
        (("nothing", "other"), "there is no release in"),
        (("https://ada:secret@contracts.example", "other"), "contracts.example is no address of a registry; write it"),
        (("registry", "http://contracts.example"), "would send a token without encryption; write https://"),
        (("registry", "http://127.0.0.1:9"), "the registry http://127.0.0.1:9 does not answer"),
    ],
)
def test_what_cannot_be_copied(grown: Repo, arguments: tuple[str, str], problem: str) -> None:
    ran = grown.run("registry", "copy", *arguments)
    assert problem in ran.error
    assert "secret" not in ran.error
    assert not (grown.root / "other").exists()


def test_a_damaged_registry_is_not_copied(source: Repo, target: Serving) -> None:
    with (source.root / "registry/shop/1.1.0/ledger.json").open("a") as file:
        file.write(" ")
    ran = source.run("registry", "copy", "registry", target.url)
    assert "shop 1.1.0: ledger.json is not what was released" in ran.error
    assert "nothing was copied" in ran.error
    assert sqlite3.connect(target.data / "registry.db").execute("SELECT count(*) FROM releases").fetchone() == (0,)


def test_only_an_admin_copies(source: Repo, target: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIELDSTONE_TOKEN")
    assert "admin money requires a token" in source.run("registry", "copy", "registry", target.url).error


def test_third_party_files_go_with_their_release(
    target: Serving, tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    repo = new_repo(tmp_path / "repo", FILES, environment)
    repo.capsys = capsys
    repo.release("shop")
    assert repo.run("registry", "copy", "registry", target.url).code == 0
    assert repo.run("registry", "copy", target.url, "again").code == 0
    assert repo.snapshot("again") == repo.snapshot("registry")
    empty(target)
    repo.settings(repo.read("fieldstone.toml").replace("imports-only", f'registry = "{target.url}"\nimports-only'))
    shutil.rmtree(repo.root / "registry")
    repo.release("shop")
    repo.edit(OWN, "inner = 2;", "inner = 2;\n  string note = 3;")
    assert "Released shop 1.1.0 (minor)" in repo.release("shop").out
    assert repo.run("registry", "verify").code == 0


def test_consumers_go_with_the_releases(source: Repo, target: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(source, "billing", TOTAL)
    declare(source, "app", TOTAL)
    declare(source, "old", TOTAL)
    environment = ("--env", "production")
    for args in (("released", "app@1.0"), ("deployed", "billing@1.0"), ("deployed", "shop@1.0.0")):
        assert source.run("uses", args[0], args[1], *environment).code == 0
    assert source.run("uses", "retire", "old").code == 0

    copied = source.run("registry", "copy", "registry", target.url)
    again = source.run("registry", "copy", "registry", target.url)
    back = source.run("registry", "copy", target.url, "back")

    assert "7 copied, with 3 published uses; verified" in copied.err
    assert "0 copied, 7 were there already; verified" in again.err
    assert back.code == 0
    there, here = (open_consumers(str(source.root / folder)).known() for folder in ("registry", "back"))
    assert (there.published, there.retired) == (here.published, here.retired)
    assert {*there.deployments} == {*here.deployments}
    monkeypatch.setenv("FIELDSTONE_TOKEN", new_token(target, "ci-billing", "read"))
    monkeypatch.chdir(source.root / "consumers/billing")
    publish(Path.cwd(), target.url, "2.0")  # who publishes first after the copy is the publisher
    assert {one.publisher for one in open_consumers(target.url).known().published} == {"", "ci-billing"}


@pytest.mark.slow
def test_our_own_registry(source: Repo, target: Serving) -> None:
    ran = source.run("registry", "copy", str(HERE / "registry"), target.url)
    assert ran.code == 0, ran
    assert source.run("registry", "copy", target.url, "ours").code == 0
    assert source.snapshot("ours") == Repo(HERE, {}).snapshot("registry")
