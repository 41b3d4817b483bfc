"""Every error that a repository raises. After each of them the transaction is rolled back."""

from __future__ import annotations

from collections.abc import Mapping


class StorageError(Exception):
    """A database did not do what it was asked; the message names the database and what to do."""


class ValueRefusedError(StorageError, ValueError):
    """A value that its field or column cannot hold. Nothing was written.

    Attributes:
        record: the class of the record; empty where the value is an argument.
        attribute: the record's attribute; empty where it is not known.
        value: what was given.
        limit: what fits, in words: "an int from 0 to 4294967295".
    """

    def __init__(self, record: str, attribute: str, value: object, limit: str) -> None:
        where = ".".join(filter(None, (record, attribute))) or "an argument"
        super().__init__(f"{where} must be {limit}, and is {repr(value)[:100]}")
        self.record, self.attribute, self.value, self.limit = record, attribute, value, limit


class ConflictError(StorageError):
    """A record was added whose key is there already, with other content. Nothing was written.

    Attributes:
        record: the class of the record.
        key: the attributes of its primary key, each with its value.
        save: the method that writes over the record that is there.
    """

    def __init__(self, record: str, key: Mapping[str, object], save: str) -> None:
        named = ", ".join(f"{name}={value!r}" for name, value in key.items())
        super().__init__(f"{record} with {named} is there already with other content; `{save}` writes over it")
        self.record, self.key, self.save = record, key, save


class DatabaseLockedError(StorageError):
    """Another connection has held the lock for longer than the timeout; it may work when tried again."""


class DatabaseReadOnlyError(StorageError):
    """The database, its file or its server takes no writes."""


class DatabaseFullError(StorageError):
    """There is no space left for what was to be written."""


class DatabaseCorruptError(StorageError):
    """The file is damaged, or no database."""


class DatabaseUnreachableError(StorageError):
    """The database cannot be opened: no such folder or server, no permission, or it was closed."""


class ConnectionLostError(StorageError):
    """The connection broke in the middle; what was not committed is not stored."""


class UniqueConflictError(StorageError):
    """A unique index beside the primary key holds these values already, in another record."""


class StaleRecordError(StorageError):
    """The record was changed or deleted since it was read; nothing was written. Read it again, and repeat the change.

    Attributes:
        record: the class of the record.
        key: the values of its primary key.
        version: the version that was to be written over.
        stored: the version that is stored; None where there is no such record.
    """

    def __init__(self, record: str, key: tuple[object, ...], version: int, stored: int | None) -> None:
        found = "is not stored" if stored is None else f"has version {stored}"
        super().__init__(f"{record} {key} {found}, and was written over version {version}; read it again")
        self.record, self.key, self.version, self.stored = record, key, version, stored


class MigrationError(StorageError):
    """The tables are not those of a release, or cannot be brought to one; they are as before."""


class DatabaseNewerError(MigrationError):
    """Newer code migrated the database in a way that this code cannot work beside; it must not touch it."""


class NotMigratedError(MigrationError):
    """The database lacks tables or columns that this code needs: `migrate()` was not run."""
