"""Consumers in the database of a registry; each write has its row of the audit in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import DecodeError, json, to_builtins
from sqlalchemy import text

from fieldstone.consumers.published import Deployment, Known, Published, Stay
from fieldstone.errors import Damaged, Denied
from fieldstone.registry.consumers.refusals import check_deployment, check_published, not_published, refuse_other
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
    """

    def __init__(self, database: Database, actor: Actor | None = None, *, overrules: bool = True) -> None:
        self._database, self._actor, self._overrules = database, actor or audit.operator(), overrules

    def known(self) -> Known:
        """All published uses and deployments."""
        with self._database.reading() as connection:
            rows = connection.execute(text("SELECT published FROM consumer_versions ORDER BY consumer, version"))
            published = tuple(_decoded(row.published) for row in rows)
            return Known(published, _deployments(connection))

    def publish(self, published: Published) -> None:
        """Write the uses of a version."""
        check_published(published)
        with self._database.transaction() as connection:
            self._claim(connection, published.consumer)
            old = _stored(connection, published.consumer, published.version)
            if old is not None:
                refuse_other(published, old)
                return
            content = json.encode(published).decode()
            row = {"consumer": published.consumer, "version": published.version, "published": content}
            connection.execute(text("INSERT INTO consumer_versions VALUES (:consumer, :version, :published)"), row)
            self._audit(connection, "publish-uses", published.consumer, published.version, commit=published.commit)

    def deploy(self, deployment: Deployment) -> None:
        """Write that a version runs in an environment."""
        check_deployment(deployment)
        with self._database.transaction() as connection:
            if _stored(connection, deployment.consumer, deployment.version) is None:
                raise not_published(deployment)
            self._claim(connection, deployment.consumer)
            consumer, where = deployment.consumer, deployment.environment
            own = (one for one in _deployments(connection) if one.consumer == consumer)
            kept = Known(deployments=tuple(own)).deployed(deployment).deployments
            connection.execute(text("DELETE FROM deployments WHERE consumer = :consumer"), {"consumer": consumer})
            connection.execute(
                text("INSERT INTO deployments VALUES (:consumer, :version, :environment, :stay, :at)"),
                [to_builtins(one) for one in kept],
            )
            self._audit(connection, deployment.stay.value, consumer, deployment.version, environment=where)

    def _claim(self, connection: Connection, consumer: str) -> None:
        """Lock the row of a consumer; who publishes first is its publisher.

        Raises:
            Denied: somebody else is.
        """
        row = {"name": consumer, "publisher": self._actor.who}
        connection.execute(
            text("INSERT INTO consumers VALUES (:name, :publisher) ON CONFLICT (name) DO UPDATE SET name = :name"), row
        )
        publisher = connection.execute(text("SELECT publisher FROM consumers WHERE name = :name"), row).scalar_one()
        if publisher != self._actor.who and not self._overrules:
            raise Denied(
                f"{consumer} is published by {publisher}, and this is {self._actor.who}",
                fix="use its token, or ask an admin",
            )

    def _audit(self, connection: Connection, action: str, consumer: str, version: str, **facts: Any) -> None:
        details = {"consumer": consumer, "version": version, **{name: fact for name, fact in facts.items() if fact}}
        audit.append(connection, self._actor.entry(action, "", details), is_sqlite=self._database.is_sqlite)


def _stored(connection: Connection, consumer: str, version: str) -> Published | None:
    found = connection.execute(
        text("SELECT published FROM consumer_versions WHERE consumer = :consumer AND version = :version"),
        {"consumer": consumer, "version": version},
    ).scalar_one_or_none()
    return None if found is None else _decoded(found)


def _deployments(connection: Connection) -> tuple[Deployment, ...]:
    rows = connection.execute(
        text("SELECT consumer, version, environment, stay, at FROM deployments ORDER BY at, consumer, version")
    )
    return tuple(Deployment(row.consumer, row.version, row.environment, Stay(row.stay), row.at) for row in rows)


def _decoded(stored: str) -> Published:
    try:
        return json.decode(stored, type=Published)
    except DecodeError as error:
        raise Damaged(f"published uses in the database cannot be read: {error}", fix="restore a backup") from error
