"""`fieldstone index build`: a folder that only grows, and is never half of anything."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from fieldstone.installing import with_extra
from tests.cli.workspace import Repo
from tests.packaging.index.makers import recorded, sdist, tarball, wheel, wheel_files, zipped

WHEEL = "acme_money-{}-py3-none-any.whl"
URL = "https://packages.example.com/index"
BUILD = ("index", "build", "dist", "--out", "public")


@pytest.fixture
def built(here: Repo) -> Repo:
    """An index with a wheel and an npm package in the folder `public`; `dist` is empty again."""
    here.write(f"dist/{WHEEL.format('1.0.0')}", wheel())
    here.write("dist/acme-hello-1.0.0.tgz", tarball())
    ran = here.run(*BUILD, "--url", URL)
    assert ran.code == 0, ran
    for path in (here.root / "dist").iterdir():
        path.unlink()
    return here


def _refused(built: Repo, *arguments: str) -> str:
    """The one line of a build that changes nothing."""
    before = built.snapshot("public")
    error = built.run(*BUILD, *arguments).error
    assert built.snapshot("public") == before
    return error


def test_what_is_built(built: Repo) -> None:
    assert sorted(built.snapshot("public")) == [
        "fieldstone-index.json",
        "files/acme_money-1.0.0-py3-none-any.whl",
        "files/acme_money-1.0.0-py3-none-any.whl.metadata",
        "npm/-/@acme/hello/hello-1.0.0.tgz",
        "npm/@acme/hello",
        "simple/acme-money/index.html",
        "simple/acme-money/index.json",
        "simple/index.html",
        "simple/index.json",
    ]
    found = json.loads(built.read("public/npm/@acme/hello"))
    assert found["versions"]["1.0.0"]["dist"]["tarball"] == f"{URL}/npm/-/@acme/hello/hello-1.0.0.tgz"
    modes = {path.stat().st_mode & 0o777 for path in (built.root / "public").rglob("*") if path.is_file()}
    assert modes == {0o666 & ~_umask()}


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_it_grows_and_says_what_came(built: Repo) -> None:
    built.write(f"dist/{WHEEL.format('1.1.0')}", wheel("1.1.0"))
    built.write("more/acme_money-1.1.0.tar.gz", sdist("1.1.0"))
    ran = built.run("index", "build", "dist", "more", "--out", "public", "--url", URL)
    assert ran.code == 0
    assert ran.out == (
        f"acme-money 1.1.0  files/{WHEEL.format('1.1.0')}\nacme-money 1.1.0  files/acme_money-1.1.0.tar.gz\n"
    )
    assert ran.err == "public: 2 added to 2, 6 files written.\n"
    page = json.loads(built.read("public/simple/acme-money/index.json"))
    assert page["versions"] == ["1.0.0", "1.1.0"]
    again = built.run(*BUILD, "--url", URL)
    assert (again.code, again.out, again.err) == (0, "", "public: 0 added to 4, 0 files written.\n")


def test_the_same_packages_make_the_same_bytes(built: Repo) -> None:
    built.write(f"dist/{WHEEL.format('1.0.0')}", wheel())
    built.write("dist/acme-hello-1.0.0.tgz", tarball())
    assert built.run("index", "build", "dist", "--out", "other", "--url", f"{URL}/").code == 0
    assert built.snapshot("other") == built.snapshot("public")


def test_what_is_published_never_changes(built: Repo) -> None:
    name = WHEEL.format("1.0.0")
    built.write(f"dist/{name}", wheel(body="X = 2\n"))
    assert _refused(built, "--url", URL) == (
        f"error: dist/{name}: acme-money 1.0.0 is already published with another content, as public/files/{name}; "
        "what was published never changes: build it as 1.0.0.post1"
    )
    (built.root / f"dist/{name}").unlink()
    built.write("dist/acme-hello-1.0.0.tgz", tarball(body="2\n"))
    assert "@acme/hello 1.0.0 is already published with another content" in (error := _refused(built, "--url", URL))
    assert error.endswith("build it as 1.0.1")


@pytest.mark.parametrize(
    ("version", "then"), [("1.0.post1", "1.0.post2"), ("1!2.0rc1", "1!2.0rc1.post1"), ("1.0+local", "1.0.post1")]
)
def test_the_post_number_that_follows(here: Repo, version: str, then: str) -> None:
    for folder in ("one", "two"):
        here.write(f"{folder}/{WHEEL.format(version)}", wheel(version, body=f"{folder} = 1\n"))
    error = here.run("index", "build", "one", "two", "--out", "public").error
    assert error.endswith(f", with different contents; keep one of them, or build one as {then}")
    assert not (here.root / "public").exists()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((WHEEL.format("1.0.0"), wheel()), (WHEEL.format("1.0.0"), wheel(body="X = 2\n"))),
        (
            (WHEEL.format("1.0.0"), wheel()),
            (
                "Acme.Money-1.0.0-py3-none-any.whl",
                zipped(recorded(wheel_files("Acme.Money", "1.0.0"), "Acme.Money-1.0.0.dist-info")),
            ),
        ),
        (("acme_money-1.0.0.tar.gz", sdist()), ("acme_money-1.0.0.tar.gz", sdist(body="X = 2\n"))),
        (("acme_money-1.0.0.tar.gz", sdist()), ("acme_money-1.0.tar.gz", sdist("1.0"))),
        (("acme-hello-1.0.0.tgz", tarball()), ("other.tgz", tarball(body="2\n"))),
        (("acme-hello-1.0.0.tgz", tarball()), ("acme-hello-1.0.0+2.tgz", tarball(version="1.0.0+2"))),
    ],
    ids=["wheel", "spelling", "sdist", "length", "npm", "npm build"],
)
def test_two_packages_of_one_name(here: Repo, first: tuple[str, bytes], second: tuple[str, bytes]) -> None:
    for folder, (name, content) in (("one", first), ("two", second)):
        here.write(f"{folder}/{name}", content)
    for command in (("build", "one", "two", "--out", "public", "--url", URL), ("serve", "one", "two")):
        error = here.run("index", *command).error
        assert error.startswith(f"error: one/{first[0]} and two/{second[0]} are both ")
    assert not (here.root / "public").exists()
    here.write(f"three/{first[0]}", first[1])
    assert here.run("index", "build", "one", "three", "--out", "public", "--url", URL).err.startswith("public: 1 added")


def test_wheels_for_two_systems_stand_side_by_side(here: Repo) -> None:
    for body, tag in (("X = 1\n", "cp311-cp311-linux_x86_64"), ("X = 2\n", "cp311-cp311-win_amd64")):
        here.write(f"dist/acme_money-1.0.0-{tag}.whl", wheel(body=body))
    assert here.run(*BUILD).err == "public: 2 added to 0, 9 files written.\n"


def test_latest_is_no_prerelease_unless_there_are_only_those(here: Repo) -> None:
    for version in ("1.9.0", "1.10.0", "2.0.0-rc.1"):
        here.write(f"dist/acme-hello-{version}.tgz", tarball(version=version))
    for version in ("0.1.0-alpha.2", "0.1.0-alpha.10"):
        here.write(f"dist/world-{version}.tgz", tarball("world", version))
    assert here.run(*BUILD, "--url", URL).code == 0
    assert json.loads(here.read("public/npm/@acme/hello"))["dist-tags"] == {"latest": "1.10.0"}
    assert json.loads(here.read("public/npm/world"))["dist-tags"] == {"latest": "0.1.0-alpha.10"}


def test_npm_needs_the_address(here: Repo) -> None:
    here.write("dist/acme-hello-1.0.0.tgz", tarball())
    ran = here.run(*BUILD)
    assert ran.error.startswith(
        "error: npm needs the address at which public will be served: dist/acme-hello-1.0.0.tgz"
    )
    assert "--url" in ran.error
    for url in (
        "packages.example.com",
        "ftp://x",
        "https://",
        "https://u:p@x",
        "https://x?y",
        "https://x:y",
        "http://[",
    ):
        assert "is no address to serve an index at" in here.run(*BUILD, "--url", url).error
    assert not (here.root / "public").exists()


@pytest.mark.parametrize("path", ["notes.txt", "files/other.bin", "simple/index.htm", "npm/@acme/other", "-/x"])
def test_a_file_of_somebody_else(built: Repo, path: str) -> None:
    built.write(f"public/{path}", "mine")
    built.write(f"dist/{WHEEL.format('1.1.0')}", wheel("1.1.0"))
    said = f"error: public/{path} was not written by `fieldstone index build`; move it away, or use another --out"
    assert _refused(built, "--url", URL) == said


def test_hidden_files_of_a_web_server_may_stay(built: Repo) -> None:
    built.write("public/.nojekyll", "")
    built.write("public/.git/HEAD", "ref")
    built.write(f"dist/{WHEEL.format('1.1.0')}", wheel("1.1.0"))
    assert built.run(*BUILD, "--url", URL).code == 0
    assert built.read("public/.git/HEAD") == "ref"


def test_a_folder_that_was_never_an_index(here: Repo) -> None:
    here.write(f"dist/{WHEEL.format('1.0.0')}", wheel())
    here.write("public/simple/index.html", "<p>mine</p>")
    assert _refused(here).startswith("error: public/simple/index.html was not written by")
    assert here.run("index", "build", "dist", "--out", "dist").error.startswith(
        f"error: dist/{WHEEL.format('1.0.0')} was"
    )
    assert here.run("index", "build", "dist", "--out", "buf.yaml/x").code == 0
    here.write("file", "")
    assert here.run("index", "build", "dist", "--out", "file").error.startswith("error: file is a file, not a folder")
    below = here.run("index", "build", "dist", "--out", "file/below").error
    assert below == "error: cannot write file/below: Not a directory; nothing was published"


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        (f"files/{WHEEL.format('1.0.0')}", b"other", "is not what was published; what was published never changes"),
        (f"files/{WHEEL.format('1.0.0')}", None, "is missing; what was published never changes: restore it"),
        ("npm/-/@acme/hello/hello-1.0.0.tgz", None, "is missing; "),
        ("fieldstone-index.json", b"{", "is damaged: "),
        ("fieldstone-index.json", b"{}", "is damaged: "),
        (
            "fieldstone-index.json",
            b'{"packages": {}, "pages": ["../dist"]}',
            "is damaged: ../dist leads out of it",
        ),
        ("fieldstone-index.json", None, "was not written by `fieldstone index build`"),
    ],
)
def test_an_index_that_was_tampered_with(built: Repo, path: str, content: bytes | None, said: str) -> None:
    target = built.root / "public" / path
    target.unlink()
    if content is not None:
        target.write_bytes(content)
    built.write(f"dist/{WHEEL.format('1.1.0')}", wheel("1.1.0"))
    assert said in _refused(built, "--url", URL)


def test_a_page_that_was_lost_or_edited_is_written_again(built: Repo) -> None:
    before = built.snapshot("public")
    (built.root / "public/simple/acme-money/index.html").unlink()
    built.write("public/simple/index.json", "{}")
    built.write("dist/acme-hello-1.0.0.tgz", tarball())
    assert built.run(*BUILD, "--url", URL).err == "public: 0 added to 2, 2 files written.\n"
    assert built.snapshot("public") == before


DYING = """
import os, pathlib, sys
left, replace = int(sys.argv.pop(1)), pathlib.Path.replace
def replace_until_killed(path, target):
    global left
    left -= 1
    return replace(path, target) if left >= 0 else os._exit(9)
pathlib.Path.replace = replace_until_killed
from fieldstone.cli import main
main()
"""
"""The command, which ends as if it were killed after it has replaced so many files."""


def test_builds_that_are_killed_leave_an_index_that_the_next_takes_on(here: Repo) -> None:
    page, codes = here.root / "public/simple/acme-money/index.html", []
    for number in range(12):
        here.write(f"{number}/{WHEEL.format(f'1.{number}.0')}", wheel(f"1.{number}.0"))
        command = [sys.executable, "-c", DYING, str(number), "index", "build", str(number), "--out", "public"]
        done = subprocess.run(command, cwd=here.root, env=dict(here.environment), capture_output=True, check=False)
        codes.append(done.returncode)
        names = re.findall(r">(acme_money[^<]*)<", page.read_text()) if page.exists() else []
        assert all((here.root / "public/files" / name).is_file() for name in names)
    assert (codes[:6], set(codes)) == ([9] * 6, {0, 9})
    everything = [str(number) for number in range(12)]
    assert here.run("index", "build", *everything, "--out", "public").code == 0
    assert here.run("index", "build", *everything, "--out", "other").code == 0
    assert here.snapshot("public") == here.snapshot("other")


def test_what_arrived_before_a_build_was_killed_is_kept(here: Repo) -> None:
    for version in ("1.0.0", "1.1.0"):
        here.write(f"dist/{WHEEL.format(version)}", wheel(version))
    assert here.run(*BUILD).code == 0
    public = here.root / "public"
    public.joinpath("fieldstone-index.json").rename(public / ".fieldstone-index.json")
    public.joinpath(f"files/{WHEEL.format('1.1.0')}").unlink()
    here.write(f"more/{WHEEL.format('1.2.0')}", wheel("1.2.0"))
    ran = here.run("index", "build", "more", "--out", "public")
    assert (ran.code, ran.err) == (0, "public: 1 added to 1, 5 files written.\n")
    assert json.loads(here.read("public/simple/acme-money/index.json"))["versions"] == ["1.0.0", "1.2.0"]
    assert not public.joinpath(".fieldstone-index.json").exists()
    assert here.run("index", "build", "more", "--out", "public").err == "public: 0 added to 2, 0 files written.\n"


@pytest.mark.parametrize("first", [True, False], ids=["the first build", "a later build"])
def test_a_full_disk_leaves_what_was_there(here: Repo, first: bool) -> None:  # noqa: FBT001
    here.write(f"dist/{WHEEL.format('1.0.0')}", wheel())
    if not first:
        assert here.run(*BUILD).code == 0
    before = here.snapshot("public")
    here.write("more/acme_money-1.1.0.tar.gz", sdist("1.1.0", body=os.urandom(20_000).hex()))
    done = subprocess.run(
        [Path(sys.executable).with_name("fieldstone"), "index", "build", "dist", "more", "--out", "public"],
        cwd=here.root,
        env=here.without_bytecode,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000)),
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("error: cannot write ")
    assert done.stderr.endswith("File too large; nothing was published\n")
    assert here.snapshot("public") == before
    assert (here.root / "public").exists() is not first


def test_a_folder_in_the_place_of_a_file(built: Repo) -> None:
    built.write(f"dist/{WHEEL.format('1.1.0')}", wheel("1.1.0"))
    (built.root / f"public/files/{WHEEL.format('1.1.0')}").mkdir()
    assert "Is a directory" in _refused(built, "--url", URL)


def test_whoever_reads_while_it_grows_finds_every_file_that_a_page_names(here: Repo) -> None:
    for number in range(40):
        folder = "dist" if number else "first"
        here.write(f"{folder}/{WHEEL.format(f'1.{number}.0')}", wheel(f"1.{number}.0"))
    assert here.run("index", "build", "first", "--out", "public").code == 0
    page, seen = here.root / "public/simple/acme-money/index.html", set()
    growing = here.start(*BUILD)
    while growing.poll() is None:
        names = re.findall(r">(acme_money[^<]*)<", page.read_text())
        seen.add(len(names))
        assert all((here.root / "public/files" / name).is_file() for name in names)
    assert growing.communicate()[0].count("\n") == 39
    assert seen <= {1, 40}


def test_two_builds_at_once_both_count(here: Repo) -> None:
    for number in range(6):
        here.write(f"{number}/{WHEEL.format(f'1.{number}.0')}", wheel(f"1.{number}.0"))
    growing = [here.start("index", "build", str(number), "--out", "public") for number in range(6)]
    for process in growing:
        _, err = process.communicate()
        assert process.returncode == 0, err
    page = json.loads(here.read("public/simple/acme-money/index.json"))
    assert page["versions"] == [f"1.{number}.0" for number in range(6)]


@pytest.mark.parametrize(
    ("module", "command"),
    [("packaging", BUILD), ("packaging", ("index", "serve", "dist")), ("starlette", ("index", "serve", "dist"))],
)
def test_without_the_extra(here: Repo, monkeypatch: pytest.MonkeyPatch, module: str, command: tuple[str, ...]) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    ran = here.run(*command)
    assert ran.error.startswith(f"error: an index takes {module}, which ")
    assert ran.error.endswith(f"install it: `{with_extra('serve')}`")
