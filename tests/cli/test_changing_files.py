"""Files that change while a check reads them: it may say what it likes, and nothing wrong is remembered."""

from __future__ import annotations

import gzip
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from fieldstone.cache.digests import Digests
from fieldstone.registry import manifest
from fieldstone.registry.folder import FolderRegistry
from fieldstone.registry.release import Release
from tests.cli.workspace import Ran, Repo, many

OLD = "registry/schemas/0.1.0"
NEWEST = "registry/schemas/1.0.0"
RUNS = int(os.environ.get("FIELDSTONE_RUNS", "3"))
"""How often a file is checked while it is written; `make fuzz` sets 50."""


def told(ran: Ran) -> tuple[int, str, str]:
    return ran.code, ran.out, ran.err


def assert_same(repo: Repo) -> Ran:
    ran = repo.run("check")
    assert told(repo.run("check", "--full")) == told(ran)
    return ran


@contextmanager
def rewritten(path: Path, *texts: str) -> Iterator[None]:
    """A file that somebody writes over and over again, each time in two parts."""
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            for text in texts:
                with path.open("w") as file:
                    file.write(text[: len(text) // 2])
                    file.flush()
                    time.sleep(0.001)
                    file.write(text[len(text) // 2 :])
                time.sleep(0.002)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()


@pytest.mark.parametrize("number", [0, 20], ids=["imported", "imported by none"])
def test_a_source_that_is_being_written(number: int, large: Repo) -> None:
    path = large.root / many(number)
    good = path.read_text()
    broken = good.replace("string id = 1;", "int32 id = 1;")
    importing = good.replace("package acme.many.v1;", 'package acme.many.v1;\n\nimport "acme/many/v1/f9.proto";')
    with rewritten(path, good, broken, importing):
        for _ in range(RUNS):
            ran = large.spawn("check", "--no-witness")
            assert ran.code in {0, 1} or "error[compile-error]" in ran.out or ran.error
    for text, code in ((broken, 1), (good, 0), (importing, 0), (broken, 1)):
        path.write_text(text)
        assert assert_same(large).code == code


def test_what_a_source_imports_is_not_that_of_another_moment(grown: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the digest was of, and what was read for the imports, were two contents."""
    real = Digests.imports
    path = grown.root / "schemas/shop/acme/shop/v1/shop.proto"
    good = path.read_text()

    def imports(digests: Digests, folder: str, files: Mapping[str, str]) -> dict[str, list[str]]:
        digests.of(folder, files)
        path.write_text('syntax = "proto3";\n\npackage acme.shop.v1;\n')
        return real(digests, folder, files)

    with monkeypatch.context() as patch:
        patch.setattr(Digests, "imports", imports)
        grown.run("check", "--full")
    path.write_text(good)
    assert "unchanged since 1.2.0" in grown.run("check", "--full").err


@pytest.mark.parametrize("is_known", [False, True], ids=["no cache", "cache"])
def test_an_image_that_changes_once_it_was_found_intact(
    is_known: bool,  # noqa: FBT001
    large: Repo,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As by another checkout, just then."""
    large.edit(many(0), '  reserved 9;\n  reserved "old";\n', "  bytes young = 9;\n")
    if is_known:
        assert large.run("check").code == 1
    other = gzip.decompress((large.root / OLD / "image.binpb.gz").read_bytes())
    real = FolderRegistry.local

    def intact(registry: FolderRegistry, release: Release, path: str) -> Path:
        found = real(registry, release, path)
        found.write_bytes(other)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(FolderRegistry, "local", intact)
        assert " changed while it was read" in large.run("check").error
    assert "field-number-reused" in assert_same(large).out


def test_a_ledger_that_changes_while_it_is_checked(large: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read once, and judged as it was read or not at all."""
    large.edit(many(0), '  reserved 9;\n  reserved "old";\n', "  bytes young = 9;\n")
    good, other = (large.root / folder / "ledger.json" for folder in (NEWEST, OLD))
    content = good.read_bytes()
    real = FolderRegistry.read

    def read(registry: FolderRegistry, release: Release, path: str) -> bytes:
        if path == good.name:
            good.write_bytes(other.read_bytes())
        return real(registry, release, path)

    with monkeypatch.context() as patch:
        patch.setattr(FolderRegistry, "read", read)
        assert "ledger.json is not what was released" in large.run("check").error
    good.write_bytes(content)
    assert "field-number-reused" in assert_same(large).out


def test_a_manifest_that_changes_once_it_was_read(large: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    path = large.root / NEWEST / "release.toml"
    content = path.read_bytes()
    real = manifest.from_toml

    def from_toml(text: str, *, where: str) -> Release:
        found = real(text, where=where)
        path.write_bytes(content.replace(b"major", b"minor"))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(manifest, "from_toml", from_toml)
        assert "release.toml does not match its seal" in large.run("check").out
    path.write_bytes(content)
    assert assert_same(large).code == 0
