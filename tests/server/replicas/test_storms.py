"""Many releases at once through four servers: none is lost, none is doubled, and versions have no gap.

A few in the suite; `make soak` takes 10,000 (`FIELDSTONE_RELEASES`).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from fieldstone.server.buf.messages import MODULE, message
from tests.server.buf.calling import UPLOAD, create, upload
from tests.server.replicas.cluster import Cluster, clustered
from tests.server.replicas.soundness import opened, require_counts, require_each_once, require_verified
from tests.server.replicas.writers import Acknowledged, source
from tests.server.running import Serving

pytestmark = pytest.mark.slow

_RELEASES = int(os.environ.get("FIELDSTONE_RELEASES", "16"))
_RELEASES_OF_A_MODULE = 10
_WRITERS = 16
_ATTEMPTS = 500
_PASSING = {409, 503}
"""The statuses of answers to pushes that are sent again: another was faster, or the server is busy."""
_REFUSED = 412


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with clustered(tmp_path_factory.mktemp("storms"), 4) as found:
        yield found


def test_many_modules(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modules = [f"small{number}" for number in range(-(-_RELEASES // _RELEASES_OF_A_MODULE))]
    for name in modules:
        create(cluster.front, name)

    def write(number: int, sender: _Sender) -> list[Acknowledged]:
        own = [(name, _Files(name)) for name in modules[number::_WRITERS]]
        return [
            sender.released(name, files.added("only"), files.newest)
            for _ in range(_RELEASES_OF_A_MODULE)
            for name, files in own
        ]

    told = _stormed(cluster, write)
    monkeypatch.setenv("FIELDSTONE_TOKEN", cluster.front.token)
    assert require_each_once(opened(cluster.front, tmp_path), told) == len(modules) * _RELEASES_OF_A_MODULE == len(told)
    require_counts(cluster.database)
    require_verified(cluster.front, tmp_path, releases=_RELEASES)


def test_one_module(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second lacks what the first one added: its push is refused, and it sends the whole again."""
    create(cluster.front, "crowded")
    files = _Files("crowded")

    def write(number: int, sender: _Sender) -> list[Acknowledged]:
        return [
            sender.released("crowded", files.added(f"writer{number}"), files.newest)
            for _ in range(-(-_RELEASES // _WRITERS))
        ]

    told = _stormed(cluster, write)
    monkeypatch.setenv("FIELDSTONE_TOKEN", cluster.front.token)
    require_each_once(opened(cluster.front, tmp_path), told)
    require_counts(cluster.database)
    require_verified(cluster.front, tmp_path, releases=_RELEASES)


_Sources = dict[str, bytes]


class _Files:
    """The sources of a module, which several writers add to."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._fields: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def added(self, name: str) -> str:
        """Add a field to the file of a writer; its name."""
        with self._lock:
            fields = self._fields.setdefault(name, [])
            fields.append(f"{name}_{len(fields) + 1}")
            return fields[-1]

    def newest(self) -> _Sources:
        """The sources with all that was added."""
        with self._lock:
            return {
                f"acme/{self._module}/v1/{name}.proto": source(self._module, name, fields).encode()
                for name, fields in self._fields.items()
            }


class _Sender:
    """Pushes over one connection."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def released(self, module: str, field: str, sources: Callable[[], _Sources]) -> Acknowledged:
        """Push the newest sources until that is acknowledged."""
        for _ in range(_ATTEMPTS):
            request = message(f"{MODULE}.UploadRequest")(contents=[upload(module, sources())])
            answer = self._client.post(UPLOAD, content=request.SerializeToString())
            if answer.status_code == httpx.codes.OK:
                return Acknowledged(module, field)
            lacks_others = answer.status_code == _REFUSED and "was removed" in answer.text
            assert lacks_others or answer.status_code in _PASSING, answer.text
        raise AssertionError(f"{field} of {module} was not acknowledged: {answer.text}")


def _client(served: Serving) -> httpx.Client:
    headers = {"content-type": "application/proto", "authorization": f"Bearer {served.token}"}
    return httpx.Client(base_url=served.url, headers=headers, timeout=180)


def _stormed(cluster: Cluster, write: Callable[[int, _Sender], list[Acknowledged]]) -> list[Acknowledged]:
    """What writers that start at once were told."""

    def one(number: int) -> list[Acknowledged]:
        with _client(cluster.front) as client:
            return write(number, _Sender(client))

    begun = time.monotonic()
    with ThreadPoolExecutor(_WRITERS) as pool:
        told = list(pool.map(one, range(_WRITERS)))
    releases = [one for told_to_one in told for one in told_to_one]
    print(f"{len(releases):,} pushes were acknowledged in {time.monotonic() - begun:.0f} s")
    return releases
