"""Every command works with any registry, and says the same of each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldstone.errors import Damaged, FieldstoneError, Unavailable
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.folder import FolderRegistry
from fieldstone.registry.release import Release
from tests.cli.conftest import release_all
from tests.cli.workspace import HERE, SHOP, Ran, Repo, as_template, copy_repo
from tests.server.running import Serving, empty, restore, saved, serving

BREAK = ("  string id = 1;\n", "  int32 id = 1;\n")
ADDITION = ("  string id = 1;\n", "  string id = 1;\n  string buyer = 9;\n")
SETTINGS = 'registry = "{}"\n[modules.money]\ngenerate = true\n'
COMMANDS = [
    ("check",),
    ("check", "--full"),
    ("check", "--against", "1.0.0"),
    ("check", "--since", "main"),
    ("check", "--profile", "buf", "--against", "1.0.0", "shop"),
    ("diff", "shop", "1.0.0"),
    ("release", "shop", "--dry-run"),
    ("registry", "list"),
    ("registry", "show", "shop"),
    ("registry", "head"),
    ("registry", "verify", "--full"),
    ("settings",),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One server for all tests; `emptied` gives it to one of them."""
    with serving(tmp_path_factory.mktemp("served") / "data") as found:
        yield found


@pytest.fixture
def emptied(served: Serving, pinned: None, monkeypatch: pytest.MonkeyPatch) -> Serving:
    """A server without a release, and the token of its admin."""
    monkeypatch.setenv("FIELDSTONE_TOKEN", served.token)
    empty(served)
    return served


@pytest.fixture(scope="module")
def served_template(
    fresh_template: Repo, served: Serving, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Repo, Path]:
    """A repository that released to the server, and what the server had then."""
    root = tmp_path_factory.mktemp("registries") / "repo"
    shutil.copytree(fresh_template.root, root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIELDSTONE_TOKEN", served.token)
        repo = as_template(fill(Repo(root, fresh_template.environment), served.url))
    return repo, saved(served, root.with_name("registry.db"))


def addresses(repo: Repo, url: str = "") -> dict[str, str]:
    """An address of each kind of registry for a repository, and that of a server."""
    return {
        "folder": "registry",
        "memory": f"memory:{repo.root}",
        "sqlite": f"sqlite:///{repo.root.parent}/registry.db",
        "http": url,
    }


def fill(repo: Repo, address: str) -> Repo:
    """Release money once and shop twice into a registry."""
    repo.settings(SETTINGS.format(address))
    release_all(repo, "money", "shop")
    repo.edit(SHOP, *ADDITION)
    release_all(repo, "shop")
    return repo


@pytest.fixture(scope="session")
def folder_template(fresh_template: Repo, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A copy for each test; other registries than a folder are filled anew."""
    root = tmp_path_factory.mktemp("registries") / "repo"
    shutil.copytree(fresh_template.root, root)
    return as_template(fill(Repo(root, fresh_template.environment), "registry"))


@pytest.fixture(params=["folder", "memory", "sqlite", "http"])
def shared(
    request: pytest.FixtureRequest,
    folder_template: Repo,
    fresh_template: Repo,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Repo:
    """money and shop in a registry of each kind."""
    if request.param == "http":
        served: Serving = request.getfixturevalue("emptied")
        template, database = request.getfixturevalue("served_template")
        restore(served, database)
        return copy_repo(template, tmp_path / "repo", capsys)
    if request.param == "folder":
        return copy_repo(folder_template, tmp_path / "repo", capsys)
    repo = copy_repo(fresh_template, tmp_path / "repo", capsys)
    return fill(repo, addresses(repo)[request.param])


def without_places(ran: Ran, repo: Repo, served: Serving) -> tuple[int, str]:
    """The output, where the releases are called the same wherever they are."""
    said = ran.out + ran.err
    kinds = addresses(repo, served.url)
    for place in (kinds["memory"], kinds["sqlite"], kinds["http"], str(repo.root / "registry"), "registry/"):
        said = said.replace(place, "REGISTRY" + "/" * place.endswith("/"))
    return ran.code, said.replace(str(repo.root), "ROOT")


@pytest.mark.slow
@pytest.mark.parametrize("edit", [None, BREAK], ids=["unchanged", "broken"])
def test_every_command_says_the_same(
    fresh: Repo, edit: tuple[str, str] | None, emptied: Serving, tmp_path: Path
) -> None:
    said: dict[str, list[tuple[int, str]]] = {}
    for kind in ("folder", "memory", "sqlite", "http"):
        repo = Repo(tmp_path / kind / "repo", fresh.environment, fresh.capsys)
        shutil.copytree(fresh.root, repo.root)
        fill(repo, addresses(repo, emptied.url)[kind])
        if edit:
            repo.edit(SHOP, *edit)
        said[kind] = [without_places(repo.run(*command), repo, emptied) for command in COMMANDS]
    for command, folder, *others in zip(COMMANDS, *said.values(), strict=True):
        for other in others:
            assert other[0] == folder[0], (command, folder, other)
            assert "git" not in other[1] or "git" in folder[1], (command, other)


def test_code_and_packages_are_made_from_it(shared: Repo) -> None:
    assert shared.run("generate", "shop", "money").code == 0
    assert shared.run("generate", "--check").code == 0
    ran = shared.run("package", "shop@1.0.0", "--out", "dist")
    assert ran.code == 0, ran
    assert [*(shared.root / "dist").glob("*.whl")]


def test_a_released_file_is_read_and_not_edited(shared: Repo) -> None:
    """Vocabulary, annotations and retirement go the same way."""
    shutil.copytree(HERE / "schemas/fieldstone", shared.root / "schemas/fieldstone")
    shared.edit("buf.yaml", "modules:\n", "modules:\n  - path: schemas/fieldstone\n")
    shared.release("fieldstone")
    assert shared.run("check").code == 0
    assert shared.run("registry", "verify").code == 0


@pytest.mark.parametrize("error", [Unavailable("cannot reach REGISTRY: timed out"), Damaged("image.binpb is damaged")])
@pytest.mark.parametrize("command", ["check", "release shop", "generate", "diff shop 1.0.0"])
def test_a_registry_that_fails_in_the_middle(
    shared: Repo, error: FieldstoneError, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_registry: object, _release: Release, _path: str) -> bytes:
        raise error

    shared.edit(SHOP, "  string buyer = 9;\n", "  string buyer = 9;\n  string payer = 10;\n")
    before = shared.snapshot(".")
    for backend in (FolderRegistry, FetchedRegistry):
        for method in ("read", "local"):
            monkeypatch.setattr(backend, method, fail)
    ran = shared.run(*command.split())
    assert ran.error == f"error: {error.problem}"
    assert {path: content for path, content in shared.snapshot(".").items() if not path.startswith(".git/")} == {
        path: content for path, content in before.items() if not path.startswith(".git/")
    }
