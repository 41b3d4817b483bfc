"""Published uses in a folder and in a database: published once, deployed where they were published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import json
from msgspec.structs import replace
from sqlalchemy import text

from fieldstone.consumers.enforced import enforced as enforced_uses
from fieldstone.consumers.enforced import installed
from fieldstone.consumers.published import Deployment, Known, Party, Published, Stay
from fieldstone.consumers.uses import Rank, Uses
from fieldstone.errors import Conflict, Damaged, Denied, Invalid, NotFound
from fieldstone.registry import open_registry
from fieldstone.registry.consumers import Consumers, open_consumers
from fieldstone.registry.consumers.sql import SqlConsumers
from fieldstone.registry.sql import database, open_store
from fieldstone.registry.sql.audit import Actor, rows
from tests.consumers.test_uses import DAY, SCANNED

AT = "2026-11-29T10:00:00Z"
ONE = Published(Uses("billing", "team-billing", (SCANNED,)), "1.0", "c0ffee", AT)
RUNS = Deployment("billing", "1.0", "production", Stay.DEPLOYED, AT)


@pytest.fixture(params=["folder", "sqlite"])
def anew(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Consumers]:
    address = str(tmp_path / "registry") if request.param == "folder" else f"sqlite:///{tmp_path}/registry.db"
    return lambda: open_consumers(address)


def test_what_was_published_is_known(anew: Callable[[], Consumers]) -> None:
    assert anew().known() == Known()

    anew().publish(ONE)
    anew().publish(replace(ONE, at="2026-11-30T10:00:00Z"))  # again: it stays as it was
    anew().deploy(RUNS)

    (published,), deployments = anew().known().published, anew().known().deployments
    assert replace(published, publisher="") == ONE
    assert deployments == (RUNS,)


def test_a_version_is_published_once(anew: Callable[[], Consumers]) -> None:
    anew().publish(ONE)

    with pytest.raises(Conflict, match=r"billing 1.0 has published other uses"):
        anew().publish(replace(ONE, uses=Uses("billing", "team-billing")))


def test_only_published_versions_are_deployed(anew: Callable[[], Consumers]) -> None:
    anew().publish(ONE)

    with pytest.raises(NotFound, match=r"billing 2.0 has not published its uses"):
        anew().deploy(replace(RUNS, version="2.0"))


def test_a_deployment_replaces_stays_and_ends(anew: Callable[[], Consumers]) -> None:
    anew().publish(ONE)
    anew().publish(replace(ONE, version="2.0"))
    anew().deploy(RUNS)
    anew().deploy(replace(RUNS, version="2.0", at="2026-11-30T10:00:00Z"))
    anew().deploy(replace(RUNS, environment="store", stay=Stay.RELEASED))
    anew().deploy(replace(RUNS, environment="store", stay=Stay.RELEASED, version="2.0"))

    def running() -> set[tuple[str, str]]:
        return {(one.version, one.environment) for one in anew().known().deployments}

    assert running() == {("2.0", "production"), ("1.0", "store"), ("2.0", "store")}
    anew().deploy(replace(RUNS, environment="store", stay=Stay.ENDED))
    assert running() == {("2.0", "production"), ("2.0", "store")}
    with pytest.raises(NotFound, match=r"billing 1.0 does not run in store"):
        anew().deploy(replace(RUNS, environment="store", stay=Stay.ENDED))


def test_a_retired_consumer_runs_nowhere_and_comes_back_with_a_new_version(anew: Callable[[], Consumers]) -> None:
    anew().publish(ONE)
    anew().deploy(RUNS)

    anew().retire("billing")
    anew().retire("billing")  # again: it stays so
    anew().publish(ONE)  # so does the same version

    assert (anew().known().retired, anew().known().deployments) == (("billing",), ())
    with pytest.raises(Conflict, match="billing was retired"):
        anew().deploy(RUNS)
    anew().publish(replace(ONE, version="2.0"))
    assert anew().known().retired == ()


def test_a_release_must_exist_to_be_served(anew: Callable[[], Consumers]) -> None:
    with pytest.raises(NotFound, match=r"there is no release 1.0 of shop"):
        anew().deploy(replace(RUNS, name="shop", party=Party.MODULE))


@pytest.mark.parametrize("name", ["deployments", "running", "retired"])
def test_no_version_collides_with_a_file_of_the_folder(anew: Callable[[], Consumers], name: str) -> None:
    anew().publish(replace(ONE, version=name))
    anew().deploy(replace(RUNS, version=name))

    assert [one.version for one in anew().known().published] == [name]


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden", "a\nb", "x" * 101])
def test_names_cannot_leave_the_folder(anew: Callable[[], Consumers], name: str) -> None:
    with pytest.raises(Invalid, match="no name of"):
        anew().publish(replace(ONE, version=name))
    with pytest.raises(Invalid, match="no name of"):
        anew().publish(replace(ONE, uses=Uses(name, "team")))
    with pytest.raises(Invalid, match="no name of"):
        anew().deploy(replace(RUNS, environment=name))


def test_enforced_uses_have_the_digest_of_their_package(anew: Callable[[], Consumers]) -> None:
    elements, enums = ["acme.v1.Order.id"], ["acme.v1.State"]
    carried = enforced_uses("shop", "1.2.0", DAY, "shop-contracts-for-billing", elements, enums=enums)
    enforced = installed(carried, "python", DAY)
    for wrong in (
        replace(enforced, read={"acme.v1.Order.id": (), "acme.v1.Order.total": ()}),
        replace(enforced, release="1.3.0"),
        replace(enforced, package=""),
        replace(enforced, digest=""),
        replace(enforced, by=""),
        replace(enforced, rank=Rank.SCAN),
    ):
        with pytest.raises(Invalid, match="narrowed package"):
            anew().publish(replace(ONE, uses=Uses("billing", "team-billing", (wrong,))))
    good = replace(ONE, uses=Uses("billing", "team-billing", (enforced,)))
    anew().publish(good)

    assert [one.uses for one in anew().known().published] == [good.uses]


def test_consumers_are_no_modules_of_a_folder(tmp_path: Path) -> None:
    open_consumers(str(tmp_path)).publish(ONE)

    assert open_registry(tmp_path).modules() == []


def test_a_file_of_another_consumer_is_damage(tmp_path: Path) -> None:
    consumers = open_consumers(str(tmp_path))
    consumers.publish(ONE)
    (tmp_path / ".consumers" / "billing").rename(tmp_path / ".consumers" / "other")

    with pytest.raises(Damaged, match="has the uses of billing"):
        consumers.known()


def test_others_cannot_publish_for_a_consumer_and_the_audit_tells_who_did(tmp_path: Path) -> None:
    opened = open_store(f"sqlite:///{tmp_path}/registry.db").database
    mine = SqlConsumers(opened, Actor("ci-billing", "t1"), overrules=False)
    other = SqlConsumers(opened, Actor("ci-other", "t2"), overrules=False)
    mine.publish(ONE)
    mine.deploy(RUNS)

    with pytest.raises(Denied, match="billing is published by ci-billing"):
        other.publish(replace(ONE, version="2.0", uses=Uses("billing", "team-billing")))
    with pytest.raises(Denied, match="billing is published by ci-billing"):
        other.deploy(replace(RUNS, environment="elsewhere"))
    with pytest.raises(Denied, match="billing is published by ci-billing"):
        other.retire("billing")
    mine.deploy(replace(RUNS, stay=Stay.ENDED))
    mine.retire("billing")
    assert [(row.entry.action, row.entry.who, row.entry.details["consumer"]) for row in rows(opened)] == [
        ("publish-uses", "ci-billing", "billing"),
        ("deployed", "ci-billing", "billing"),
        ("ended", "ci-billing", "billing"),
        ("retire-consumer", "ci-billing", "billing"),
    ]


def test_deployments_of_an_older_database_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address, migrations = f"sqlite:///{tmp_path}/registry.db", database._migrations()  # noqa: SLF001 - to stop early
    monkeypatch.setattr(database, "_migrations", lambda: migrations[:3])
    with open_store(address).database.transaction() as connection:
        row = {"published": json.encode(ONE).decode(), "at": AT}
        connection.execute(text("INSERT INTO consumers VALUES ('billing', 'ci')"))
        connection.execute(text("INSERT INTO consumer_versions VALUES ('billing', '1.0', :published)"), row)
        deployed = text("INSERT INTO deployments VALUES ('billing', '1.0', 'production', 'deployed', :at)")
        connection.execute(deployed, row)
    monkeypatch.setattr(database, "_migrations", lambda: migrations)

    known = open_consumers(address).known()

    assert (known.published, known.deployments) == ((replace(ONE, publisher="ci"),), (RUNS,))
