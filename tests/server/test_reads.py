"""Reads are answered from memory: never to somebody who may not read, and never as the registry was before a write."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import pytest
from anyio import from_thread
from msgspec.structs import replace

from fieldstone.errors import Unavailable
from fieldstone.project.server_policy import Policy
from fieldstone.registry.sql import open_store
from fieldstone.registry.sql.audit import Actor
from fieldstone.registry.sql.catalog import Catalog
from fieldstone.registry.sql.tokens import Token
from fieldstone.server.access.callers import REMEMBERED, Caller
from fieldstone.server.reads.answers import Answers
from fieldstone.server.reads.heads import Heads
from fieldstone.server.reads.kept import Kept
from fieldstone.server.reads.together import Together
from fieldstone.workflows.administering.database import DatabaseAdministration
from fieldstone.workflows.administering.messages import NewPolicy, TokenWish
from tests.server.buf.calling import ask, create, order_of, push, upload
from tests.server.running import LONGEST, Serving, serving

COMMITS = "/buf.registry.module.v1.CommitService/GetCommits"
LABELS = "/buf.registry.module.v1.LabelService/"
SHOP = {"owner": "acme", "module": "shop"}


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, Serving]]:
    """Two servers on one database, which nobody reads without a token, with shop 1.0.0."""
    data = tmp_path_factory.mktemp("replicas") / "data"
    with serving(data, "--no-anonymous-reads") as one, serving(data, "--no-anonymous-reads") as other:
        create(one, "shop", "other")
        assert push(one, upload("shop", order_of("shop"))).status_code == 200
        assert push(one, upload("other", order_of("other"))).status_code == 200
        yield one, other


@pytest.fixture
def database(replicas: tuple[Serving, Serving]) -> DatabaseAdministration:
    """An admin of the database, whom no server sees."""
    store = open_store(f"sqlite:///{replicas[0].data}/registry.db")
    return DatabaseAdministration(store.database, Actor("dba"))


def file_of(registry: Serving, module: str) -> str:
    """The address of a source of a module's newest release."""
    found = Catalog(open_store(f"sqlite:///{registry.data}/registry.db")).newest(module)
    assert found is not None
    return f"{registry.url}/api/v1/modules/{module}/files/{next(iter(found.files.values()))}"


def status(address: str, token: str = "") -> int:
    return httpx.get(address, headers={"Authorization": f"Bearer {token}"} if token else {}).status_code


def eventually(is_so: Callable[[], bool]) -> float:
    """The seconds until something is so."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < LONGEST
    return time.monotonic() - began


def ids(registry: Serving, **name: str) -> list[str]:
    answer = ask(registry, COMMITS, {"resourceRefs": [{"name": {**SHOP, **name}}]})
    return [commit["id"] for commit in answer.json().get("commits", [])]


def test_a_file_in_memory_is_for_those_who_may_read_its_module(
    replicas: tuple[Serving, Serving], database: DatabaseAdministration
) -> None:
    registry, address = replicas[0], file_of(replicas[0], "shop")
    first = httpx.get(address, headers={"Authorization": f"Bearer {registry.token}"})
    again = httpx.get(address, headers={"Authorization": f"Bearer {registry.token}"})
    assert first.content == again.content == order_of("shop")["acme/shop/v1/shop.proto"]
    kept = ("etag", "cache-control", "content-type", "content-length")
    assert [first.headers[name] for name in kept] == [again.headers[name] for name in kept]
    assert again.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert first.headers["x-request-id"] != again.headers["x-request-id"]
    known = {"Authorization": f"Bearer {registry.token}", "If-None-Match": again.headers["etag"]}
    assert httpx.get(address, headers=known).status_code == 304
    assert httpx.head(address, headers=known).status_code == 304
    narrow = database.create_token(TokenWish(name="narrow", scopes=("read",), modules=("other",), days=1)).secret
    assert status(file_of(registry, "other"), narrow) == 200
    assert [status(address, token) for token in ("", "fst_forged", narrow)] == [401, 401, 403]
    # The same bytes under the name of a module that the token may read, and that does not have them.
    assert status(address.replace("/shop/", "/other/"), narrow) == 404


def test_a_token_that_was_revoked_elsewhere_ends_within_seconds(
    replicas: tuple[Serving, Serving], database: DatabaseAdministration
) -> None:
    registry, address = replicas[0], file_of(replicas[0], "shop")
    issued = database.create_token(TokenWish(name="leaver", scopes=("read",), modules=("*",), days=1))
    assert status(address, issued.secret) == 200
    assert status(address, issued.secret) == 200
    database.revoke_token(issued.token.id)
    assert eventually(lambda: status(address, issued.secret) == 401) < REMEMBERED
    assert ask(registry, COMMITS, {"resourceRefs": [{"name": SHOP}]}, issued.secret).status_code == 401


def test_a_policy_that_was_set_elsewhere_holds_within_seconds(
    replicas: tuple[Serving, Serving], database: DatabaseAdministration
) -> None:
    address = file_of(replicas[0], "shop")
    assert status(address) == 401
    database.set_policy(NewPolicy("anonymous-reads = true\n", 0))
    eventually(lambda: status(address) == 200)
    database.set_policy(NewPolicy("anonymous-reads = false\n", 1))
    eventually(lambda: status(address) == 401)


def test_an_answer_of_one_replica_has_what_was_written_to_the_other(replicas: tuple[Serving, Serving]) -> None:
    one, other = replicas
    source, path = order_of("shop"), "acme/shop/v1/shop.proto"
    before = ids(other)
    assert len(before) == 1
    for number in range(3, 6):
        added = f"  string field_{number} = {number};\n}}"
        source[path] = source[path].rstrip().removesuffix(b"}") + added.encode()
        answer = push(one, upload("shop", source))
        assert answer.status_code == 200, answer.text
        after = ids(other)
        assert after not in ([], before)
        assert after == ids(one)
        before = after
    label = {"labelRef": {"name": {**SHOP, "label": "prod"}}}
    assert ids(other, labelName="prod") == []
    for commit in (ids(one, labelName="v1.0.0")[0], before[0]):
        values = [{**label, "commitId": commit}]
        assert ask(one, f"{LABELS}CreateOrUpdateLabels", {"values": values}).status_code == 200
        assert ids(other, labelName="prod") == [commit]


def test_a_caller_of_another_policy_is_another_one_to_kept_answers(tmp_path: Path) -> None:
    """A policy may be newer in the database than in the caller, who was looked up up to a second ago."""
    made: list[str] = []

    async def made_for(caller: Caller) -> bytes:
        async def make() -> bytes:
            made.append(caller.name)
            return b"answer"

        return await answers.of(caller.sees, b"request", make)

    async def main() -> None:
        token = Token("id", "ci", ("read",), ("*",), "", "2999-01-01T00:00:00Z")
        caller = Caller("ci", token)
        others = [replace(caller, policy=Policy(1)), replace(caller, anonymous_reads=True), replace(caller, role="r")]
        for one in (caller, caller, *others, *others):
            assert await made_for(one) == b"answer"

    answers = Answers(Heads(open_store(f"sqlite:///{tmp_path}/registry.db").database))
    asyncio.run(main())
    assert len(made) == 4


def test_look_ups_at_once_share_a_query() -> None:
    queries: list[list[int]] = []
    started, running = asyncio.Event(), threading.Event()

    def load(keys: Sequence[int]) -> dict[int, int]:
        queries.append([*keys])
        from_thread.run_sync(started.set)
        if 13 in keys:
            raise Unavailable("13 is not answered")
        running.wait(LONGEST)
        return {key: key * key for key in keys if key}

    async def main() -> None:
        together = Together(load, most=3)
        first = asyncio.create_task(together.get(1))
        await started.wait()
        others = [asyncio.create_task(together.get(key)) for key in (1, 2, 2, 0, 4)]
        await asyncio.sleep(0)
        others[1].cancel()
        running.set()
        assert await first == 1
        found = await asyncio.gather(*others, return_exceptions=True)
        assert isinstance(found.pop(1), asyncio.CancelledError)
        assert found == [1, 4, None, 16]
        with pytest.raises(Unavailable):
            await together.get(13)
        assert await together.get(5) == 25

    asyncio.run(main())
    assert queries == [[1], [1, 2, 0], [4], [13], [5]]


def test_memory_is_bounded_and_what_was_not_used_makes_room() -> None:
    kept: Kept[int] = Kept(16 * 2**10)
    for key in range(100):
        kept.put(key, key, 1024)
        kept.get(0)
    assert [key for key in range(100) if kept.get(key) is not None] == [0, *range(93, 100)]
    kept.put("large", 1, 4096)
    assert kept.get("large") is None
