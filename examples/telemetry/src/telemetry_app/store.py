"""The database of a hub: an SQLite file or a PostgreSQL database, by its address."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from fieldstone_runtime.errors import StorageError
from fieldstone_runtime.sqlite import SQLiteDatabase
from telemetry_storage.sqlite import SQLiteTelemetryRepository

if TYPE_CHECKING:
    from telemetry_storage.repository import TelemetryRepository

ADDRESSES = "a file such as telemetry.db, or postgresql://user@host/database"
_SQLITE, _POSTGRES = "sqlite:///", ("postgresql://", "postgres://")


class Store(NamedTuple):
    """An open database.

    Attributes:
        repository: reads and writes it.
        checkpoint: moves what the database has in a log to its place; None where it does so by itself.
    """

    repository: TelemetryRepository
    checkpoint: Callable[[], object] | None


def store_address(text: str) -> str:
    """Reads the address of a database: a file, "sqlite:///FILE" or "postgresql://USER@HOST/DATABASE".

    Raises:
        ValueError: it is of another kind of database. The text has no password.
    """
    if text.startswith((_SQLITE, *_POSTGRES)) or ("://" not in text and not text.startswith("sqlite:")):
        return text
    raise ValueError(f"must be {ADDRESSES}, and begins with {text.partition(':')[0][:20]!r}")


def open_store(address: str, *, existing: bool = False) -> Store:
    """Open a database.

    Args:
        address: as `store_address` reads it.
        existing: whether a file must be there already; else it is created.

    Raises:
        StorageError: it cannot be opened, or the driver of PostgreSQL is not installed.
        FileNotFoundError: there is no such file.
    """
    if address.startswith(_POSTGRES):
        return Store(_postgres(address), None)
    path = unquote(address.removeprefix(_SQLITE)) if address.startswith(_SQLITE) else address
    if existing and not Path(path).is_file():
        raise FileNotFoundError(f"there is no {path}: name the store that the hub was given")
    database = SQLiteDatabase(path)
    return Store(SQLiteTelemetryRepository(database), database.checkpoint)


def _postgres(url: str) -> TelemetryRepository:
    try:
        from telemetry_storage.postgres import PostgresTelemetryRepository
    except ImportError as error:
        raise StorageError("PostgreSQL takes psycopg: pip install 'telemetry-app[postgres]'") from error
    return PostgresTelemetryRepository(url)
