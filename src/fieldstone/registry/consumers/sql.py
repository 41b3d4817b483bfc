"""Consumers in the database of a registry; each write has its row of the audit in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import DecodeError, json, to_builtins
from msgspec.structs import replace
from sqlalchemy import text

from fieldstone.consumers.published import Deployment, Known, Party, Published, Stay
from fieldstone.errors import Damaged, Denied
from fieldstone.registry.clock import now
from fieldstone.registry.consumers.refusals import (
    after,
    check_deployment,
    check_published,
    not_a_consumer,
    refuse_other,
    unknown_version,
)
from fieldstone.registry.sql import audit

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fieldstone.registry.sql.audit import Actor
    from fieldstone.registry.sql.database import Database


class SqlConsumers:
    """See `Consumers`.

    Args:
        database: the database.
        actor: who writes; by default the user of the operating system.
        overrules: whether the actor may write for consumers that others publish.
        is_copy: whether what is written is a copy; see `open_consumers`.
    """

    def __init__(
        self, database: Database, actor: Actor | None = None, *, overrules: bool = True, is_copy: bool = False
    ) -> None:
        self._database, self._actor = database, actor or audit.operator()
        self._overrules, self._is_copy = overrules, is_copy

    def known(self) -> Known:
        """All published uses and deployments."""
        with self._database.reading() as connection:
            query = "SELECT published, publisher FROM consumer_versions JOIN consumers ON name = consumer"
            rows = connection.execute(text(f"{query} ORDER BY consumer, version"))
            published = tuple(replace(_decoded(row.published), publisher=row.publisher) for row in rows)
            retired = connection.execute(text("SELECT name FROM consumers WHERE retired_at <> '' ORDER BY name"))
            return Known(published, _deployments(connection), tuple(retired.scalars()))

    def publish(self, published: Published) -> None:
        """Write the uses of a version."""
        check_published(published)
        with self._database.transaction() as connection:
            self._claim(connection, published.consumer, published.publisher if self._is_copy else self._actor.who)
            old = _stored(connection, published.consumer, published.version)
            if old is not None:
                refuse_other(published, old)
                return
            content = json.encode(replace(published, publisher="")).decode()
            row = {"consumer": published.consumer, "version": published.version, "published": content}
            connection.execute(text("INSERT INTO consumer_versions VALUES (:consumer, :version, :published)"), row)
            connection.execute(text("UPDATE consumers SET retired_at = '' WHERE name = :consumer"), row)
            self._audit(connection, "publish-uses", published.consumer, published.version, commit=published.commit)

    def deploy(self, deployment: Deployment) -> None:
        """Write that a version runs in an environment, or no longer."""
        check_deployment(deployment)
        with self._database.transaction() as connection:
            retired = self._lock(connection, deployment)
            party, name = deployment.party, deployment.name
            own = tuple(one for one in _deployments(connection) if (one.party, one.name) == (party, name))
            kept = after(Known(deployments=own, retired=retired), deployment).deployments
            row = {"party": party, "name": name}
            connection.execute(text("DELETE FROM running WHERE party = :party AND name = :name"), row)
            if kept:
                insert = text("INSERT INTO running VALUES (:party, :name, :version, :environment, :stay, :at)")
                connection.execute(insert, [{**to_builtins(one), "party": party} for one in kept])
            action, where = deployment.stay.value, deployment.environment
            if party is Party.MODULE:
                self._append(connection, action, name, {"version": deployment.version, "environment": where})
            else:
                self._audit(connection, action, name, deployment.version, environment=where)

    def retire(self, consumer: str) -> None:
        """Write that a consumer is gone for good."""
        row = {"name": consumer, "at": now()}
        with self._database.transaction() as connection:
            if connection.execute(text("SELECT 1 FROM consumers WHERE name = :name"), row).first() is None:
                raise not_a_consumer(consumer)
            self._claim(connection, consumer, self._own)
            connection.execute(text("DELETE FROM running WHERE party = 'consumer' AND name = :name"), row)
            changed = connection.execute(
                text("UPDATE consumers SET retired_at = :at WHERE name = :name AND retired_at = ''"), row
            )
            if changed.rowcount:
                self._audit(connection, "retire-consumer", consumer)

    def _lock(self, connection: Connection, deployment: Deployment) -> tuple[str, ...]:
        """Lock the row of what is deployed; returns the consumer's name if it was retired.

        Raises:
            NotFound: there is no such version.
            Denied: somebody else publishes the consumer.
        """
        name, row = deployment.name, {"name": deployment.name, "version": deployment.version}
        if deployment.party is Party.MODULE:
            found = text("SELECT 1 FROM releases WHERE module = :name AND version = :version")
            if connection.execute(found, row).first() is None:
                raise unknown_version(deployment)
            connection.execute(text("UPDATE modules SET name = :name WHERE name = :name"), row)
            return ()
        if _stored(connection, name, deployment.version) is None:
            raise unknown_version(deployment)
        self._claim(connection, name, self._own)
        retired = connection.execute(text("SELECT retired_at FROM consumers WHERE name = :name"), row).scalar_one()
        return (name,) if retired else ()

    @property
    def _own(self) -> str:
        """The actor's name; empty for who may write for all, and publishes nothing by that."""
        return "" if self._overrules else self._actor.who

    def _claim(self, connection: Connection, consumer: str, publisher: str) -> None:
        """Lock the row of a consumer; who publishes first is its publisher.

        Raises:
            Denied: somebody else is.
        """
        row = {"name": consumer, "publisher": publisher}
        found = connection.execute(
            text(
                "INSERT INTO consumers (name, publisher) VALUES (:name, :publisher) "
                "ON CONFLICT (name) DO UPDATE SET publisher = "
                "CASE WHEN consumers.publisher = '' THEN :publisher ELSE consumers.publisher END RETURNING publisher"
            ),
            row,
        ).scalar_one()
        if found != publisher and not self._overrules:
            raise Denied(
                f"{consumer} is published by {found}, and this is {publisher}",
                fix="use its token, or ask an admin",
            )

    def _audit(self, connection: Connection, action: str, consumer: str, version: str = "", **facts: Any) -> None:
        details = {"consumer": consumer, "version": version, **facts}
        self._append(connection, action, "", {name: fact for name, fact in details.items() if fact})

    def _append(self, connection: Connection, action: str, module: str, details: dict[str, Any]) -> None:
        audit.append(connection, self._actor.entry(action, module, details), is_sqlite=self._database.is_sqlite)


def _stored(connection: Connection, consumer: str, version: str) -> Published | None:
    found = connection.execute(
        text("SELECT published FROM consumer_versions WHERE consumer = :consumer AND version = :version"),
        {"consumer": consumer, "version": version},
    ).scalar_one_or_none()
    return None if found is None else _decoded(found)


def _deployments(connection: Connection) -> tuple[Deployment, ...]:
    rows = connection.execute(
        text("SELECT name, version, environment, stay, at, party FROM running ORDER BY at, name, version")
    )
    return tuple(Deployment(r.name, r.version, r.environment, Stay(r.stay), r.at, Party(r.party)) for r in rows)


def _decoded(stored: str) -> Published:
    try:
        return json.decode(stored, type=Published)
    except DecodeError as error:
        raise Damaged(f"published uses in the database cannot be read: {error}", fix="restore a backup") from error
