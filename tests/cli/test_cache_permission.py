"""A forged cache decides no verdict, unless it is the user's own: not one from a commit, behind a link, or in CI."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from fieldstone.cache import FOLDER
from fieldstone.cache.store import FORMAT
from fieldstone.schema.digest import file_digest
from tests.cli.workspace import Repo, many

CACHE = f"{FOLDER}/cache-{FORMAT}.db"
SOURCE = "registry/schemas/0.1.0/schemas/acme/many/v1/f0.proto"
EDITED = "error[registry-file-changed]: schemas/acme/many/v1/f0.proto is not what was released"
"""What an honest command says of the ledger, which was edited."""


def forge(repo: Repo, path: str, digest: str) -> None:
    """Have the cache say that a file has a digest, by its stat and behind the right checksums."""
    file, release = repo.root / path, repo.root / "registry/schemas/0.1.0"
    stat = file.stat()
    forged = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, digest]
    with closing(sqlite3.connect(repo.root / CACHE)) as cache, cache:
        for key, name in ((str(release), file.relative_to(release).as_posix()), (str(file), "")):
            old = cache.execute("SELECT value FROM entries WHERE tab = 'files' AND key = ?", (key,)).fetchone()
            text = json.dumps({**json.loads(old[0][4:] if old else "{}"), name: forged}).encode()
            checksum = zlib.crc32(text, zlib.crc32(f"files {key}".encode())).to_bytes(4, "big")
            cache.execute("INSERT OR REPLACE INTO entries VALUES ('files', ?, ?)", (key, checksum + text))


@pytest.fixture
def poisoned(large: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A source of an old release forgets a field, and the cache calls it intact."""
    monkeypatch.setattr("fieldstone.cache.digests._TICK", 0)
    assert large.run("check").code == 0
    released = file_digest((large.root / SOURCE).read_bytes())
    large.edit(SOURCE, "  int32 old = 9;\n", "")
    large.edit(many(20), "  string id = 1;", "  string id = 1;\n  string more = 7;")
    large.commit("an attack")
    forge(large, SOURCE, released)
    return large


def is_believed(repo: Repo, *arguments: str, env: Mapping[str, str] | None = None, cwd: str = ".") -> bool:
    """Whether a check passes for the forgery; where it does not, the cache stays as it was."""
    before = contents(repo)
    ran = repo.run("check", *arguments, env=env, cwd=cwd)
    if ran.code == 0:
        return True
    assert EDITED in ran.out, ran
    assert contents(repo) == before
    return False


def contents(repo: Repo) -> dict[str, bytes]:
    folder = repo.root / FOLDER
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} if folder.exists() else {}


def warnings(repo: Repo, *arguments: str, cwd: str = ".", env: Mapping[str, str] | None = None) -> list[str]:
    """The lines of warning of a command."""
    err = repo.run(*arguments, cwd=cwd, env=env).err
    return [line for line in err.splitlines() if line.startswith("warning: ")]


def test_the_users_own_is_believed(poisoned: Repo) -> None:
    """Else the other tests would show nothing."""
    assert is_believed(poisoned)
    assert warnings(poisoned, "check") == []


# --- From a commit ------------------------------------------------------------------------------


@pytest.mark.parametrize("tracked", [FOLDER, CACHE, f"{FOLDER}/.gitignore"])
@pytest.mark.parametrize("step", ["add", "commit"])
def test_one_that_git_tracks_is_ignored(tracked: str, step: str, poisoned: Repo) -> None:
    poisoned.git("add", "--force", tracked)
    if step == "commit":
        poisoned.git("commit", "--quiet", "-m", "a cache")
    assert not is_believed(poisoned)
    assert not is_believed(poisoned, cwd="schemas/acme")
    assert not is_believed(poisoned, "--cache")
    told = f"warning: git tracks {poisoned.root / FOLDER}, so it came with a commit: this cache is ignored; "
    assert warnings(poisoned, "check") == [f"{told}run `git rm -rf .fieldstone` and commit"]
    assert warnings(poisoned, "check", cwd="schemas") == [f"{told}run `git rm -rf ../.fieldstone` and commit"]
    assert warnings(poisoned, "check", env={"CI": "true"}) == [f"{told}run `git rm -rf .fieldstone` and commit"]


def test_the_way_out_leaves_nothing_of_it(poisoned: Repo) -> None:
    poisoned.git("add", "--force", FOLDER)
    poisoned.git("commit", "--quiet", "-m", "a cache")
    poisoned.git("rm", "-rfq", FOLDER)
    poisoned.git("commit", "--quiet", "-m", "no cache")
    for _ in range(2):
        ran = poisoned.run("check")
        assert (ran.code, "warning: " in ran.err) == (1, False)
        assert EDITED in ran.out


def test_git_may_spell_its_folder_in_another_way(poisoned: Repo) -> None:
    """As on a file system that does not tell .FieldStone from .fieldstone."""
    poisoned.write(".FieldStone/cache", "")
    poisoned.git("add", "--force", ".FieldStone")
    assert not is_believed(poisoned)
    assert warnings(poisoned, "check")[0].endswith("run `git rm -rf .FieldStone` and commit")


@pytest.mark.parametrize(
    "command",
    [
        ("diff", "schemas", "0.1.0", "1.0.0"),
        ("registry", "show", "schemas"),
        ("registry", "verify"),
        ("waive", "field-removed", "a.B", "--reason", "x", "--until", "2999-01-01", "--owner", "a"),
        ("release", "schemas", "--dry-run"),
        ("check", "--full"),
    ],
    ids=" ".join,
)
def test_every_command_that_could_use_it_tells_of_it_once(command: tuple[str, ...], poisoned: Repo) -> None:
    poisoned.git("add", "--force", FOLDER)
    assert len(warnings(poisoned, *command)) == 1


@pytest.mark.parametrize("command", ["info", "clear"])
def test_one_that_git_tracks_is_neither_shown_nor_cleared(command: str, poisoned: Repo) -> None:
    poisoned.git("add", "--force", FOLDER)
    before = (poisoned.root / CACHE).read_bytes()
    assert "git tracks" in poisoned.run("cache", command).error
    assert (poisoned.root / CACHE).read_bytes() == before


@pytest.mark.parametrize("how", ["no checkout", "no git"])
def test_where_git_cannot_track_it_it_is_the_users_own(how: str, poisoned: Repo) -> None:
    if how == "no checkout":
        shutil.rmtree(poisoned.root / ".git")
        assert is_believed(poisoned)
    else:
        assert is_believed(poisoned, "--no-second-opinion", env={"PATH": os.fspath(poisoned.root)})


# --- Behind a link ------------------------------------------------------------------------------


def link_the_folder(folder: Path, elsewhere: Path) -> Path:
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    return folder


def link_a_file(name: str) -> Callable[[Path, Path], Path]:
    def link(folder: Path, elsewhere: Path) -> Path:
        (folder / name).rename(elsewhere)
        (folder / name).symlink_to(elsewhere)
        return folder / name

    return link


def link_to_nothing(folder: Path, elsewhere: Path) -> Path:
    (folder / "cache-9.db").symlink_to(elsewhere)
    return folder / "cache-9.db"


@pytest.mark.parametrize("link", [link_the_folder, link_a_file(Path(CACHE).name), link_to_nothing])
def test_a_link_is_ignored(link: Callable[[Path, Path], Path], poisoned: Repo, tmp_path: Path) -> None:
    linked = link(poisoned.root / FOLDER, tmp_path / "elsewhere")
    assert not is_believed(poisoned)
    assert not is_believed(poisoned, "--cache")
    way_out = f"remove it: `rm {linked.relative_to(poisoned.root)}`"
    assert warnings(poisoned, "check") == [f"warning: {linked} is a link: this cache is ignored; {way_out}"]
    assert f"{linked} is a link" in poisoned.run("cache", "clear").error
    assert linked.is_symlink()
    linked.unlink()
    assert warnings(poisoned, "check") == []


def test_a_project_reached_by_a_link_has_a_cache(poisoned: Repo, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(poisoned.root)
    assert is_believed(poisoned, cwd=str(tmp_path / "link"))


# --- In CI, and for a release -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "env", "believed"),
    [
        ((), {"CI": "true"}, False),
        ((), {"CI": "1"}, False),
        ((), {"CI": "woodpecker"}, False),
        ((), {"CI": ""}, True),
        ((), {"CI": "false"}, True),
        ((), {"CI": "0"}, True),
        (("--cache",), {"CI": "true"}, True),
        ((), {"CI": "true", "FIELDSTONE_CACHE": "1"}, True),
        (("--no-cache",), {"CI": "true", "FIELDSTONE_CACHE": "1"}, False),
        ((), {"FIELDSTONE_CACHE": "0"}, False),
        (("--cache",), {"FIELDSTONE_CACHE": "false"}, True),
        (("--no-cache",), {}, False),
        (("--cache", "--no-cache"), {}, False),
        (("--full",), {"CI": "true"}, False),
    ],
    ids=str,
)
def test_in_ci_it_must_be_asked_for(
    arguments: tuple[str, ...],
    env: dict[str, str],
    believed: bool,  # noqa: FBT001
    poisoned: Repo,
) -> None:
    assert is_believed(poisoned, *arguments, env=env) == believed


def test_a_value_that_says_neither(poisoned: Repo) -> None:
    for command in (["check"], ["check", "--full"], ["release", "schemas"]):
        error = poisoned.run(*command, env={"FIELDSTONE_CACHE": "maybe"}).error
        assert error == "error: FIELDSTONE_CACHE is maybe; set it to 1 or to 0"


def test_an_option_that_is_the_value_of_another_asks_for_nothing(poisoned: Repo) -> None:
    assert "--cache" in poisoned.run("check", "--against", "--cache", env={"CI": "true"}).error


@pytest.mark.parametrize("command", [("check",), ("release", "schemas")])
def test_none_is_made_in_ci(command: tuple[str, ...], large: Repo) -> None:
    large.edit(many(20), "  string id = 1;", "  string id = 1;\n  string more = 7;")
    shutil.rmtree(large.root / FOLDER, ignore_errors=True)
    assert large.run(*command, env={"CI": "true"}).code == 0
    assert not (large.root / FOLDER).exists()


@pytest.mark.parametrize(
    ("arguments", "env", "believed"),
    [
        ((), {}, False),
        ((), {"CI": "true"}, False),
        (("--no-cache",), {"FIELDSTONE_CACHE": "1"}, False),
        (("--cache",), {}, True),
        ((), {"FIELDSTONE_CACHE": "1"}, True),
    ],
    ids=str,
)
def test_a_release_takes_nothing_from_it(
    arguments: tuple[str, ...],
    env: dict[str, str],
    believed: bool,  # noqa: FBT001
    poisoned: Repo,
) -> None:
    before = (poisoned.root / CACHE).read_bytes()
    ran = poisoned.run("release", "schemas", *arguments, env=env)
    assert (ran.code == 0) == believed, ran
    assert (poisoned.root / "registry/schemas/1.1.0").exists() == believed
    if not believed:
        assert EDITED in ran.out
        assert (poisoned.root / CACHE).read_bytes() == before


def test_verify_takes_nothing_from_it(poisoned: Repo) -> None:
    ran = poisoned.run("registry", "verify", env={"FIELDSTONE_CACHE": "1"})
    assert ran.code == 1
    assert "error[registry-file-changed]" in ran.out
