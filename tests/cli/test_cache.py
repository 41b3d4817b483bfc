"""The cache makes a check quick and changes no verdict, whatever becomes of it."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from fieldstone.cache.store import FORMAT
from tests.cli.workspace import MONEY, SHOP, Ran, Repo, many

CACHE = f".fieldstone/cache-{FORMAT}.db"
BREAK = ("string id = 1;", "int32 id = 1;")


def told(ran: Ran) -> tuple[int, str, str]:
    return ran.code, ran.out, ran.err


def read_by(repo: Repo) -> int:
    """How many files a check reads."""
    line = next(line for line in repo.run("check", "--stats").err.splitlines() if line.startswith("stats: "))
    return int(line.partition(" known by the cache, ")[2].partition(" read")[0].replace(",", ""))


@pytest.fixture
def settled(grown: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository whose files a check knows, as if they had been left alone for long."""
    monkeypatch.setattr("fieldstone.cache.digests._TICK", 0)
    for _ in range(2):  # the second look is at what git does not vouch for
        assert grown.run("check").code == 0
    return grown


def test_files_are_read_once(settled: Repo) -> None:
    assert read_by(settled) == 0
    settled.edit(SHOP, "string note = 4;", "string note = 4;  // Said.")
    assert read_by(settled) == 1
    assert read_by(settled) == 0
    settled.edit(SHOP, "// Said.", "// Said again.")
    assert read_by(settled) == 1


def test_nothing_changed_takes_no_protobuf(settled: Repo) -> None:
    (settled.root / "fieldstone.toml").write_text("naming = false\n")
    program = (
        "import sys\nfrom fieldstone.cli import main\nsys.argv = ['fieldstone', 'check']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0, end\n"
        "print([name for name in sys.modules if name.startswith('google')])"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, cwd=settled.root, env=settled.environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def truncated(cache: Path) -> None:
    cache.write_bytes(cache.read_bytes()[: cache.stat().st_size // 2])


def garbage(cache: Path) -> None:
    cache.write_bytes(os.urandom(5000))


def emptied(cache: Path) -> None:
    cache.write_bytes(b"")


def another_layout(cache: Path) -> None:
    import sqlite3

    cache.unlink()
    with sqlite3.connect(cache) as connection:
        connection.execute("CREATE TABLE entries (other TEXT)")


def wrong_values(cache: Path) -> None:
    import sqlite3

    with sqlite3.connect(cache) as connection:
        connection.execute("UPDATE entries SET value = x'ff00' || value WHERE key <> ''")


def a_folder(cache: Path) -> None:
    cache.unlink()
    cache.mkdir()


def a_file_for_its_folder(cache: Path) -> None:
    shutil.rmtree(cache.parent)
    cache.parent.write_text("no folder")


@pytest.mark.parametrize(
    "damage", [truncated, garbage, emptied, another_layout, wrong_values, a_folder, a_file_for_its_folder]
)
def test_a_damaged_cache_changes_no_verdict(damage: Callable[[Path], None], settled: Repo) -> None:
    """Neither where nothing changed nor where something breaks."""
    for edit in (("", ""), BREAK):
        if edit[0]:
            settled.edit(SHOP, *edit)
        expected = told(settled.run("check"))
        damage(settled.root / CACHE)
        assert [told(settled.run("check")) for _ in range(2)] == [expected] * 2
        assert told(settled.run("check", "--full"))[:2] == expected[:2]
        shutil.rmtree(settled.root / ".fieldstone", ignore_errors=True)
        (settled.root / ".fieldstone").unlink(missing_ok=True)


def limit_files() -> None:
    """As on a full disk: no file may grow beyond a page."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def test_a_full_disk(grown: Repo) -> None:
    grown.edit(SHOP, "string note = 4;", "string note = 4;\n  string more = 5;")
    command = [str(Path(sys.executable).with_name("fieldstone")), "check", "--no-witness"]
    for _ in range(2):
        done = subprocess.run(
            command,
            cwd=grown.root,
            env=grown.without_bytecode,
            preexec_fn=limit_files,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "shop: 1 type changed since 1.2.0" in done.stderr
    assert grown.run("check").code == 0


def test_several_checks_at_once(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    running = [grown.start("check", "--no-witness") for _ in range(4)]
    said = {(*process.communicate(), process.returncode) for process in running}
    assert len(said) == 1
    assert next(iter(said))[2] == 1


def test_a_cache_that_another_process_writes_is_done_without(settled: Repo) -> None:
    import sqlite3

    cache = settled.root / CACHE
    inode = cache.stat().st_ino
    settled.edit(SHOP, *BREAK)
    expected = told(settled.run("check", "--full"))
    with sqlite3.connect(cache) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        assert told(settled.run("check")) == expected
        writer.rollback()
    writer.close()
    assert cache.stat().st_ino == inode


def test_an_edit_that_keeps_size_and_time(settled: Repo) -> None:
    path = settled.root / SHOP
    stat = path.stat()
    settled.edit(SHOP, "string note = 4;", "string toon = 4;")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert "field-renamed" in settled.run("check").out


def test_a_clock_that_went_back(grown: Repo) -> None:
    path = grown.root / SHOP
    future = time.time() + 1000
    os.utime(path, (future, future))
    assert grown.run("check").code == 0
    grown.edit(SHOP, "string note = 4;", "string toon = 4;")
    os.utime(path, (future, future))
    assert "field-renamed" in grown.run("check").out


def test_a_released_file_edited_in_place(settled: Repo) -> None:
    path = settled.root / "registry/shop/1.0.0/ledger.json"
    stat = path.stat()
    path.write_bytes(path.read_bytes().replace(b"1.0.0", b"9.0.0"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert "registry-file-changed" in settled.run("check").out


def test_a_cache_from_another_checkout(settled: Repo, tmp_path: Path) -> None:
    shutil.copytree(settled.root, tmp_path / "copy")
    copy = Repo(tmp_path / "copy", settled.environment, settled.capsys)
    copy.edit(MONEY, "int64 units = 2;", "int32 units = 2;")
    assert "field-type-changed" in copy.run("check").out
    assert settled.run("check").code == 0


def test_a_path_that_is_no_text(grown: Repo, tmp_path: Path) -> None:
    root = tmp_path / os.fsdecode(b"\xff\xfe")
    shutil.copytree(grown.root, root)
    odd = Repo(root, grown.environment, grown.capsys)
    assert [told(odd.run("check")) for _ in range(2)] == [told(grown.run("check"))] * 2
    odd.edit(SHOP, *BREAK)
    assert told(odd.run("check")) == told(odd.run("check", "--full"))


def test_it_is_shown_cleared_and_no_part_of_the_repository(settled: Repo) -> None:
    assert settled.git("status", "--porcelain") == ""
    shown = settled.run("cache", "info")
    assert shown.out.startswith(".fieldstone:\n  compilers ")
    assert settled.run("cache", "clear").err.startswith(".fieldstone: 0.")
    assert settled.run("cache", "info").out == ".fieldstone:\n"
    assert settled.run("cache", "clear").err == ".fieldstone: 0.0 MB freed.\n"
    assert settled.run("check").code == 0


def indexed(repo: Repo) -> set[str]:
    """The tables of compiled files, of which each release that was indexed has one."""
    with closing(sqlite3.connect(repo.root / CACHE)) as cache:
        found = cache.execute("SELECT DISTINCT tab FROM entries WHERE tab LIKE 'image files%'")
        return {table for (table,) in found}


@pytest.mark.parametrize("arguments", [(), ("--cache",)], ids=["by the next check", "by the release"])
def test_indexes_of_older_releases_are_dropped(arguments: tuple[str, ...], large: Repo) -> None:
    def edited(number: int) -> None:
        large.edit(many(number), "  string id = 1;", "  string id = 1;\n  string more = 7;")
        assert large.run("check").code == 0

    edited(20)
    before = indexed(large)
    assert len(before) == 1
    large.release("schemas", *arguments)
    edited(21)
    assert len(indexed(large)) == 1
    assert indexed(large) != before
