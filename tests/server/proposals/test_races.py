"""Proposals that several people work on at once, and those of an older database; on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from msgspec import json
from msgspec.structs import replace
from sqlalchemy import text

from fieldstone.errors import Conflict, FieldstoneError
from fieldstone.proposals.proposal import Kind, State
from fieldstone.registry.clock import after, now
from fieldstone.registry.sql import SqlStore, audit, database, open_store
from fieldstone.registry.sql.tokens import Token
from fieldstone.schema.digest import file_digest
from fieldstone.workflows.administering.database import DatabaseAdministration
from fieldstone.workflows.administering.messages import NewPolicy
from fieldstone.workflows.proposals.database import DatabaseProposals
from fieldstone.workflows.proposals.messages import Deciding
from fieldstone.workflows.proposals.person import Person
from fieldstone.workflows.push import push
from fieldstone.workflows.pushing.upload import Content, Upload
from tests.codegen.server import PostgresServer
from tests.registry.test_sql import database_of
from tests.server.running import ORDER

PATH = "acme/shop/v1/shop.proto"
BREAKING = ORDER.replace("int64 total", "int32 total")
OTHER = ORDER.replace("string id", "bytes id")


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, postgres: PostgresServer, tmp_path: Path) -> str:
    return database_of(postgres) if request.param == "postgresql" else f"sqlite:///{tmp_path}/registry.db"


@pytest.fixture
def registry(address: str) -> str:
    """A registry with one release, whose policy makes proposals of breaking pushes."""
    DatabaseAdministration(open_store(address).database, audit.operator()).set_policy(NewPolicy("proposals = true", 0))
    pushed(address, "carol", ORDER)
    return address


def person(name: str, *scopes: str) -> Person:
    return Person(Token(f"t-{name}", name, scopes or ("approve", "push"), ("*",), now(), after(1)))


def by(address: str, name: str) -> DatabaseProposals:
    return DatabaseProposals(address, person(name))


def pushed(address: str, who: str, source: str) -> int:
    """Push as somebody; gives the number of the proposal, 0 for a release."""
    content = Content(module="shop", owner="acme", files={PATH: source.encode()})
    return push(address, Upload(contents=(content,), who=who, credential=f"t-{who}"), 30).proposal


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Do several things at the same moment; gives what each came to, or its error."""
    barrier = Barrier(len(actions))

    def act(action: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return action()
        except FieldstoneError as error:
            return error

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(act, actions))


def decision(kind: Kind, reason: str = "because") -> Deciding:
    return Deciding(decision=kind, revision=1, reason=reason)


def test_numbers_have_no_gap_and_the_same_content_has_one(registry: str) -> None:
    authors = ["ada", "bob", "cid", "dan"]
    sources = {author: BREAKING.replace("total = 2;", f"total = 2; string {author} = 3;") for author in authors}
    numbers = at_once(*(lambda author=author: pushed(registry, author, sources[author]) for author in authors * 2))

    assert {*numbers} == {1, 2, 3, 4}, numbers
    assert [one.number for one in by(registry, "eve").every()] == [1, 2, 3, 4]


def test_of_two_who_decide_at_once_the_second_sees_the_first(registry: str) -> None:
    number = pushed(registry, "carol", BREAKING)
    found = at_once(
        lambda: by(registry, "alice").decide(number, decision(Kind.REJECT)),
        lambda: by(registry, "bob").decide(number, decision(Kind.REJECT)),
        lambda: by(registry, "carol").decide(number, decision(Kind.WITHDRAW)),
    )

    assert len([one for one in found if isinstance(one, Conflict)]) == 2, found
    shown = by(registry, "eve").one(number)
    assert shown.proposal.closed in {State.REJECTED, State.WITHDRAWN}
    assert len(shown.proposal.decisions) == 1


def test_an_approval_revoked_while_the_proposal_is_released_counts(
    registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, upload = pushed(registry, "carol", BREAKING), SqlStore.upload
    by(registry, "alice").decide(number, decision(Kind.APPROVE))

    def revoked_meanwhile(store: SqlStore, contents: object) -> None:
        monkeypatch.setattr(SqlStore, "upload", upload)
        by(registry, "alice").decide(number, decision(Kind.REVOKE))

    monkeypatch.setattr(SqlStore, "upload", revoked_meanwhile)  # the last step before the transaction
    with pytest.raises(Conflict, match=f"proposal {number} is not approved"):
        by(registry, "carol").release(number)
    assert open_store(registry).versions("shop") == ["1.0.0"]


def test_release_and_revocation_at_once(registry: str) -> None:
    number = pushed(registry, "carol", BREAKING)
    by(registry, "alice").decide(number, decision(Kind.APPROVE))
    found = at_once(
        lambda: by(registry, "carol").release(number),
        lambda: by(registry, "alice").release(number),
        lambda: by(registry, "alice").decide(number, decision(Kind.REVOKE)),
    )

    shown, versions = by(registry, "eve").one(number), open_store(registry).versions("shop")
    assert (shown.standing.state, versions) in [(State.RELEASED, ["1.0.0", "2.0.0"]), (State.OPEN, ["1.0.0"])], found
    assert len([one for one in found if not isinstance(one, FieldstoneError)]) == 1, found
    assert not [*audit.breaks(audit.rows(open_store(registry).database))]


def test_a_release_between_judging_and_writing_is_judged_again(registry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    number, upload = pushed(registry, "carol", BREAKING), SqlStore.upload
    by(registry, "alice").decide(number, decision(Kind.APPROVE))

    def released_meanwhile(store: SqlStore, contents: object) -> None:
        monkeypatch.setattr(SqlStore, "upload", upload)
        assert pushed(registry, "dan", ORDER.replace("total = 2;", "total = 2; string buyer = 3;")) == 0

    monkeypatch.setattr(SqlStore, "upload", released_meanwhile)
    with pytest.raises(Conflict, match="is judged differently now than when it was approved; revision 2"):
        by(registry, "carol").release(number)
    assert open_store(registry).versions("shop") == ["1.0.0", "1.1.0"]
    assert by(registry, "eve").one(number).standing.state is State.OPEN


def test_kept_pushes_of_an_older_database_become_proposals(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    migrations = database._migrations()  # noqa: SLF001 - to stop at an older one
    monkeypatch.setattr(database, "_migrations", lambda: migrations[:2])
    store = open_store(address)
    assert store.modules() == []  # the tables exist now
    assert pushed(address, "carol", ORDER) == 0
    content = {PATH: BREAKING.encode()}
    row = {"module": "shop", "files": json.encode({PATH: file_digest(content[PATH])}).decode()}
    with store.database.transaction() as connection:
        store.keep(connection, "shop", content)
        connection.execute(
            text("INSERT INTO modules (name, id, created_at) VALUES ('empty', 'empty', '2026-01-01T00:00:00Z')")
        )
        insert = "INSERT INTO proposals VALUES (:id, :module, 'carol', 'why', :files, '[]', :id)"
        for number, module in (("3", "empty"), ("2", "shop"), ("1", "shop")):
            connection.execute(text(insert), {**row, "id": number, "module": module})
    monkeypatch.undo()

    alice = by(address, "alice")
    first, second = alice.every()
    assert [(one.number, one.module, one.authors) for one in (first, second)] == [
        (1, "shop", ("carol",)),
        (2, "shop", ("carol",)),
    ]
    assert first.missing[0] == "a judgement by this registry"
    with pytest.raises(Conflict, match="revision 1 of proposal 1 is not the newest: that is 2"):
        alice.decide(1, decision(Kind.APPROVE))
    assert alice.decide(1, replace(decision(Kind.APPROVE), revision=2)).standing.state is State.APPROVED
    assert by(address, "carol").release(1).proposal.version == "2.0.0"
