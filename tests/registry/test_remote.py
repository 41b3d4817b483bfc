"""The registry of a server keeps the contract, is cached by digest, and says what it could not ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from fieldstone.cache import Cache
from fieldstone.errors import Invalid
from fieldstone.registry import manifest as manifests
from fieldstone.registry import open_registry
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.release import Release
from tests.registry.compiled import compiled
from tests.registry.contract import Open, RegistryContract, following
from tests.server.running import Serving, empty, serving

PATH = "acme/shop/v1/shop.proto"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("registry") / "data") as found:
        yield found


@pytest.fixture(scope="module")
def shop() -> tuple[Release, dict[str, bytes]]:
    """The release of the contract, from a source that compiles."""
    return compiled()


@pytest.fixture
def emptied(served: Serving, monkeypatch: pytest.MonkeyPatch) -> Serving:
    """The server without a release, and its admin."""
    monkeypatch.setenv("FIELDSTONE_TOKEN", served.token)
    empty(served)
    return served


class Copying(FetchedRegistry):
    """A registry whose releases are sent as copies: what they say was judged elsewhere."""

    def add(self, release: Release, files: Mapping[str, bytes], *, text: bytes = b"") -> None:
        super().add(release, files, text=text or manifests.to_toml(release).encode())


class TestRemote(RegistryContract):
    """On a server, which compiles what it gets."""

    @pytest.fixture(autouse=True)
    def real(self, shop: tuple[Release, dict[str, bytes]]) -> None:
        self.first, self.files = shop

    @pytest.fixture
    def anew(self, emptied: Serving, tmp_path: Path) -> Open:
        def opened() -> Copying:
            registry = open_registry(emptied.url, Cache(tmp_path))
            assert isinstance(registry, FetchedRegistry)
            return Copying(registry.store, Cache(tmp_path))

        return opened

    def test_a_chain_that_forks_is_a_defect(self, anew: Open) -> None:
        """Nothing that breaks the chain gets in."""
        registry = anew()
        registry.add(self.first, self.files)
        registry.add(following(registry, "1.1.0"), self.files)
        link = replace(registry.release("shop", "1.1.0").link, seal="shake256:00")
        with pytest.raises(Invalid, match=r"refused: 1\.2\.0 names 1\.1\.0 .* as the release before.*chain-broken"):
            registry.add(replace(self.first, version="1.2.0", bump="minor", previous=link), self.files)
        assert [*map(str, anew().versions("shop"))] == ["1.0.0", "1.1.0"]

    def test_a_line_goes_on_beside_newer_releases(self, anew: Open) -> None:
        """Copies: lines that do not know each other may have met in a merge of git."""
        registry = anew()
        registry.add(self.first, self.files)
        registry.add(following(registry, "1.1.0"), self.files)
        first = registry.release("shop", "1.0.0")
        registry.add(replace(self.first, version="1.0.1", line="1.0", previous=first.link), self.files)
        assert [*map(str, anew().versions("shop"))] == ["1.0.0", "1.0.1", "1.1.0"]
        assert [*anew().defects("shop")] == []
