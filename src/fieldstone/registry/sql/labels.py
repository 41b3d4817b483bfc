"""Labels besides `main` and `vX.Y.Z`: those of drafts, and those that people gave to a commit.

A label names one commit. A draft lives under its label: giving that label to another commit drops the draft, and
pushing a draft under a label takes it from the commit that had it. An archived label is left out of lists only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from sqlalchemy import text

from fieldstone.errors import Invalid
from fieldstone.registry.clock import now

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fieldstone.registry.sql.database import Database

_LONGEST = 250
"""The most characters of a label, as in buf."""
_VERSION = re.compile(r"\d+\.\d+\.\d+.*")
_COMMIT_ID = re.compile("[0-9a-f]{32}")
PROPOSAL_LABEL = re.compile(r"proposal-([1-9]\d{0,17})")
"""The label of a proposal: nobody gives it to another commit."""


class Label(Struct, frozen=True):
    """A label with a row.

    Attributes:
        name: the label.
        commit: the id of its commit, which may be gone.
        created_at: see `clock`.
        archived_at: see `clock`; empty if it is not archived.
    """

    name: str
    commit: str
    created_at: str
    archived_at: str = ""


def require_name(label: str) -> None:
    """Raise if a label cannot be one.

    Raises:
        Invalid: it is empty or too long, has spaces, control characters or a colon, or reads as a commit, a version or
            a proposal.
    """
    if _VERSION.fullmatch(label):
        raise Invalid(f"the label {label} reads as a version", fix=f"write it as v{label}")
    if not label or len(label) > _LONGEST or not label.isprintable() or not {" ", ":"}.isdisjoint(label):
        raise Invalid(
            f"{label[:_LONGEST]!r} is no label", fix=f"use at most {_LONGEST} characters, without spaces and colons"
        )
    if PROPOSAL_LABEL.fullmatch(label):
        raise Invalid(f"the label {label} is that of a proposal", fix="use another label")
    if _COMMIT_ID.fullmatch(label):
        raise Invalid(f"the label {label} reads as the id of a commit", fix="use another label")


def labels_of(database: Database, module: str) -> dict[str, Label]:
    """The rows of a module's labels, by label.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with database.reading() as connection:
        query = text(
            "SELECT label, commit_id, created_at, archived_at FROM labels WHERE module = :module ORDER BY label"
        )
        return {row[0]: Label(*row) for row in connection.execute(query, {"module": module})}


def assign(connection: Connection, module: str, label: str, commit: str) -> None:
    """Give a label to a commit; it is not archived any more.

    Args:
        connection: the connection of a transaction.
        module: the module.
        label: the label.
        commit: the id of a commit of the module.
    """
    _write(connection, module, Label(label, commit, now()))
    connection.execute(
        text("DELETE FROM drafts WHERE module = :module AND label = :label AND commit_id <> :commit"),
        {"module": module, "label": label, "commit": commit},
    )


def archive(connection: Connection, module: str, label: str, commit: str) -> None:
    """Archive the label of a commit."""
    _write(connection, module, Label(label, commit, now(), archived_at=now()))


def forget(connection: Connection, module: str, label: str) -> None:
    """Drop the row of a label: a draft was pushed under it."""
    connection.execute(
        text("DELETE FROM labels WHERE module = :module AND label = :label"), {"module": module, "label": label}
    )


def _write(connection: Connection, module: str, label: Label) -> None:
    connection.execute(
        text(
            "INSERT INTO labels VALUES (:module, :label, :commit, :created_at, :archived_at) "
            "ON CONFLICT (module, label) DO UPDATE SET commit_id = :commit, archived_at = :archived_at"
        ),
        {
            "module": module,
            "label": label.name,
            "commit": label.commit,
            "created_at": label.created_at,
            "archived_at": label.archived_at,
        },
    )
