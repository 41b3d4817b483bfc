"""Layouts of releases: what layout 2 stores, older ones beside it, and what a hostile release of it says."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from fieldstone.checking.baseline import ledger_of
from fieldstone.checking.drafting import written_ledger
from fieldstone.compatibility.ledger import Ledger
from fieldstone.errors import Damaged, FieldstoneError, Invalid
from fieldstone.registry.folder import FolderRegistry
from fieldstone.registry.manifest import from_toml, seal_of, to_toml
from fieldstone.registry.memory import MemoryRegistry
from fieldstone.registry.release import Link, Release
from fieldstone.schema.digest import file_digest, manifest
from tests.registry.contract import FILES, FIRST

NEW = {"image.binpb": b"new image" * 50, "ledger.json": b'{"a.B": null}', "schemas/a/c.proto": b"new"}
"""The own files of a release of layout 2."""


def second(first: Release) -> Release:
    """A release of layout 2 on top of one of layout 1, which has one of its sources and the older ledger."""
    return replace(
        FIRST,
        version="1.1.0",
        bump="minor",
        previous=first.link,
        layout=2,
        files={**manifest(NEW), "schemas/a/b.proto": FIRST.files["schemas/a/b.proto"]},
        stored={"schemas/a/b.proto": "1.0.0"},
        ledgers=(Link("shop", "1.0.0", FIRST.files["ledger.json"]),),
    )


@pytest.fixture
def registry(tmp_path: Path) -> FolderRegistry:
    """A release of layout 1, and one of layout 2 on top of it."""
    found = FolderRegistry(tmp_path / "registry")
    found.add(FIRST, FILES)
    found.add(second(found.release("shop", "1.0.0")), NEW)
    return found


def test_layouts_beside_each_other(registry: FolderRegistry) -> None:
    found = FolderRegistry(registry.root)
    made = found.release("shop", "1.1.0")
    assert made == replace(second(found.release("shop", "1.0.0")), seal=made.seal)
    folder = registry.root / "shop/1.1.0"
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert files == ["image.binpb.gz", "ledger.json", "release.toml", "schemas/a/c.proto"]
    assert gzip.decompress((folder / "image.binpb.gz").read_bytes()) == NEW["image.binpb"]
    for path, content in {**NEW, "schemas/a/b.proto": b"syntax"}.items():
        assert found.read(made, path) == content
        assert found.local(made, path).read_bytes() == content
    assert found.place(made, "schemas/a/b.proto") == str(registry.root / "shop/1.0.0/schemas/a/b.proto")
    assert [part.version for part in made.parts()] == ["1.0.0", "1.1.0"]
    assert [*found.defects("shop")] == []
    assert (registry.root / "shop/1.0.0/image.binpb").read_bytes() == b"image"  # never rewritten

    memory = MemoryRegistry("memory:layouts", {})
    for release in found.releases("shop"):  # copied between backends
        memory.add(release, {path: found.read(release, path) for path in release.own_files})
    assert [release.seal for release in memory.releases("shop")] == [r.seal for r in found.releases("shop")]
    assert memory.read(made, "schemas/a/b.proto") == b"syntax"
    assert [*memory.defects("shop")] == []


def test_another_compressor_makes_no_difference_and_other_content_does(registry: FolderRegistry) -> None:
    path = registry.root / "shop/1.1.0/image.binpb.gz"
    path.write_bytes(gzip.compress(NEW["image.binpb"], compresslevel=1, mtime=77))
    assert [*FolderRegistry(registry.root).defects("shop")] == []
    for content in (gzip.compress(b"other"), b"", path.read_bytes()[:-5], path.read_bytes() * 2, b"\0" * 99):
        path.write_bytes(content)
        found = FolderRegistry(registry.root)
        (defect,) = found.defects("shop")
        assert (defect.kind, defect.path) == ("registry-file-changed", str(path))
        for get in (found.read, found.local):
            with pytest.raises(Damaged, match=r"image\.binpb\.gz is not what was released"):
                get(found.release("shop", "1.1.0"), "image.binpb")
    path.unlink()
    assert [d.problem for d in FolderRegistry(registry.root).defects("shop")] == ["image.binpb.gz is missing"]


def _edited(root: Path, edit: Callable[[str], str]) -> FolderRegistry:
    """The registry with another text of the newest manifest, sealed again."""
    path = root / "shop/1.1.0/release.toml"
    text = edit(path.read_text())
    path.write_text(f'seal = "{seal_of(text)}"\n{text.partition(chr(10))[2]}')
    return FolderRegistry(root)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "layout = 2",
            "layout = 3",
            "has layout 3, and this Fieldstone reads layouts 1 to 2; install a newer Fieldstone",
        ),
        ("layout = 2", 'layout = "2"', "layout is '2', which is no layout of a release"),
        ("layout = 2", "layout = true", "layout is True, which is no layout of a release"),
        (' in 1.0.0"\n"', ' in 1.1.0"\n"', "1.1.0 is no version before 1.1.0, and cannot have files of it"),
        (' in 1.0.0"\n"', ' in ../1.0.0"\n"', "../1.0.0 is not valid SemVer string"),
        (' in 1.0.0",\n]', ' in 2.0.0",\n]', "2.0.0 is no version before 1.1.0"),
        (' in 1.0.0",\n]', '",\n]', " is not valid SemVer string"),
    ],
)
def test_manifests_that_cannot_be_read(registry: FolderRegistry, old: str, new: str, said: str) -> None:
    found = _edited(registry.root, lambda text: text.replace(old, new))
    with pytest.raises(FieldstoneError) as error:
        found.release("shop", "1.1.0")
    assert said in str(error.value)
    assert isinstance(error.value, Invalid if new == "layout = 3" else Damaged)


def test_a_file_that_the_older_release_does_not_have(registry: FolderRegistry) -> None:
    digest = FIRST.files["schemas/a/b.proto"]
    other = file_digest(b"other")
    found = _edited(registry.root, lambda text: text.replace(digest, other))
    assert [d.problem for d in found.defects("shop")] == [
        "schemas/a/b.proto is stored in 1.0.0, which does not have it"
    ]
    ledger = FIRST.files["ledger.json"]
    found = _edited(registry.root, lambda text: text.replace(other, digest).replace(ledger, other))
    assert [d.problem for d in found.defects("shop")] == ["ledger.json is stored in 1.0.0, which does not have it"]
    with pytest.raises(Damaged, match="is not what was released"):
        ledger_of(found, found.release("shop", "1.1.0"))
    shutil.rmtree(registry.root / "shop/1.0.0")
    kinds = {defect.kind for defect in FolderRegistry(registry.root).defects("shop")}
    assert kinds == {"registry-chain-broken", "registry-file-missing"}


def test_layout_1_is_written_and_read_as_before(registry: FolderRegistry) -> None:
    text = (registry.root / "shop/1.0.0/release.toml").read_text()
    assert "layout" not in text
    assert to_toml(from_toml(text, where="")) == text
    strange = replace(FIRST, files={"schemas/a in b.proto": "shake256:00 in 1.0.0"})
    assert from_toml(to_toml(strange), where="").files == strange.files


def _ledger(*names: str) -> Ledger:
    types: dict[str, Any] = {
        name: {"kind": "message", "since": "1.0.0", "until": None, "members": []} for name in names
    }
    return Ledger.from_json(json.dumps(types), where="")


def test_a_ledger_is_written_whole_now_and_then() -> None:
    newest: Release | None = None
    before, count, wholes = Ledger(), 60, 0
    for number in range(count):
        after = _ledger(*(f"a.M{known:03}" for known in range(number + 1)))
        written = written_ledger(newest, before, after)
        wholes += not written.older
        assert len(json.loads(written.text)) == (1 if written.older else number + 1)
        newest = replace(
            FIRST,
            version=f"1.{number}.0",
            layout=2,
            files={"ledger.json": file_digest(written.text)},
            ledgers=written.older,
            stored={},
        )
        before = after
    assert 2 <= wholes <= count / 20
