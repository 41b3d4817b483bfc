"""The registry as a folder: written whole or not at all, read without trust."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from fieldstone.compatibility.waiver import Waiver
from fieldstone.errors import FieldstoneError
from fieldstone.registry import open_registry
from fieldstone.registry.folder import FolderRegistry
from fieldstone.registry.manifest import from_toml, seal_of, to_toml
from fieldstone.registry.release import Link
from tests.registry.contract import FILES, FIRST, Open, RegistryContract, following


class TestFolder(RegistryContract):
    """In a folder."""

    @pytest.fixture
    def anew(self, tmp_path: Path) -> Open:
        return lambda: FolderRegistry(tmp_path / "contract")


@pytest.fixture
def registry(tmp_path: Path) -> FolderRegistry:
    found = FolderRegistry(tmp_path / "registry")
    found.add(FIRST, FILES)
    return found


def test_a_folder_that_is_not_there_is_an_empty_registry(tmp_path: Path) -> None:
    found = open_registry(tmp_path / "none")
    assert (found.modules(), found.versions("shop"), list(found.defects("shop"))) == ([], [], [])
    assert not (tmp_path / "none").exists()


def test_what_was_added_is_read_again(registry: FolderRegistry) -> None:
    found = FolderRegistry(registry.root).release("shop", "1.0.0")
    assert found == replace(FIRST, seal=found.seal)
    assert registry.read(found, "schemas/a/b.proto") == b"syntax"
    assert registry.label(found) == str(registry.root / "shop/1.0.0")
    assert list(registry.defects("shop")) == []


def test_files_that_git_leaves_are_no_releases(registry: FolderRegistry) -> None:
    (registry.root / ".gitkeep").touch()
    (registry.root / "shop" / ".gitignore").touch()
    (registry.root / "empty").mkdir()
    assert FolderRegistry(registry.root).modules() == ["shop"]


def test_a_release_waits_for_the_one_that_is_being_written(registry: FolderRegistry) -> None:
    lock = os.open(registry.root, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    writer = threading.Thread(target=registry.add, args=(following(registry, "1.1.0"), FILES))
    writer.start()
    writer.join(0.2)
    assert writer.is_alive()
    assert not (registry.root / "shop/1.1.0").exists()
    os.close(lock)
    writer.join(10)
    assert (registry.root / "shop/1.1.0/release.toml").is_file()


def test_what_a_killed_release_left_is_ignored_and_cleared_away(registry: FolderRegistry) -> None:
    left = registry.root / ".incoming-killed" / "schemas"
    left.mkdir(parents=True)
    (left / "half.proto").write_text("half")
    assert FolderRegistry(registry.root).modules() == ["shop"]
    registry.add(following(registry, "1.1.0"), FILES)
    assert sorted(path.name for path in registry.root.iterdir()) == ["shop"]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """A file where a folder of the same name must be: the system refuses in the middle of the release."""
    registry = FolderRegistry(tmp_path / "registry")
    files = {"image.binpb": b"image", "schemas": b"a file", "schemas/a.proto": b"below it"}
    with pytest.raises(FieldstoneError, match=r"cannot write release 1\.0\.0 of shop below .*; nothing was released"):
        registry.add(FIRST, files)
    assert list(registry.root.iterdir()) == []


def test_a_place_that_is_taken_is_not_overwritten(registry: FolderRegistry) -> None:
    """A folder with a version's name and nothing in it is half a release: the next one does not land on it."""
    draft = following(registry, "1.1.0")
    (registry.root / "shop/1.1.0").mkdir()
    (registry.root / "shop/1.1.0/mine.txt").write_text("mine")
    with pytest.raises(FieldstoneError, match="half a release"):
        registry.add(draft, FILES)
    assert (registry.root / "shop/1.1.0/mine.txt").read_text() == "mine"
    assert sorted(path.name for path in registry.root.iterdir()) == ["shop"]


def test_others_may_read_a_release(registry: FolderRegistry) -> None:
    assert (registry.root / "shop/1.0.0").stat().st_mode & 0o755 == 0o755


def damaged(folder: Path) -> str:
    (folder / "release.toml").write_text("seal =")
    return f"{folder}/release.toml is no release manifest: "


def half(folder: Path) -> str:
    (folder / "release.toml").unlink()
    return f"half a release: {folder} has no release.toml"


def of_another_module(folder: Path) -> str:
    (folder / "release.toml").write_text(to_toml(replace(FIRST, name="store")))
    return f"{folder} holds a release of store, not of shop"


def of_another_version(folder: Path) -> str:
    (folder / "release.toml").write_text(to_toml(replace(FIRST, version="1.0.1")))
    return f"release 1.0.1 in {folder.parent} is not in a folder of that name"


def of_a_version_that_there_is(folder: Path) -> str:
    (folder / "release.toml").write_text(to_toml(replace(FIRST, version="1.1.0")))
    return f"two releases of one number in {folder.parent}: 1.0.0 is 1.1.0 too"


def stray_file(folder: Path) -> str:
    (folder / "schemas/a/more.proto").touch()
    return f"stray file in the registry: {folder}/schemas/a/more.proto is no part of shop 1.0.0"


@pytest.mark.parametrize(
    "damage", [damaged, half, of_another_module, of_another_version, of_a_version_that_there_is, stray_file]
)
def test_an_old_release_is_looked_at_when_it_is_asked_for(
    damage: Callable[[Path], str], registry: FolderRegistry
) -> None:
    registry.add(following(registry, "1.1.0"), FILES)
    said = damage(registry.root / "shop/1.0.0")
    found = FolderRegistry(registry.root)
    assert found.modules() == ["shop"]
    assert list(map(str, found.versions("shop"))) == ["1.0.0", "1.1.0"]
    assert found.release("shop", "1.1.0").version == "1.1.0"
    for look in (lambda: found.releases("shop"), lambda: list(found.defects("shop"))):
        with pytest.raises(FieldstoneError) as caught:
            look()
        assert str(caught.value).startswith(said)


def test_a_link_to_a_folder_is_not_followed(registry: FolderRegistry) -> None:
    (registry.root / "shop/1.0.0/schemas/round").symlink_to(registry.root)
    assert [release.version for release in registry.releases("shop")] == ["1.0.0"]


@pytest.mark.parametrize("path", ["shop/1.0.0/schemas/round", "shop/1.0.0/extra.proto", "shop/1.1.0", "other"])
def test_a_link_is_told(registry: FolderRegistry, path: str) -> None:
    assert [*registry.links()] == []
    (registry.root / path).symlink_to(registry.root)
    (found,) = registry.links()
    assert found.problem == f"{registry.root / path} is a symbolic link"
    assert (found.module, found.version) == (*path.split("/"), "")[:2]
    assert [*FolderRegistry(registry.root / "nowhere").links()] == []


@pytest.mark.parametrize("module", ["../registry/shop", "shop/", "./shop", ".", "shop/1.0.0"])
def test_a_path_is_no_module(module: str, registry: FolderRegistry) -> None:
    assert registry.versions(module) == []
    with pytest.raises(FieldstoneError, match=f"no release 1\\.0\\.0 of {module} in "):
        registry.release(module, "1.0.0")


@pytest.mark.parametrize("version", ["../shop/1.0.0", "1.0.0/", "1.0", "1.0.0+b"])
def test_a_path_is_no_version(version: str, registry: FolderRegistry) -> None:
    with pytest.raises(FieldstoneError) as caught:
        registry.release("shop", version)
    assert str(caught.value).startswith(f"no release {version} of shop in {registry.root}; ")


def test_what_another_process_released_is_there_after_the_next_release(registry: FolderRegistry) -> None:
    ours = FolderRegistry(registry.root)
    assert len(ours.versions("shop")) == 1
    registry.add(following(registry, "1.1.0"), FILES)
    ours.add(following(registry, "1.2.0"), FILES)
    assert list(map(str, ours.versions("shop"))) == ["1.0.0", "1.1.0", "1.2.0"]
    assert list(ours.defects("shop")) == []


def test_the_sources_of_a_release() -> None:
    release = replace(FIRST, files={"image.binpb": "1", "schemas/schemas/b.proto": "2", "schemas/README.md": "3"})
    assert release.sources == {"schemas/b.proto": "2", "README.md": "3"}
    assert release.sources is release.sources
    assert replace(release, files={}).sources == {}


MANIFEST = replace(
    FIRST,
    version="2.0.0-rc.1",
    changes=('a "quoted" change', "ünïcode `code`"),
    waivers=(Waiver(rule="field-removed", subject="a.B.c", reason="why", owner="ada", until="2999-12-31"),),
    previous=Link("shop", "1.0.0", "b5:00", "shake256:11"),
    dependencies=(Link("money", "1.0.0", "b5:01"), Link("buf.build/acme/units", "a1b2", "b5:02")),
)


def test_a_manifest_is_read_as_it_was_written() -> None:
    text = to_toml(MANIFEST)
    found = from_toml(text, where="here")
    assert found == replace(MANIFEST, seal=seal_of(text))


def test_the_seal_covers_every_byte_below_it() -> None:
    text = to_toml(MANIFEST)
    seal = from_toml(text, where="here").seal
    head, _, body = text.partition("\n")
    for at in range(0, len(body), 7):
        changed = body[:at] + ("x" if body[at] != "x" else "y") + body[at + 1 :]
        assert seal_of(f"{head}\n{changed}") != seal


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("", ""), "missing required field `name`"),
        (('version = "2.0.0-rc.1"', 'version = "2.0"'), "2.0 is not valid SemVer string"),
        (('digest = "b5:00"\nbump', "bump"), "missing required field `digest`"),
        (("[files]", "[file]"), "missing required field `files`"),
        (('name = "shop"', 'name = "shop'), "Illegal character"),
        (("[previous]", "[previous]\nmore = '1'"), "unknown field `more`"),
    ],
)
def test_what_is_no_manifest(change: tuple[str, str], said: str) -> None:
    text = to_toml(MANIFEST).replace(*change) if change[0] else ""
    with pytest.raises(FieldstoneError) as caught:
        from_toml(text, where="registry/shop/2.0.0/release.toml")
    assert str(caught.value).startswith("registry/shop/2.0.0/release.toml is no release manifest: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        ("changes = [", "changes = 3 #"),
        ('name = "shop"', "name = 3"),
        ("[files]", "files = 3\n[other]"),
        ('digest = "b5:00"\nbump', "digest = 3\nbump"),
        ("[previous]", "previous = 3\n[other]"),
        ("[[waivers]]", 'waivers = ["field-removed"]\n[other]'),
        ('rule = "field-removed"', 'rul = "field-removed"'),
    ],
)
def test_a_manifest_whose_parts_are_of_the_wrong_type(change: tuple[str, str]) -> None:
    with pytest.raises(FieldstoneError, match="is no release manifest"):
        from_toml(to_toml(MANIFEST).replace(*change), where="here")
