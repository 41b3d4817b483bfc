"""Contents in S3 (moto): the contract of a registry, and an object store that lost, changed or refuses something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest

from fieldstone.cache import Cache
from fieldstone.errors import Damaged, Invalid, Unavailable
from fieldstone.registry import Registry, open_registry
from fieldstone.registry.sql.contents import open_contents
from fieldstone.schema.digest import file_digest
from tests.registry.contract import FILES, FIRST, Open, RegistryContract
from tests.relay.servers import CREDENTIALS, Server, bucket, make_bucket, running_s3

pytestmark = pytest.mark.slow

IMAGE = FIRST.files["image.binpb"].rpartition(":")[2]
PLACE = f"contracts/{IMAGE[:2]}/{IMAGE}"
"""The object with the image of the first release."""


@pytest.fixture(scope="module")
def s3() -> Iterator[Server]:
    with running_s3() as server:
        yield server


@pytest.fixture
def objects(s3: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an empty bucket."""
    name = tmp_path.name.replace("_", "-").strip("-")[:60]
    make_bucket(s3, name)
    for variable, value in {**CREDENTIALS, "AWS_ENDPOINT": f"http://{s3.address}", "AWS_ALLOW_HTTP": "true"}.items():
        monkeypatch.setenv(variable, value)
    return name


@pytest.fixture
def address(objects: str, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/registry.db?objects=s3://{objects}/contracts"


class TestS3(RegistryContract):
    """In SQLite, with the contents in S3."""

    @pytest.fixture
    def anew(self, address: str, tmp_path: Path) -> Open:
        return lambda: open_registry(address, Cache(tmp_path))


@pytest.fixture
def registry(address: str) -> Registry:
    open_registry(address).add(FIRST, FILES)
    return open_registry(address)


def test_an_object_is_written_once(s3: Server, objects: str) -> None:
    contents, digest = open_contents(f"s3://{objects}/contracts"), FIRST.files["image.binpb"]
    contents.put(digest, b"image")
    first = obstore.head(bucket(s3, objects), PLACE)
    contents.put(digest, b"image")
    assert obstore.head(bucket(s3, objects), PLACE)["e_tag"] == first["e_tag"]
    assert obstore.head(bucket(s3, objects), PLACE)["last_modified"] == first["last_modified"]


def test_a_missing_object_is_told(registry: Registry, s3: Server, objects: str) -> None:
    obstore.delete(bucket(s3, objects), PLACE)
    with pytest.raises(
        Damaged, match=rf"the object {IMAGE[:2]}/{IMAGE} of s3://{objects}/contracts is missing.*backup"
    ):
        registry.read(registry.release("shop", "1.0.0"), "image.binpb")
    (defect,) = registry.defects("shop")
    assert (defect.kind, "is missing" in defect.problem) == ("registry-file-changed", True)


def test_another_content_is_told_and_nothing_is_released_on_it(
    registry: Registry, address: str, s3: Server, objects: str, tmp_path: Path
) -> None:
    obstore.put(bucket(s3, objects), PLACE, b"other")
    with pytest.raises(Damaged, match=r"has another content \(5 bytes\); restore it"):
        registry.read(registry.release("shop", "1.0.0"), "image.binpb")
    anew = open_registry(address.replace("registry.db", "another.db"))
    with pytest.raises(Damaged, match="has another content"):
        anew.add(FIRST, FILES)
    assert anew.modules() == []
    assert bytes(obstore.get(bucket(s3, objects), PLACE).bytes()) == b"other", "a content is never replaced"


def test_a_registry_without_its_object_store_says_so(registry: Registry, address: str) -> None:
    bare = open_registry(address.partition("?")[0])
    with pytest.raises(Unavailable, match=r"are in an object store, and none was named; name it: `--objects URL`"):
        bare.read(bare.release("shop", "1.0.0"), "image.binpb")


def test_an_object_store_that_is_down(registry: Registry, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:9")
    down = open_registry(address)
    with pytest.raises(Unavailable, match=r"cannot read the object .* of s3://") as caught:
        down.read(down.release("shop", "1.0.0"), "image.binpb")
    assert "\n" not in str(caught.value)
    other = open_registry(address.replace("registry.db", "other.db"))
    with pytest.raises(Unavailable, match=r"cannot write the object .* of s3://"):
        other.add(FIRST, FILES)
    assert other.modules() == []


def test_a_bucket_that_is_not_there(address: str, objects: str) -> None:
    with pytest.raises(Unavailable, match=r"cannot write the object .* of s3://no-such-bucket/contracts"):
        open_registry(address.replace(objects, "no-such-bucket")).add(FIRST, FILES)


def test_what_is_no_object_store() -> None:
    with pytest.raises(Invalid, match=r"is no object store: .*; write it as s3://BUCKET/PREFIX"):
        open_contents("gopher://contracts")


def test_a_digest_is_verified_wherever_it_lies(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    contents = open_contents(f"file://{tmp_path}/objects")
    contents.put(file_digest(b"one"), b"one")
    (stored,) = (path for path in (tmp_path / "objects").rglob("*") if path.is_file())
    stored.write_bytes(b"two")
    for attempt in (lambda: contents.get(file_digest(b"one")), lambda: contents.put(file_digest(b"one"), b"one")):
        with pytest.raises(Damaged, match="has another content"):
            attempt()
