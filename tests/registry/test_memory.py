"""The registry in memory keeps the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldstone.cache import Cache
from fieldstone.errors import Damaged, Invalid
from fieldstone.registry import folder_of, open_registry
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.memory import MemoryStore
from tests.registry.contract import FILES, FIRST, Open, RegistryContract


class TestMemory(RegistryContract):
    """In the memory of this process."""

    @pytest.fixture
    def anew(self, request: pytest.FixtureRequest, tmp_path: Path) -> Open:
        address = f"memory:{request.node.nodeid}"
        return lambda: open_registry(address, Cache(tmp_path))


@pytest.fixture
def damaged() -> FetchedRegistry:
    """A release whose image is not what was released."""
    kept: dict[tuple[str, str], dict[str, bytes]] = {}
    registry = FetchedRegistry(MemoryStore("memory:damaged", kept))
    registry.add(FIRST, FILES)
    kept["shop", "1.0.0"]["image.binpb"] = b"other"
    return registry


def test_other_bytes_than_were_released_are_refused(damaged: FetchedRegistry) -> None:
    release = damaged.release("shop", "1.0.0")
    for get in (damaged.read, damaged.local):
        with pytest.raises(Damaged, match=r"image\.binpb is not what was released \(5 bytes\); release again"):
            get(release, "image.binpb")
    assert [defect.kind for defect in damaged.defects("shop")] == ["registry-file-changed"]


def test_a_damaged_download_is_fetched_again(tmp_path: Path) -> None:
    registry = open_registry("memory:downloads", Cache(tmp_path))
    registry.add(FIRST, FILES)
    release = registry.release("shop", "1.0.0")
    path = registry.local(release, "image.binpb")
    assert path.is_relative_to(tmp_path / ".fieldstone" / "objects")
    assert (tmp_path / ".fieldstone" / ".gitignore").read_text() == "*\n"
    path.write_bytes(b"half")
    assert registry.local(release, "image.binpb").read_bytes() == b"image"
    assert Cache(tmp_path).store.clear() == len(b"image")
    assert not path.exists()


@pytest.mark.parametrize("address", ["ftp://example.com", "chain:x", "manifest:x"])
def test_an_address_that_nothing_opens(address: str) -> None:
    assert folder_of(address) is None
    with pytest.raises(Invalid, match="no registry can be opened at"):
        open_registry(address)


@pytest.mark.parametrize("address", ["/srv/registry", "registry", "C:\\registry"])
def test_a_folder_is_no_scheme(address: str) -> None:
    assert folder_of(address) == Path(address)
