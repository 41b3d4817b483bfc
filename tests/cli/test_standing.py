"""git says which files a check looks at, and whatever is done to a repository, no change is missed for that.

Every test warms the cache, does something, and sees that a check and a full one say what is expected, and the same.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from fieldstone.cache.asked_before import ask_again
from fieldstone.cache.permission import Permission
from fieldstone.registry.folder import FolderRegistry
from fieldstone.workflows.looking import ask_git
from fieldstone.workflows.project import Project
from tests.cli.workspace import MONEY, SHOP, Ran, Repo, copy_repo, many, waiver

QUICK = ("check", "--no-witness", "--no-second-opinion")
BREAK = ("string id = 1;", "int32 id = 1;")
BROKEN, GONE, RENAMED, MISPLACED = "field-type-changed", "file-removed", "field-renamed", "PACKAGE_DIRECTORY_MATCH"
EDITED, UNCHANGED = many(20), ""
NEW = "schemas/acme/many/v1/new.proto"
MISPLACED_TEXT = 'syntax = "proto3";\n\npackage acme.misplaced.v1;\n\nmessage New {\n  string id = 1;\n}\n'
LEDGER, STRAY = "registry/schemas/0.1.0/ledger.json", "registry/schemas/1.0.0/stray.txt"
IGNORED = "warning: cannot tell whether git tracks "
ONLY_FIELDSTONE = str(Path(sys.executable).parent)


def looked(repo: Repo, *arguments: str, cwd: str | Path = ".", env: Mapping[str, str] | None = None) -> Ran:
    """What a check says: so says a full one, and so does one that knows of the first."""
    ran = repo.run(*QUICK, *arguments, cwd=cwd, env=env)
    for other in (full(repo, *arguments, cwd=cwd, env=env), repo.run(*QUICK, *arguments, cwd=cwd, env=env)):
        assert (other.code, other.out) == (ran.code, ran.out)
        assert unwarned(other) == unwarned(ran) or ran.code == 2
    return ran


def unwarned(ran: Ran) -> list[str]:
    """The status of a check, without the warning that its cache is ignored, which is where git fails."""
    return [line for line in ran.err.splitlines() if not line.startswith(IGNORED)]


FULL: dict[tuple[object, ...], Ran] = {}


def full(repo: Repo, *arguments: str, cwd: str | Path, env: Mapping[str, str] | None) -> Ran:
    """What a full check says, which asks git nothing; of the very same files, what an earlier one said."""
    there = [path for path in sorted(repo.root.rglob("*")) if not {".git", ".fieldstone"} & {*path.parts}]
    files = tuple((str(path.relative_to(repo.root)), path.is_file() and path.read_bytes()) for path in there)
    is_plain = not arguments and not any(path.is_symlink() or path.name == "fieldstone.toml" for path in there)
    key = (str(cwd), files)
    ran = FULL.get(key) if is_plain else None
    if ran is None:
        ran = repo.run(*QUICK, "--full", *arguments, cwd=cwd, env=env)
        if is_plain:
            FULL[key] = replace(ran, out=ran.out.replace(str(repo.root), "ROOT"), err=ran.err)
    return replace(ran, out=ran.out.replace("ROOT", str(repo.root)))


def expect(
    repo: Repo, found: str, *arguments: str, cwd: str | Path = ".", env: Mapping[str, str] | None = None
) -> None:
    """A check finds this, or says this where it cannot be done; nothing where it is empty."""
    ran = looked(repo, *arguments, cwd=cwd, env=env)
    if found.startswith("error: "):
        assert ran.error.startswith(found)
    elif found:
        assert ran.code == 1, ran
        assert f"error[{found}]" in ran.out
    else:
        assert (ran.code, ran.out) == (0, ""), ran


def doubted(repo: Repo) -> set[str] | None:
    """The files of the first module that a check would look at; None where it would look at all of them."""
    project = Project.at(repo.root)
    module = next(iter(project.workspace.modules.values()))
    newest = project.newest(module)
    assert newest is not None
    standing = ask_git(project)
    try:
        return standing.suspects(module.root, f"{newest.version} {newest.seal} {module.extent}")
    finally:
        standing.close()


def warm(repo: Repo) -> Repo:
    """Have git and a check know all files as they are."""
    subprocess.run(["git", "update-index", "-q", "--refresh"], cwd=repo.root, env=repo.environment, check=False)
    for _ in range(2):
        assert repo.run(*QUICK).code == 0
    return repo


def next_second() -> None:
    time.sleep(1.01 - time.time() % 1)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are taken for such as had been left alone for long."""
    monkeypatch.setattr("fieldstone.cache.digests._TICK", 0)
    monkeypatch.setattr("fieldstone.schema.asked._TICK", -1)


@pytest.fixture
def settled(large: Repo) -> Repo:
    """A released module that git vouches for."""
    warm(large)
    assert doubted(large) == set()
    return large


# --- What git does with a change ----------------------------------------------------------------


def test_nobody_looks_at_what_git_vouches_for(settled: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FolderRegistry, "releases", lambda *_: pytest.fail("the registry was looked at"))
    assert settled.run("check").code == 0


def test_git_is_asked_before_the_settings_are_read(settled: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = ask_again(str(settled.root / "schemas/acme"), Permission())
    assert begun is not None
    with monkeypatch.context() as patch:
        patch.setattr("fieldstone.workflows.looking.Asked", lambda *_: pytest.fail("git was asked once more"))
        with closing(ask_git(Project.at(settled.root), begun)) as standing:
            assert standing.count > 20


def test_git_is_asked_anew_where_the_settings_ask_for_something_else(settled: Repo) -> None:
    settled.root.joinpath("registry").rename(settled.root / "released")
    settled.root.joinpath("fieldstone.toml").write_text('registry = "released"\n')
    begun = ask_again(str(settled.root), Permission())
    assert begun is not None
    with closing(ask_git(Project.at(settled.root), begun)):
        assert begun.answer() is None
    settled.edit(EDITED, *BREAK)
    expect(settled, BROKEN)
    again = ask_again(str(settled.root), Permission())
    assert again is not None
    with closing(again):
        assert again.of != begun.of


@pytest.mark.parametrize("content", [b"", b"\0", b"../..\0no/such", bytes(range(256))])
def test_what_git_was_asked_is_damaged(content: bytes, settled: Repo) -> None:
    settled.root.joinpath(".fieldstone/cache-asked").write_bytes(content)
    settled.edit(EDITED, *BREAK)
    expect(settled, BROKEN)


def test_an_edit_on_its_way_into_a_commit_and_back(settled: Repo) -> None:
    settled.edit(EDITED, *BREAK)
    expect(settled, BROKEN)
    for step in ("add -A", "commit -qm broken", "reset -q --soft HEAD~", "reset -q", "add -A", "commit -qm again"):
        settled.git(*step.split())
        expect(settled, BROKEN)
    settled.git("revert", "--no-edit", "HEAD")
    expect(settled, UNCHANGED)
    settled.git("reset", "-q", "--hard", "HEAD~")
    expect(settled, BROKEN)
    settled.git("checkout", "HEAD~", "--", EDITED)
    expect(settled, UNCHANGED)
    assert doubted(settled) == set()


def test_another_branch_and_back(settled: Repo) -> None:
    settled.git("checkout", "-qb", "broken")
    settled.edit(EDITED, *BREAK)
    settled.commit()
    expect(settled, BROKEN)
    for branch, found in (("main", UNCHANGED), ("broken", BROKEN)) * 2:
        settled.git("checkout", "-q", branch)
        expect(settled, found)


def test_stash_and_pop(settled: Repo) -> None:
    settled.edit(EDITED, *BREAK)
    settled.write(NEW, MISPLACED_TEXT)
    expect(settled, BROKEN)
    settled.git("stash", "-q")
    expect(settled, MISPLACED)
    settled.git("stash", "-q", "--include-untracked")
    expect(settled, UNCHANGED)
    settled.git("stash", "pop", "-q", "stash@{1}")
    expect(settled, BROKEN)
    settled.git("checkout", "-q", ".")
    settled.git("stash", "pop", "-q")
    expect(settled, MISPLACED)


def test_a_file_that_is_only_touched_or_has_another_mode(settled: Repo) -> None:
    (settled.root / EDITED).touch()
    expect(settled, UNCHANGED)
    (settled.root / EDITED).chmod(0o755)
    expect(settled, UNCHANGED)
    settled.git("config", "core.fileMode", "false")
    (settled.root / many(21)).chmod(0o755)
    expect(settled, UNCHANGED)
    assert doubted(warm(settled)) == set()
    settled.edit(EDITED, *BREAK)
    expect(settled, BROKEN)


def test_a_new_file_on_its_way_into_the_index_and_back(settled: Repo) -> None:
    settled.write(NEW, MISPLACED_TEXT)
    expect(settled, MISPLACED)
    for step in ("add -N", "add", "rm -q --cached", "add"):
        settled.git(*step.split(), NEW)
        expect(settled, MISPLACED)
    settled.git("reset", "-q")
    (settled.root / NEW).unlink()
    expect(settled, UNCHANGED)


@pytest.mark.parametrize(
    "where", [".gitignore", "schemas/acme/many/.gitignore", ".git/info/exclude", "core.excludesFile"]
)
def test_a_new_file_that_git_ignores(where: str, settled: Repo, tmp_path: Path) -> None:
    if where == "core.excludesFile":
        settled.git("config", where, str(tmp_path / "ignored"))
        where = "../ignored"
    settled.write(where, "new*\n")
    for path in (NEW, "schemas/acme/many/newer/new.proto"):
        settled.write(path, MISPLACED_TEXT)
        assert "new" not in settled.git("status", "--porcelain")
        expect(settled, MISPLACED)
        (settled.root / path).unlink()
        expect(settled, UNCHANGED)


def test_a_file_that_is_deleted_and_one_that_git_forgets(settled: Repo) -> None:
    (settled.root / EDITED).unlink()
    expect(settled, GONE)
    settled.git("rm", "-q", EDITED)
    expect(settled, GONE)
    settled.git("reset", "-q", "--hard")
    expect(settled, UNCHANGED)
    settled.git("rm", "-q", "--cached", EDITED)
    expect(settled, UNCHANGED)
    settled.edit(EDITED, *BREAK)
    expect(settled, BROKEN)
    settled.git("reset", "-q", "--hard")
    expect(settled, UNCHANGED)


@pytest.mark.parametrize("to", ["a.proto", "z.proto", "F20.proto", "../v2/f20.proto"])
def test_a_file_under_another_name(to: str, settled: Repo) -> None:
    """Also under the first one or the last one that git lists, and under the same one but for its case."""
    target = f"{Path(EDITED).parent}/{to}"
    (settled.root / target).parent.mkdir(exist_ok=True)
    settled.git("mv", EDITED, target)
    expect(settled, GONE)
    moved = looked(settled)
    settled.commit()
    assert looked(settled) == moved
    settled.edit(target, *BREAK)
    assert looked(settled).out != moved.out
    settled.git("checkout", "-q", ".")
    settled.git("mv", target, EDITED)
    expect(settled, UNCHANGED)


@pytest.mark.parametrize("flag", ["assume-unchanged", "skip-worktree"])
def test_a_file_that_git_is_told_to_take_for_unchanged(flag: str, settled: Repo) -> None:
    settled.git("update-index", f"--{flag}", EDITED)
    expect(settled, UNCHANGED)
    settled.edit(EDITED, *BREAK)
    assert settled.git("status", "--porcelain") == ""
    expect(settled, BROKEN)
    settled.edit(EDITED, *reversed(BREAK))
    expect(settled, UNCHANGED)
    settled.edit(EDITED, *BREAK)
    settled.git("update-index", f"--no-{flag}", EDITED)
    expect(settled, BROKEN)


@pytest.mark.parametrize("kind", ["--no-cone", "--cone", "--sparse-index"])
def test_a_sparse_checkout(kind: str, settled: Repo) -> None:
    left = ["/*", f"!/{EDITED}"] if kind == "--no-cone" else ["registry"]
    settled.git("sparse-checkout", "set", *({"--cone": kind, kind: "--cone"}), kind, *left)
    expect(settled, GONE if kind == "--no-cone" else f"error: {settled.root}/buf.yaml lists schemas, and ")
    settled.git("sparse-checkout", "disable")
    expect(settled, UNCHANGED)


def test_a_merge_that_stops_at_a_conflict(settled: Repo) -> None:
    settled.git("checkout", "-qb", "theirs")
    settled.edit(EDITED, *BREAK)
    settled.commit()
    settled.git("checkout", "-q", "main")
    settled.edit(EDITED, "string id = 1;", "string id = 1;  // Ours.")
    settled.commit()
    expect(settled, UNCHANGED)
    subprocess.run(["git", "merge", "theirs"], cwd=settled.root, env=settled.environment, check=False)
    ran = looked(settled)
    assert ran.code == 2
    assert "schemas: could not be judged: it does not compile" in ran.err
    settled.git("checkout", "--theirs", EDITED)
    expect(settled, BROKEN)
    settled.git("merge", "--abort")
    expect(settled, UNCHANGED)


# --- What git makes of the bytes, and of the stat -----------------------------------------------


def test_ends_of_lines(settled: Repo) -> None:
    """An editor writes CRLF, git takes it for what it has, and later writes CRLF itself."""
    settled.write(".gitattributes", "*.proto text=auto\n")
    text = settled.read(EDITED)
    settled.write(EDITED, text.replace("\n", "\r\n"))
    expect(settled, UNCHANGED)
    settled.commit("the same to git")
    assert "f20" not in settled.git("log", "-1", "--stat")
    expect(settled, UNCHANGED)
    settled.write(EDITED, text.replace(*BREAK).replace("\n", "\r\n"))
    expect(settled, BROKEN)
    settled.commit("broken")
    settled.write(".gitattributes", "*.proto text eol=crlf\n")
    (settled.root / EDITED).unlink()
    settled.git("-c", "core.autocrlf=true", "checkout", "-q", "HEAD", "--", EDITED, many(21))
    expect(settled, BROKEN)
    settled.git("checkout", "-q", "HEAD~", "--", EDITED)
    assert b"\r\n" in (settled.root / EDITED).read_bytes()
    expect(settled, UNCHANGED)
    settled.edit(EDITED, *BREAK)
    expect(settled, BROKEN)


@pytest.mark.parametrize("side", ["clean", "smudge"])
def test_a_filter_that_hides_an_edit_from_git(side: str, settled: Repo) -> None:
    """What the repository has is not what lies in the checkout, and git takes the one for the other."""
    settled.git("config", "filter.odd.clean", "sed 's/int32 id/string id/'")
    settled.git("config", "filter.odd.smudge", "sed 's/string id/int32 id/'")
    settled.write(".gitattributes", "f20.proto filter=odd\n")
    expect(settled, UNCHANGED)
    if side == "clean":
        settled.edit(EDITED, *BREAK)
    else:
        (settled.root / EDITED).unlink()
        settled.git("checkout", "-q", "--", EDITED)
    for _ in range(2):
        expect(settled, BROKEN)
        settled.git("add", "-A")
        assert "f20" not in settled.git("status", "--porcelain")
    settled.edit(EDITED, *reversed(BREAK))
    expect(settled, UNCHANGED)


@pytest.mark.parametrize("has_git", [True, False])
def test_an_edit_that_keeps_size_and_time(has_git: bool, settled: Repo, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    """When it was written can be set, when its inode was changed cannot, and git is told to look at that.

    By itself git sees nothing here; the stat that the cache has, where there is no git, says it as well.
    """
    monkeypatch.setattr("fieldstone.schema.asked._TICK", 0)
    for setting in ("core.fileMode=false", "core.trustctime=false", "core.checkStat=minimal"):
        settled.git("config", *setting.split("="))
    next_second()
    if not has_git:
        (settled.root / ".git").rename(settled.root / "away")
    warm(settled)
    assert doubted(settled) == (set() if has_git else None)
    stat = (settled.root / EDITED).stat()
    settled.edit(EDITED, "string id = 1;", "string di = 1;")
    os.utime(settled.root / EDITED, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert not has_git or settled.git("diff-files", "--name-only") == ""
    expect(settled, RENAMED)
    settled.edit(EDITED, "string di = 1;", "string id = 1;")
    expect(settled, UNCHANGED)


@pytest.mark.parametrize("way", ["a time that is set", "a filter"])
def test_a_second_edit_within_a_second(way: str, settled: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most builds of git tell times apart by the second alone, and believe a filter that they ask when in doubt."""
    path = settled.root / EDITED
    settled.git("config", "filter.odd.clean", "sed 's/string di/string id/'")
    settled.write(".gitattributes", "f20.proto filter=odd\n" if way == "a filter" else "")
    monkeypatch.setattr("fieldstone.schema.asked._TICK", 2)
    next_second()
    since = time.time()
    stamp = None if way == "a filter" else (1e9, 1e9)
    os.utime(path, stamp)
    warm(settled)
    settled.edit(EDITED, "string id = 1;", "string di = 1;")
    os.utime(path, stamp)
    differs = settled.git("diff-files", "--name-only", EDITED)
    expect(settled, RENAMED)
    assert differs == "" or int(since) < int(path.stat().st_ctime)


def test_a_clock_that_goes_back(settled: Repo) -> None:
    path = settled.root / EDITED
    future = time.time() + 1000
    os.utime(path, (future, future))
    warm(settled)
    assert doubted(settled) == set()
    settled.edit(EDITED, "string id = 1;", "string di = 1;")
    os.utime(path, (future, future))
    expect(settled, RENAMED)


@pytest.fixture
def liar(tmp_path: Path) -> Path:
    """A monitor for git that says that no file has changed."""
    hook = tmp_path / "liar"
    hook.write_text("#!/bin/sh\nprintf 'token\\0'\n")
    hook.chmod(0o755)
    return hook


def test_a_monitor_that_claims_that_nothing_changed(settled: Repo, liar: Path) -> None:
    settled.git("config", "core.fsmonitor", str(liar))
    settled.git("config", "core.fsmonitorHookVersion", "2")
    settled.git("update-index", "--fsmonitor")
    settled.git("status")
    warm(settled)
    assert doubted(settled) == set()
    settled.edit(EDITED, *BREAK)
    settled.write(NEW, MISPLACED_TEXT)
    assert EDITED not in settled.git("status", "--porcelain")
    expect(settled, BROKEN)
    expect(settled, MISPLACED)
    settled.edit(EDITED, *reversed(BREAK))
    (settled.root / NEW).unlink()
    expect(settled, UNCHANGED)


def test_another_kind_of_index(settled: Repo) -> None:
    settled.git("config", "core.untrackedCache", "true")
    settled.git("update-index", "--untracked-cache", "--split-index", "--index-version=4")
    settled.git("status")
    warm(settled)
    assert doubted(settled) == set()
    settled.edit(EDITED, *BREAK)
    expect(settled, BROKEN)
    settled.git("checkout", "-q", ".")
    settled.write(NEW, MISPLACED_TEXT)
    expect(settled, MISPLACED)
    settled.git("add", NEW)
    expect(settled, MISPLACED)
    (settled.root / NEW).unlink()
    expect(settled, UNCHANGED)


def test_git_told_that_names_do_not_differ_by_case(settled: Repo) -> None:
    settled.git("config", "core.ignoreCase", "true")
    for path in ("schemas/acme/many/v1/F20.proto", "schemas/acme/.GIT/v1/x.proto"):
        expect(settled, UNCHANGED)
        settled.write(path, MISPLACED_TEXT)
        assert settled.git("status", "--porcelain") == ""
        expect(settled, MISPLACED)
        (settled.root / path).unlink()
    expect(settled, UNCHANGED)


def test_a_cache_from_before_git_packed_its_objects(settled: Repo) -> None:
    settled.git("gc", "-q", "--prune=now")
    assert doubted(settled) == set()
    expect(settled, UNCHANGED)
    settled.edit(EDITED, *BREAK)
    expect(settled, BROKEN)


# --- What stands in the place of a file ---------------------------------------------------------


def test_what_is_no_file(settled: Repo) -> None:
    path = settled.root / EDITED
    path.unlink()
    settled.write(f"{EDITED}/readme.txt", "a folder")
    expect(settled, GONE)
    shutil.rmtree(path)
    os.mkfifo(path)
    expect(settled, GONE)
    path.unlink()
    settled.git("checkout", "-q", EDITED)
    expect(settled, UNCHANGED)


def test_links_come_and_go(settled: Repo, tmp_path: Path) -> None:
    path = settled.root / EDITED
    outside = tmp_path / "outside.proto"
    shutil.move(path, outside)
    path.symlink_to(outside)
    expect(settled, UNCHANGED)
    settled.commit("a link")
    expect(settled, UNCHANGED)
    outside.write_text(outside.read_text().replace(*BREAK))
    expect(settled, BROKEN)
    path.unlink()
    shutil.move(outside, path)
    expect(settled, BROKEN)
    settled.git("checkout", "-q", "HEAD~", "--", EDITED)
    expect(settled, UNCHANGED)


def test_a_link_to_a_folder_of_files(settled: Repo, tmp_path: Path) -> None:
    (tmp_path / "linked").mkdir()
    link = settled.root / "schemas/acme/many/linked"
    link.symlink_to(tmp_path / "linked")
    for step in ("status", "add -A", "commit -qm link"):
        settled.git(*step.split())
        expect(settled, UNCHANGED)
        (tmp_path / "linked/new.proto").write_text(MISPLACED_TEXT)
        expect(settled, MISPLACED)
        (tmp_path / "linked/new.proto").unlink()
    link.unlink()
    expect(settled, UNCHANGED)


def test_a_folder_that_makes_place_for_another_and_comes_back(settled: Repo, tmp_path: Path) -> None:
    """Its files are to git what they were."""
    folder, aside = (settled.root / EDITED).parent, tmp_path / "aside"
    shutil.copytree(folder, aside)
    settled.edit(EDITED, *BREAK)
    settled.commit("broken")
    for found in (BROKEN, UNCHANGED, BROKEN):
        expect(settled, found)
        folder.rename(tmp_path / "moving")
        aside.rename(folder)
        (tmp_path / "moving").rename(aside)
    expect(settled, UNCHANGED)
    folder.rename(tmp_path / "moving")
    expect(settled, "error: module schemas has no .proto files")
    (tmp_path / "moving").rename(folder)
    expect(settled, UNCHANGED)


def test_a_folder_replaced_by_a_link_to_another(settled: Repo, tmp_path: Path) -> None:
    folder = settled.root / "schemas/acme/many"
    shutil.copytree(folder, tmp_path / "many")
    shutil.rmtree(folder)
    folder.symlink_to(tmp_path / "many")
    expect(settled, UNCHANGED)
    edited = tmp_path / "many/v1/f20.proto"
    edited.write_text(edited.read_text().replace(*BREAK))
    expect(settled, BROKEN)


# --- Repositories in repositories, and elsewhere ------------------------------------------------


def new_git(folder: Path, *, commit: bool = True) -> None:
    """Make a repository of a folder."""
    who = "-c user.name=Ada -c user.email=ada@example.com commit -qm all --allow-empty"
    for step in ("init -q", "add -A", who)[: 3 if commit else 1]:
        subprocess.run(["git", *step.split()], cwd=folder, check=True, env={**os.environ, "GIT_DIR": f"{folder}/.git"})


def test_a_submodule_in_a_module(settled: Repo, tmp_path: Path) -> None:
    library = Repo(tmp_path / "library", settled.environment)
    text = settled.read(EDITED).replace("M20", "Shared20").replace("acme.many", "acme.lib")
    library.write("v1/a.proto", text)
    new_git(library.root)
    settled.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.root), "schemas/acme/lib")
    settled.commit("a submodule")
    settled.release("schemas")
    settled.commit("released")
    expect(warm(settled), UNCHANGED)
    inner = Repo(settled.root / "schemas/acme/lib", settled.environment)
    inner.edit("v1/a.proto", *BREAK)
    expect(settled, BROKEN)
    inner.commit()
    expect(settled, BROKEN)
    settled.commit("the submodule's new commit")
    expect(settled, BROKEN)
    inner.git("checkout", "-q", "HEAD~")
    expect(settled, UNCHANGED)
    inner.write("v1/b.proto", MISPLACED_TEXT)
    expect(settled, MISPLACED)
    settled.git("submodule", "--quiet", "deinit", "--force", "--all")
    expect(settled, GONE)


@pytest.mark.parametrize("kind", ["with a commit", "without a commit", "ignored"])
def test_another_repository_in_the_module_and_in_the_registry(kind: str, settled: Repo) -> None:
    if kind == "ignored":
        settled.write(".gitignore", "nested\n")
    settled.write("schemas/acme/nested/a.proto", MISPLACED_TEXT)
    new_git(settled.root / "schemas/acme/nested", commit=kind != "without a commit")
    expect(settled, MISPLACED)
    settled.edit("schemas/acme/nested/a.proto", "message New", "message Newer")
    expect(settled, MISPLACED)
    shutil.rmtree(settled.root / "schemas/acme/nested")
    expect(warm(settled), UNCHANGED)
    settled.write("registry/schemas/1.0.0/nested/a.txt", "")
    new_git(settled.root / "registry/schemas/1.0.0/nested", commit=kind != "without a commit")
    expect(settled, "error: stray file in the registry: ")
    shutil.rmtree(settled.root / "registry/schemas/1.0.0/nested")
    expect(settled, UNCHANGED)


def test_tracked_files_become_another_repository(settled: Repo) -> None:
    new_git(settled.root / "schemas/acme/many", commit=False)
    expect(settled, UNCHANGED)
    settled.edit(EDITED, *BREAK)
    expect(settled, BROKEN)


@pytest.mark.parametrize("kind", ["submodule", "untracked", "ignored"])
@pytest.mark.parametrize("folder", ["registry", "schemas"])
def test_the_registry_or_the_module_is_another_repository(folder: str, kind: str, settled: Repo) -> None:
    inner = settled.root / folder
    new_git(inner)
    settled.git("rm", "-rq", "--cached", folder)
    if kind == "submodule":
        settled.git("-c", "advice.addEmbeddedRepo=false", "add", folder)
    if kind == "ignored":
        settled.write(".gitignore", f"/{folder}\n")
    settled.commit("apart")
    expect(warm(settled), UNCHANGED)
    path, edit, found = {
        "schemas": (EDITED, BREAK, BROKEN),
        "registry": (LEDGER, (": {", ":  {"), "registry-file-changed"),
    }[folder]
    text = settled.read(path)
    settled.write(path, text.replace(*edit))
    assert settled.read(path) != text
    expect(settled, found)
    settled.write(path, text)
    expect(settled, UNCHANGED)


@pytest.mark.parametrize("kind", ["no commit", "nothing added", "no repository", "a bare one", "in another's ignored"])
def test_a_checkout_of_nothing(kind: str, large: Repo, tmp_path: Path) -> None:
    shutil.rmtree(large.root / ".git")
    if kind not in {"no repository", "in another's ignored"}:
        large.git("init", "-q")
    if kind == "no commit":
        large.git("add", "-A")
    if kind == "a bare one":
        large.git("config", "core.bare", "true")
    if kind == "in another's ignored":
        (tmp_path / ".gitignore").write_text("*\n")
        new_git(tmp_path)
    expect(warm(large), UNCHANGED)
    vouched = {"no commit": 0, "nothing added": None, "in another's ignored": None}.get(kind)
    assert (doubted(large) == set()) is (vouched == 0)
    large.edit(EDITED, *BREAK)
    expect(large, BROKEN)
    large.edit(EDITED, *reversed(BREAK))
    expect(large, UNCHANGED)


def test_a_linked_worktree(settled: Repo, tmp_path: Path) -> None:
    settled.git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "other")
    linked = warm(Repo(tmp_path / "linked", settled.environment, settled.capsys))
    assert doubted(linked) == set()
    linked.edit(EDITED, *BREAK)
    expect(linked, BROKEN)
    expect(settled, UNCHANGED)
    linked.commit()
    expect(linked, BROKEN)
    settled.git("merge", "-q", "other")
    expect(settled, BROKEN)


def test_a_cache_from_another_checkout(settled: Repo, tmp_path: Path) -> None:
    copy = copy_repo(settled, tmp_path / "copy", settled.capsys)  # type: ignore[arg-type]
    copy.edit(EDITED, *BREAK)
    expect(copy, BROKEN)
    shutil.rmtree(settled.root)
    copy.root.rename(settled.root)
    expect(settled, BROKEN)


# --- What a git hook sets, and a git that fails -------------------------------------------------


def test_git_told_to_look_elsewhere(settled: Repo, tmp_path: Path) -> None:
    """By the environment, as in a hook of another repository, and by its settings."""
    copy_repo(settled, tmp_path / "other", settled.capsys)  # type: ignore[arg-type]
    elsewhere = {"GIT_DIR": str(tmp_path / "other/.git"), "GIT_WORK_TREE": str(tmp_path / "other")}
    subprocess.run(["git", "update-index", "-q", "--refresh"], env={**settled.environment, **elsewhere}, check=True)
    expect(settled, UNCHANGED, env=elsewhere)
    settled.edit(EDITED, *BREAK)
    expect(settled, BROKEN, env=elsewhere)
    settled.edit(EDITED, *reversed(BREAK))
    settled.git("config", "core.worktree", elsewhere["GIT_WORK_TREE"])
    settled.git("update-index", "-q", "--refresh")
    expect(settled, UNCHANGED)
    settled.edit(EDITED, *BREAK)
    assert settled.git("status", "--porcelain") == ""
    expect(settled, BROKEN)


@pytest.mark.parametrize(
    "variables",
    [
        {"GIT_DIR": "{root}/.git", "GIT_WORK_TREE": "{root}"},
        {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index"},
        {"GIT_DIR": "{root}/.git", "GIT_INDEX_FILE": "{root}/.git/copy"},
        {"GIT_INDEX_FILE": "{root}/.git/none"},
        {"GIT_DIR": "{root}/nowhere"},
        {"GIT_GLOB_PATHSPECS": "1"},
        {"GIT_TRACE": "1"},
    ],
    ids=" ".join,
)
def test_what_a_hook_sets(variables: dict[str, str], settled: Repo) -> None:
    shutil.copy(settled.root / ".git/index", settled.root / ".git/copy")
    env = {name: value.format(root=settled.root) for name, value in variables.items()}
    expect(settled, UNCHANGED, env=env)
    settled.edit(EDITED, *BREAK)
    expect(settled, BROKEN, env=env)
    expect(settled, BROKEN)
    settled.edit(EDITED, *reversed(BREAK))
    expect(settled, UNCHANGED, cwd="schemas/acme", env=env)


HOOK = """\
#!/bin/sh
for more in "" --full ""; do
  "{fieldstone}/fieldstone" check --no-witness --no-second-opinion $more >>"{out}"
  echo "exit $?" >>"{out}"
done
"""


def test_checks_in_a_pre_commit_hook(settled: Repo, tmp_path: Path) -> None:
    """Of a commit of all, of one path, of some hunks, and amended: git gives each another index."""
    out = tmp_path / "out"
    hook = settled.root / ".git/hooks/pre-commit"
    hook.write_text(HOOK.format(fieldstone=ONLY_FIELDSTONE, out=out))
    hook.chmod(0o755)
    edit = BREAK
    for step in (["-a"], ["--", EDITED], ["--patch"], ["--amend", "-a"]):
        settled.edit(EDITED, *edit)
        settled.edit(many(21), *edit)
        command = ["git", "commit", "-m", "x", *step]
        subprocess.run(
            command, cwd=settled.root, env=settled.environment, input=b"y\nn\n", check=True, capture_output=True
        )
        said = out.read_text().split("exit ")
        broken = edit == BREAK
        assert said[0] == said[1][2:] == said[2][2:]
        assert [text[:1] for text in said[1:]] == [str(int(broken))] * 3
        assert said[0].count(f"error[{BROKEN}]") == 2 * broken
        out.unlink()
        expect(settled, BROKEN if broken else UNCHANGED)
        edit = (edit[1], edit[0])


FAILING = {
    "fails": "exit 128",
    "dies": "kill -9 $$",
    "says nothing": "exit 0",
    "says what nobody understands": "echo nonsense",
    "fails at one thing": 'case "$*" in *diff-files*) exit 1 ;; esac; exec "{git}" "$@"',
    "could not see everything": 'echo "no permission" >&2; case "$*" in *diff-files*) ;; *) exec "{git}" "$@" ;; esac',
    "complains before it says what differs": 'case "$*" in *diff-files*) echo "x: no" >&2 ;; esac; exec "{git}" "$@"',
    "is not there": "",
}


@pytest.mark.parametrize("how", FAILING)
def test_a_git_that(how: str, settled: Repo, tmp_path: Path) -> None:
    fake = tmp_path / "bin/git"
    fake.parent.mkdir()
    if FAILING[how]:
        fake.write_text("#!/bin/sh\n" + FAILING[how].format(git=shutil.which("git")) + "\n")
        fake.chmod(0o755)
    env = {"PATH": f"{fake.parent}:{ONLY_FIELDSTONE}" + (":/usr/bin:/bin" if FAILING[how] else "")}
    is_told = settled.run(*QUICK, env=env).err.startswith(IGNORED)
    assert is_told == (how in {"fails", "dies", "says what nobody understands"})
    expect(settled, UNCHANGED, env=env)
    settled.edit(EDITED, *BREAK)
    expect(settled, BROKEN, env=env)
    settled.edit(EDITED, *reversed(BREAK))
    expect(settled, UNCHANGED, env=env)


# --- Names --------------------------------------------------------------------------------------

ODD = [
    "with space",
    "quo'te",
    'dou"ble',
    "tab\there",
    "\u00fcml\u00e4ut",
    "-dash",
    "[a]*",
    "$HOME",
    ":(glob)",
    "?",
    "#",
]


def odd_files(repo: Repo, names: list[str]) -> list[str]:
    paths = [f"schemas/acme/many/v1/{name}.proto" for name in names]
    for number, path in enumerate(paths):
        repo.write(path, repo.read(EDITED).replace("M20", f"Odd{number}"))
    return paths


def test_odd_names_of_files(settled: Repo) -> None:
    paths = odd_files(settled, ODD)
    assert looked(settled).code == 0
    settled.commit("odd")
    settled.release("schemas")
    settled.commit("released")
    assert doubted(warm(settled)) == set()
    for number, path in enumerate(paths, start=1):
        settled.edit(path, *BREAK)
        assert settled.run(*QUICK).out.count(f"error[{BROKEN}]") == number
    expect(settled, BROKEN)


def test_a_name_of_two_lines(settled: Repo) -> None:
    """It is the first that git lists."""
    (path,) = odd_files(settled, ["0\nlines"])
    shutil.move(settled.root / "registry", settled.root / "../registry")
    settled.settings('registry = "../registry"\n')
    settled.commit("odd")
    settled.release("schemas")
    expect(settled, UNCHANGED)
    settled.edit(path, *BREAK)
    settled.git("add", "-A")
    expect(settled, BROKEN)


def test_a_name_that_is_no_text(settled: Repo) -> None:
    (path,) = odd_files(settled, [os.fsdecode(b"f\xff")])
    expect(settled, f"error: the name of {settled.root}/schemas/acme/many/v1/f\\udcff.proto is no UTF-8")
    settled.commit("odd")
    expect(settled, "error: the name of ")
    (settled.root / path).rename(settled.root / f"{path}.txt")
    expect(settled, UNCHANGED)
    settled.commit("no source")
    expect(settled, UNCHANGED)
    settled.edit(EDITED, *BREAK)
    expect(settled, BROKEN)


@pytest.mark.parametrize("name", ["it's [a]*", 'say "\u00fc"', ":(glob)\t**"])
def test_an_odd_name_of_a_module_folder(name: str, settled: Repo) -> None:
    (settled.root / "schemas").rename(settled.root / name)
    settled.edit("buf.yaml", "path: schemas", f"path: {json.dumps(name)}")
    settled.settings(f"[modules.schemas]\npath = {json.dumps(name, ensure_ascii=False)}\n")
    settled.commit("another name")
    assert looked(warm(settled)).code == 0
    assert doubted(settled) == set()
    edited = EDITED.replace("schemas", name)
    settled.edit(edited, *BREAK)
    expect(settled, BROKEN)
    settled.edit(edited, *reversed(BREAK))
    settled.write(f"{name}/acme/many/v1/new.proto", MISPLACED_TEXT)
    expect(settled, MISPLACED)


# --- Where modules and the registry lie ---------------------------------------------------------


@pytest.mark.parametrize("registry", ["registry", "acme/registry", "../registry"])
def test_a_module_at_the_root_and_a_registry_in_it_or_outside(registry: str, settled: Repo) -> None:
    settled.git("mv", "schemas/acme", "acme")
    shutil.move(settled.root / "registry", settled.root / registry)
    settled.edit("buf.yaml", "path: schemas", "path: .")
    settled.settings(f'registry = "{registry}"\n\n[modules.schemas]\npath = "."\n')
    settled.commit("at the root")
    assert looked(warm(settled)).code == 0
    assert doubted(settled) == set()
    for cwd in (".", "acme/many"):
        settled.edit("acme/many/v1/f20.proto", *BREAK)
        expect(settled, BROKEN, cwd=cwd)
        settled.git("checkout", "-q", ".")
    ledger = LEDGER.replace("registry", registry, 1)
    text = settled.read(ledger)
    settled.write(ledger, text + " ")
    expect(settled, "registry-file-changed")
    settled.write(ledger, text)
    settled.write(f"{registry}/schemas/1.0.0/stray.proto", MISPLACED_TEXT)
    expect(settled, "error: stray file in the registry: ")


def test_a_checkout_of_more_than_the_project(settled: Repo, tmp_path: Path) -> None:
    """The settings, the workspace and the top of the checkout are three folders."""
    top = Repo(tmp_path / "top", settled.environment, settled.capsys)
    for path in ("buf.yaml", "schemas"):
        shutil.move(settled.root / path, top.root / "project/workspace" / path) if top.root.exists() else None
        (top.root / "project/workspace").mkdir(parents=True, exist_ok=True)
        if (settled.root / path).exists():
            shutil.move(settled.root / path, top.root / "project/workspace" / path)
    shutil.move(settled.root / "registry", top.root / "project/registry")
    top.write("project/fieldstone.toml", 'workspace = "workspace"\n')
    new_git(top.root)
    project = warm(Repo(top.root / "project", settled.environment, settled.capsys))
    assert doubted(project) == set()
    edited = f"workspace/{EDITED}"
    project.edit(edited, *BREAK)
    expect(project, BROKEN)
    project.git("add", "-A")
    expect(project, BROKEN, cwd="workspace/schemas")
    project.edit(edited, *reversed(BREAK))
    project.write(f"workspace/{NEW}", MISPLACED_TEXT)
    expect(project, MISPLACED)
    (project.root / f"workspace/{NEW}").unlink()
    expect(project, UNCHANGED)


def test_a_module_in_another(settled: Repo) -> None:
    nested = "schemas/nested/acme/nested/v1/n.proto"
    settled.write(nested, settled.read(EDITED).replace("acme.many", "acme.nested"))
    settled.edit(
        "buf.yaml",
        "  - path: schemas\n",
        "  - path: schemas\n    excludes: [schemas/nested]\n  - path: schemas/nested\n",
    )
    settled.commit("nested")
    settled.release("nested")
    settled.commit("released")
    assert doubted(warm(settled)) == set()
    settled.edit(nested, *BREAK)
    expect(settled, BROKEN)
    expect(settled, UNCHANGED, "schemas")
    settled.edit(EDITED, *BREAK)
    assert looked(settled).out.count(f"error[{BROKEN}]") == 2
    settled.edit(nested, *reversed(BREAK))
    expect(settled, UNCHANGED, "nested")
    expect(settled, BROKEN)


def test_one_module_of_several_and_then_all(grown: Repo) -> None:
    assert doubted(warm(grown)) == set()
    grown.edit(MONEY, "int64 units = 2;", "int32 units = 2;")
    expect(grown, UNCHANGED, "shop", "--against", "1.2.0")
    expect(grown, BROKEN)
    grown.git("add", "-A")
    looked(grown, "shop")
    expect(grown, BROKEN, "money")
    grown.edit(SHOP, *BREAK)
    expect(grown, BROKEN, "money")
    grown.git("commit", "-qam", "both")
    expect(grown, BROKEN, "money")
    assert looked(grown).out.count(f"error[{BROKEN}]") == 2
    grown.git("checkout", "-q", "HEAD~", "--", MONEY)
    grown.git("commit", "-qam", "one")
    expect(grown, UNCHANGED, "money")
    assert looked(grown).out.count(f"error[{BROKEN}]") == 1


def test_folders_that_a_module_leaves_out_and_takes_back(settled: Repo) -> None:
    listed = "  - path: schemas\n"
    settled.write("schemas/acme/other/v1/a.proto", settled.read(EDITED).replace("acme.many", "acme.other"))
    settled.commit("more")
    assert looked(settled).code == 0
    for limits in ("excludes: [schemas/acme/many]", "includes: [schemas/acme/other]"):
        settled.edit("buf.yaml", listed, f"{listed}    {limits}\n")
        expect(settled, GONE)
        settled.git("checkout", "-q", "buf.yaml")
        assert "additive" in looked(settled).err
    settled.edit("buf.yaml", listed, f"{listed}    excludes: [schemas/acme/other]\n")
    expect(settled, UNCHANGED)
    settled.edit("schemas/acme/other/v1/a.proto", "string id", "int32 Id")
    expect(settled, UNCHANGED)
    settled.git("checkout", "-q", "buf.yaml")
    assert "additive" in looked(settled).err


def test_a_module_that_leaves_the_configuration_and_comes_back(grown: Repo) -> None:
    assert doubted(warm(grown)) == set()
    grown.edit("buf.yaml", "  - path: schemas/money\n", "")
    looked(grown)
    grown.edit(MONEY, "int64 units = 2;", "int32 units = 2;")
    grown.git("add", MONEY)
    looked(grown)
    grown.git("checkout", "-q", "buf.yaml")
    expect(grown, BROKEN)


# --- The registry -------------------------------------------------------------------------------


def test_a_release_that_is_not_committed_yet(settled: Repo) -> None:
    settled.edit(EDITED, "string id = 1;", "string id = 1;\n  string more = 2;")
    settled.release("schemas")
    expect(settled, UNCHANGED)
    settled.write("registry/schemas/1.1.0/schemas/acme/many/v1/f20.proto", "")
    expect(settled, "registry-file-changed")
    shutil.rmtree(settled.root / "registry/schemas/1.1.0")
    assert "additive" in looked(settled).err


@pytest.mark.parametrize("way", ["edited", "removed", "linked", "staged", "untracked"])
def test_a_release_that_is(way: str, settled: Repo, tmp_path: Path) -> None:
    path = settled.root / LEDGER
    content = path.read_bytes()
    path.unlink()
    found = "registry-file-changed"
    if way == "removed":
        found = "registry-file-missing"
    elif way == "linked":
        (tmp_path / "equal").write_bytes(content)
        path.symlink_to(tmp_path / "equal")
        expect(settled, UNCHANGED)
        settled.commit()
        expect(settled, UNCHANGED)
        (tmp_path / "equal").write_bytes(content + b" ")
    else:
        path.write_bytes(content + b" ")
    expect(settled, found)
    if way == "untracked":
        settled.git("rm", "-rq", "--cached", "registry")
        expect(settled, found)
        settled.write(".gitignore", "registry\n")
    settled.git("add", "-A")
    settled.git("commit", "-q", "--allow-empty", "-m", "as it is")
    expect(settled, found)
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    expect(settled, UNCHANGED)


def test_a_release_that_is_gone(settled: Repo) -> None:
    old = settled.root / "registry/schemas/0.1.0"
    old.rename(settled.root / "old")
    expect(settled, "registry-chain-broken")
    old.mkdir()
    expect(settled, "error: half a release: ")
    old.rmdir()
    (settled.root / "old").rename(old)
    expect(settled, UNCHANGED)
    (old.parent / "0.5.0").mkdir()
    expect(settled, "error: half a release: ")


@pytest.mark.parametrize("way", ["untracked", "tracked", "ignored"])
def test_a_stray_file_in_a_release(way: str, settled: Repo) -> None:
    if way == "ignored":
        settled.write(".git/info/exclude", "stray.txt\n")
    settled.write(STRAY, "")
    for _ in range(2):
        expect(settled, "error: stray file in the registry: ")
        settled.git("add", "-A") if way == "tracked" else None
    (settled.root / STRAY).unlink()
    expect(settled, UNCHANGED)


def test_what_git_leaves_in_a_release_is_no_part_of_it(settled: Repo) -> None:
    settled.write("registry/schemas/1.0.0/.git/index", "")
    expect(settled, UNCHANGED)
    shutil.rmtree(settled.root / "registry/schemas/1.0.0/.git")
    settled.write("registry/schemas/1.0.0/.git", "gitdir: nowhere\n")
    expect(settled, UNCHANGED)
    assert settled.run("registry", "verify").code == 0


# --- Two at once, other baselines, and other days -----------------------------------------------


def test_two_checks_at_once(settled: Repo) -> None:
    for found, edit in ((BROKEN, BREAK), ("", (BREAK[1], BREAK[0]))) * 2:
        settled.edit(EDITED, *edit)
        running = [settled.start(*QUICK) for _ in range(2)]
        settled.git("add", "-A")
        said = {(process.communicate()[0], process.returncode) for process in running}
        assert [(f"error[{found}]" in out, code) for out, code in said] == [
            (bool(found), int(bool(found)))
        ] or not found
        assert len(said) == 1
        expect(settled, found)


def test_another_baseline_between_two_checks(settled: Repo) -> None:
    settled.edit(EDITED, *BREAK)
    settled.commit()
    expect(settled, UNCHANGED, "--against", "HEAD")
    expect(settled, BROKEN)
    settled.edit(many(21), *BREAK)
    expect(settled, BROKEN, "--against", "HEAD")
    settled.git("checkout", "-q", "HEAD~", "--", EDITED)
    settled.git("checkout", "-q", many(21))
    expect(settled, BROKEN, "--against", "HEAD")
    expect(settled, UNCHANGED)


def test_a_waiver_that_ends_between_two_checks(settled: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    settled.settings(waiver(BROKEN, "acme.many.v1.M20.id", until="2030-06-01"))
    settled.edit(EDITED, *BREAK)
    days: list[tuple[int, Callable[[str], bool]]] = [
        (1, lambda out: out.startswith(f"waived[{BROKEN}]")),
        (2, lambda out: "error[waiver-expired]" in out),
        (1, lambda out: out.startswith(f"waived[{BROKEN}]")),
    ]
    for day, fits in days:
        monkeypatch.setattr("fieldstone.workflows.judgement.today_utc", lambda day=day: date(2030, 6, day))
        ran = looked(settled)
        assert (ran.code, fits(ran.out)) == (day - 1, True)
