"""Serving a registry: the token of its first admin, and the clock."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from fieldstone.errors import Unavailable
from fieldstone.registry.clock import now
from fieldstone.registry.sql import audit, open_store, tokens

_FILE = "admin-token"
_DAYS = 365
_SKEW = 60
"""The difference between the clocks of two machines that is not told, in seconds."""


def first_token(address: str, folder: Path) -> Path | None:
    """The file with the token of the first admin; None if the registry has tokens, and that file is gone.

    Args:
        address: the address of a database registry.
        folder: the folder for the file.

    Raises:
        FieldstoneError: the database cannot be opened, or the file cannot be written.
    """
    file = folder / _FILE
    database = open_store(address).database
    with database.setup() as connection:
        if tokens.every(database):
            return file if file.is_file() else None
        token, secret = tokens.create(connection, "admin", ("admin",), ("*",), _DAYS)
        entry = audit.Entry("create-token", "serve", "", "", {"id": token.id, "name": token.name, "scopes": ["admin"]})
        audit.append(connection, entry, is_sqlite=database.is_sqlite)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w") as opened:
                opened.write(f"{secret}\n")
        except OSError as error:
            raise Unavailable(f"cannot write {file}: {error.strerror}") from error
    return file


def seconds_behind(address: str) -> int:
    """The seconds that the clock is behind the newest row of the audit; 0 if it is not.

    Then one of the two is wrong: if it is the clock, tokens work for longer than they should.

    Args:
        address: the address of a database registry.

    Raises:
        FieldstoneError: the database cannot be opened.
    """
    with open_store(address).database.reading() as connection:
        newest = audit.newest(connection)
    if newest is None:
        return 0
    seconds = int((datetime.fromisoformat(newest.entry.at) - datetime.fromisoformat(now())).total_seconds())
    return seconds if seconds > _SKEW else 0
