"""What is no sound package is refused by both commands, in one line that names it, and nothing is written."""

from __future__ import annotations

import gzip
import io
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from fieldstone.packaging.index import archives
from tests.cli.workspace import Repo
from tests.packaging.index.makers import metadata, recorded, sdist, tar, tarball, tarred, wheel, wheel_files, zipped

WHEEL = "acme_money-1.0.0-py3-none-any.whl"
SDIST = "acme_money-1.0.0.tar.gz"
NPM = "acme-hello-1.0.0.tgz"
INFO = "acme_money-1.0.0.dist-info"
SOUND = recorded(wheel_files())


def _without(path: str) -> bytes:
    return zipped({name: content for name, content in SOUND.items() if name != path})


def _with(path: str, content: bytes) -> bytes:
    return zipped({**SOUND, path: content})


def _record(old: str, new: str) -> bytes:
    text = SOUND[f"{INFO}/RECORD"].decode()
    assert old in text
    return _with(f"{INFO}/RECORD", text.replace(old, new, 1).encode())


def _twice(path: str) -> bytes:
    target = io.BytesIO(zipped(SOUND))
    with zipfile.ZipFile(target, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(path, b"X = 2\n")
    return target.getvalue()


def _flipped(content: bytes, needle: bytes) -> bytes:
    assert content.count(needle) == 1
    return content.replace(needle, bytes([needle[0] ^ 1]) + needle[1:])


def _described(text: bytes) -> bytes:
    return zipped(recorded({**wheel_files(), f"{INFO}/METADATA": text}))


WHEELS = {
    "empty": (b"", "is no whole zip archive"),
    "no zip": (b"PK, but no zip", "is no whole zip archive"),
    "the end is missing": (wheel()[:-30], "is no whole zip archive"),
    "the start is missing": (wheel()[200:], "is no whole zip archive"),
    "damaged": (_flipped(wheel(), b"X = 1\n"), "is no whole zip archive: Bad CRC-32"),
    "wrong digest": (
        _with("acme_money/__init__.py", b"X = 2\n"),
        "holds acme_money/__init__.py with the wrong digest: ",
    ),
    "wrong size": (_record(",6\n", ",7\n"), "holds acme_money/__init__.py with 6 bytes, and its RECORD says 7"),
    "no size": (_record(",6\n", ",\n"), "holds acme_money/__init__.py with 6 bytes, and its RECORD says nothing"),
    "weak digest": (_record("sha256=", "md5="), "has no sha256 of acme_money/__init__.py in its RECORD"),
    "unlisted": (_with("acme_money/evil.py", b""), "holds acme_money/evil.py, which its RECORD does not list"),
    "left out": (_without("acme_money/__init__.py"), "has no acme_money/__init__.py, which its RECORD lists"),
    "no record": (_without(f"{INFO}/RECORD"), f"has no {INFO}/RECORD"),
    "record of two columns": (_record(",6\n", "\n"), f"has a {INFO}/RECORD that cannot be read"),
    "binary record": (_with(f"{INFO}/RECORD", b"\xff\xfe"), f"has a {INFO}/RECORD that cannot be read"),
    "no metadata": (_without(f"{INFO}/METADATA"), f"has no {INFO}/METADATA"),
    "metadata without a name": (_described(b"Metadata-Version: 2.4\nVersion: 1.0.0\n"), "has no valid metadata in"),
    "metadata with a bad version": (_described(metadata("acme-money", "one")), "'one' is invalid"),
    "another name": (_described(metadata("other", "1.0.0")), f"{INFO}/METADATA says other 1.0.0"),
    "another version": (_described(metadata("acme-money", "1.0.1")), f"{INFO}/METADATA says acme-money 1.0.1"),
    "another folder": (wheel("1.0.1"), "is named acme-money 1.0.0, and holds acme_money-1.0.1.dist-info"),
    "a folder without a version": (zipped({"acme_money.dist-info/METADATA": b""}), "holds acme_money.dist-info"),
    "two folders": (_with("other-1.dist-info/METADATA", b""), "and a wheel has one .dist-info folder"),
    "no folder": (zipped({"acme_money.py": b""}), "has no .dist-info folder, and"),
    "leads out": (_with("../evil.py", b""), "holds a path that leads out of it: ../evil.py"),
    "absolute": (_with("/etc/evil.py", b""), "holds a path that leads out of it: /etc/evil.py"),
    "twice": (_twice("acme_money/__init__.py"), "holds acme_money/__init__.py twice"),
}
SDISTS = {
    "empty": (b"", "is no whole .tar.gz archive"),
    "no gzip": (b"no gzip", "is no whole .tar.gz archive"),
    "the end is missing": (sdist()[:-20], "is no whole .tar.gz archive"),
    "damaged": (sdist()[:-8] + bytes(8), "is no whole .tar.gz archive: CRC check failed"),
    "the end of the tar is missing": (gzip.compress(tar({"acme_money-1.0.0/PKG-INFO": b""})[:512]), "end of the tar"),
    "no tar": (gzip.compress(b"no tar" * 1000), "is no whole .tar.gz archive"),
    "nothing": (tarred({}), "holds nothing, and not one folder"),
    "two folders": (tarred({"a/PKG-INFO": b"", "b/PKG-INFO": b""}), "holds a, b, and not one folder"),
    "no metadata": (tarred({"acme_money-1.0.0/setup.py": b""}), "has no acme_money-1.0.0/PKG-INFO"),
    "another version": (
        sdist("1.0.1"),
        "is named acme-money 1.0.0, and acme_money-1.0.1/PKG-INFO says acme-money 1.0.1",
    ),
    "leads out": (tarred({"../PKG-INFO": b""}), "holds a path that leads out of it: ../PKG-INFO"),
}
TARBALLS = {
    "no gzip": (b"{}", "is no whole .tar.gz archive"),
    "cut short": (tarball()[:-20], "is no whole .tar.gz archive"),
    "no manifest": (tarred({"package/index.js": b""}), "has no package/package.json: `npm pack` writes one"),
    "no json": (tarred({"package/package.json": b"{"}), "has a package.json that is no JSON"),
    "no object": (tarred({"package/package.json": b"[]"}), "has a package.json that is no object"),
    "no name": (tarball(None), "has no valid name in its package.json: null"),
    "capitals": (tarball("@Acme/hello"), 'has no valid name in its package.json: "@Acme/hello"'),
    "leads out by its name": (tarball("@acme/../x"), "has no valid name in its package.json"),
    "a name of our own": (tarball("-"), "has no valid name in its package.json"),
    "a long name": (tarball("a" * 215), "has no valid name in its package.json"),
    "no version": (tarball(version=None), "has no valid version in its package.json: null"),
    "no semver": (tarball(version="1.0"), 'has no valid version in its package.json: "1.0"'),
    "another version": (tarball(version="1.0.1"), "its file name must be acme-hello-1.0.1.tgz"),
}
CASES = [
    pytest.param(name, content, said, id=f"{name.rpartition('.')[2]} {case}")
    for name, cases in ((WHEEL, WHEELS), (SDIST, SDISTS), (NPM, TARBALLS))
    for case, (content, said) in cases.items()
]


@pytest.mark.parametrize(("name", "content", "said"), CASES)
def test_it_is_refused(here: Repo, name: str, content: bytes, said: str) -> None:
    here.write(f"dist/{name}", content)
    for command in (("build", "dist", "--out", "public", "--url", "http://x"), ("serve", "dist")):
        ran = here.run("index", *command)
        assert ran.error.startswith(f"error: dist/{name} ")
        assert said in ran.error
    assert not (here.root / "public").exists()


@pytest.mark.parametrize("name", ["acme.whl", "acme_money-one-py3-none-any.whl", "acme.tar.gz", "acme-1_0-x.tar.gz"])
def test_a_name_that_says_nothing(here: Repo, name: str) -> None:
    here.write(f"dist/{name}", wheel() if name.endswith("whl") else sdist())
    kind = "a wheel" if name.endswith("whl") else "an sdist"
    assert f"dist/{name} has no name of {kind}" in here.run("index", "build", "dist", "--out", "public").error
    assert not (here.root / "public").exists()


def test_a_digest_better_than_sha256_counts(here: Repo) -> None:
    import hashlib

    digest = urlsafe_b64encode(hashlib.sha512(b"X = 1\n").digest()).decode().rstrip("=")
    row = SOUND[f"{INFO}/RECORD"].decode().splitlines()[0]
    here.write(f"dist/{WHEEL}", _record(row, f"acme_money/__init__.py,sha512={digest},6"))
    assert here.run("index", "build", "dist", "--out", "public").code == 0


def test_one_bad_package_among_good_ones_stops_all(here: Repo) -> None:
    here.write("dist/acme_money-0.9.0-py3-none-any.whl", wheel("0.9.0"))
    here.write(f"dist/{WHEEL}", _without(f"{INFO}/RECORD"))
    assert WHEEL in here.run("index", "build", "dist", "--out", "public").error
    assert not (here.root / "public").exists()


def test_what_unpacks_without_end(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "LARGEST", 1 << 20)
    zeros = bytes((1 << 20) + 1)
    for name, content in ((WHEEL, _with("zeros", zeros)), (SDIST, tarred({"acme_money-1.0.0/zeros": zeros}))):
        here.write(f"{name}.d/{name}", content)
        assert f"{name} unpacks to more than 1 MiB" in here.run("index", "serve", f"{name}.d").error


def test_a_file_that_is_no_package(here: Repo) -> None:
    here.write(f"dist/{WHEEL}", wheel())
    here.write("dist/.gitignore", "*\n")
    here.write("dist/java/pom.xml", "<project/>\n")
    assert here.run("index", "build", "dist", "--out", "public").code == 0
    here.write("dist/notes.txt", "")
    for command in (("build", "dist", "--out", "public"), ("serve", "dist")):
        ran = here.run("index", *command)
        assert ran.error.startswith(
            "error: dist/notes.txt is no package: an index carries .whl, .tar.gz and .tgz files;"
        )
        assert ran.error.endswith("; move it out of the folder")


def test_folders_without_packages(here: Repo) -> None:
    ran = here.run("index", "build", "dist", "--out", "public")
    assert ran.error.startswith("error: cannot read the folder of packages dist: No such file or directory; ")
    (here.root / "dist").mkdir()
    assert here.run("index", "serve", "dist").error.startswith("error: no package in dist; ")
    here.write("file.whl", wheel())
    ran = here.run("index", "serve", "file.whl")
    assert ran.error.startswith("error: cannot read the folder of packages file.whl: Not a directory; ")
    (here.root / f"dist/{WHEEL}").symlink_to(Path("nowhere"))
    assert here.run("index", "serve", "dist").error == f"error: cannot read dist/{WHEEL}: No such file or directory"
