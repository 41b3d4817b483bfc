"""The contract of a registry: tests that every backend inherits.

A test file of a backend subclasses `RegistryContract`, and gives an empty registry and a way to open it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from msgspec.structs import replace

from fieldstone.errors import Conflict, NotFound
from fieldstone.registry import Registry, lines
from fieldstone.registry.release import Release
from fieldstone.schema.digest import file_digest, manifest

FILES = {"image.binpb": b"image", "ledger.json": b"{}", "schemas/a/b.proto": b"syntax"}
FIRST = Release(
    name="shop",
    version="1.0.0",
    digest="b5:00",
    bump="first",
    released_at="2026-01-01T00:00:00Z",
    style="shake256:00",
    compiler="buf 1.0.0",
    changes=("first release",),
    files=manifest(FILES),
)

Open = Callable[[], Registry]
"""Opens the registry of a test once more, as another process would."""


def following(registry: Registry, version: str) -> Release:
    """The next release of shop on top of the newest one."""
    newest = registry.release("shop", str(registry.versions("shop")[-1]))
    first = registry.release("shop", "1.0.0")
    return replace(first, seal="", version=version, bump="minor", previous=newest.link)


class RegistryContract:
    """What holds for every registry; `anew` is a fixture of the subclass, and opens an empty one.

    A registry that compiles what it gets has releases of its own.
    """

    first: Release = FIRST
    files: Mapping[str, bytes] = FILES

    def test_an_empty_one(self, anew: Open) -> None:
        found = anew()
        assert (found.modules(), found.versions("shop"), [*found.defects("shop")]) == ([], [], [])
        assert [*found.links()] == []

    def test_a_release_is_read_as_it_was_added(self, anew: Open) -> None:
        anew().add(self.first, self.files)
        registry = anew()
        found = registry.release("shop", "1.0.0")
        assert found == replace(self.first, seal=found.seal)
        assert found.seal
        assert registry.modules() == ["shop"]
        assert registry.releases("shop") == [found]
        for path, content in self.files.items():
            assert registry.read(found, path) == content
        assert [*registry.defects("shop")] == []

    def test_a_file_can_be_had_on_this_machine(self, anew: Open) -> None:
        anew().add(self.first, self.files)
        registry = anew()
        found = registry.release("shop", "1.0.0")
        for _ in range(2):
            place = registry.local(found, "image.binpb")
            assert file_digest(place.read_bytes()) == found.files["image.binpb"]

    def test_versions_come_in_the_order_of_semver(self, anew: Open) -> None:
        registry = anew()
        registry.add(self.first, self.files)
        for version in ("1.2.0-rc.2", "1.2.0-rc.10", "1.2.0", "1.10.0"):
            registry.add(following(registry, version), self.files)
        found = [*map(str, anew().versions("shop"))]
        assert found == ["1.0.0", "1.2.0-rc.2", "1.2.0-rc.10", "1.2.0", "1.10.0"]
        assert [release.version for release in anew().releases("shop")] == found
        assert [*anew().defects("shop")] == []

    def test_of_two_releases_on_one_only_the_first_is_kept(self, anew: Open) -> None:
        anew().add(self.first, self.files)
        ours, theirs = anew(), anew()
        draft, late = following(ours, "1.1.0"), following(theirs, "1.2.0")
        ours.add(draft, self.files)
        with pytest.raises(Conflict, match=r"shop 1\.1\.0 was released meanwhile, and 1\.2\.0 is based on 1\.0\.0"):
            theirs.add(late, self.files)
        assert [*map(str, anew().versions("shop"))] == ["1.0.0", "1.1.0"]

    def test_a_release_is_never_replaced(self, anew: Open) -> None:
        anew().add(self.first, self.files)
        with pytest.raises(Conflict):
            anew().add(self.first, {**self.files, "ledger.json": b"other"})
        assert anew().read(anew().release("shop", "1.0.0"), "ledger.json") == self.files["ledger.json"]

    def test_an_older_version_is_never_replaced(self, anew: Open) -> None:
        registry = anew()
        registry.add(self.first, self.files)
        registry.add(following(registry, "1.1.0"), self.files)
        again = following(registry, "1.0.0")
        with pytest.raises(Conflict, match=r"shop 1\.0\.0 exists already"):
            anew().add(again, {**self.files, "ledger.json": b"other"})
        assert anew().read(anew().release("shop", "1.0.0"), "ledger.json") == self.files["ledger.json"]

    @pytest.mark.parametrize("wanted", [("shop", "9.0.0"), ("none", "1.0.0")])
    def test_what_is_not_there_is_said(self, anew: Open, wanted: tuple[str, str]) -> None:
        anew().add(self.first, self.files)
        with pytest.raises(NotFound, match=rf"no release {wanted[1]} of {wanted[0]} in "):
            anew().release(*wanted)

    def test_a_chain_that_forks_is_a_defect(self, anew: Open) -> None:
        registry = anew()
        registry.add(self.first, self.files)
        registry.add(following(registry, "1.1.0"), self.files)
        link = replace(registry.release("shop", "1.1.0").link, seal="shake256:00")
        registry.add(replace(self.first, version="1.2.0", bump="minor", previous=link), self.files)
        (defect,) = anew().defects("shop")
        assert (defect.kind, defect.version) == ("registry-chain-broken", "1.2.0")
        assert registry.remedy in defect.fix

    def test_a_line_goes_on_beside_newer_releases(self, anew: Open) -> None:
        registry = anew()
        registry.add(self.first, self.files)
        registry.add(following(registry, "1.1.0"), self.files)
        first, newest = (registry.release("shop", version) for version in ("1.0.0", "1.1.0"))
        of_line = replace(self.first, version="1.0.1", line="1.0", previous=first.link, beside=(newest.link,))
        late = following(registry, "1.2.0")
        for wrong in (replace(of_line, previous=newest.link), replace(of_line, beside=())):
            with pytest.raises(Conflict, match="was released meanwhile"):
                registry.add(wrong, self.files)
        registry.add(of_line, self.files)
        with pytest.raises(Conflict, match=r"shop 1\.0\.1 was released meanwhile, in another line"):
            registry.add(late, self.files)
        registry.add(replace(late, beside=(registry.release("shop", "1.0.1").link,)), self.files)
        found = anew()
        assert [*map(str, found.versions("shop"))] == ["1.0.0", "1.0.1", "1.1.0", "1.2.0"]
        assert [*found.defects("shop")] == []
        heads = [lines.newest(found, "shop", line) for line in ("", "main", "1.0")]
        assert [head.version for head in heads if head] == ["1.2.0", "1.2.0", "1.0.1"]
        assert [tip.version for tip in lines.tips(found, "shop")] == ["1.0.1", "1.2.0"]

    def test_people_are_told_where_a_release_is(self, anew: Open) -> None:
        registry = anew()
        registry.add(self.first, self.files)
        label = registry.label(registry.release("shop", "1.0.0"))
        assert label.startswith(registry.address)
        assert label.endswith("/shop/1.0.0")
