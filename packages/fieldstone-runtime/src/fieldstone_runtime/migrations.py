"""Brings a database to the tables of a release: forward only, in one transaction, by one process at a time."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from fieldstone_runtime.errors import DatabaseNewerError, MigrationError
from fieldstone_runtime.outbox import now_us

TABLE = """CREATE TABLE IF NOT EXISTS fieldstone_migrations (
    module TEXT NOT NULL, version TEXT NOT NULL, digest TEXT NOT NULL, applied_at BIGINT NOT NULL,
    PRIMARY KEY (module, version)
)"""
"""What was applied; `applied_at` is in microseconds since 1970, UTC."""


class Migration(NamedTuple):
    """What a release does to a database: its semver version, and SQL statements without semicolons."""

    version: str
    statements: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The SHA-256 of the statements, in hex."""
        from hashlib import sha256

        return sha256("\0".join(self.statements).encode()).hexdigest()


class Database(Protocol):
    """What a kind of database does for its migrations; the methods but the first are called inside it."""

    name: str
    """What people call the database: a path, or an address without its password."""

    def exclusively(self) -> AbstractContextManager[object]:
        """A transaction beside which no other migration runs, in this process or another."""

    def applied(self, module: str) -> dict[str, str]:
        """The digest of each version that was applied; makes `TABLE` where it is not there yet."""

    def apply(self, module: str, migration: Migration, applied_at: int) -> None:
        """Run the statements, and write down in `TABLE` that they were."""


def migrate(database: Database, module: str, migrations: Iterable[Migration]) -> tuple[str, ...]:
    """Apply the migrations that a database lacks, all or none, and give their versions, oldest first.

    Args:
        database: what to bring forward.
        module: whose tables they are; each module is counted on its own.
        migrations: of every release that changed a table, oldest first.

    Raises:
        DatabaseNewerError: it has a version that is not among `migrations`.
        MigrationError: a version was applied in another form than this one, or a newer one before it.
        StorageError: the database refuses a statement, or is locked.
    """
    known = {migration.version: migration for migration in migrations}
    with database.exclusively():
        applied = database.applied(module)
        _refuse(database.name, module, applied, known)
        missing = list(known.values())[len(applied) :]
        for migration in missing:
            database.apply(module, migration, now_us())
    return tuple(migration.version for migration in missing)


def _refuse(name: str, module: str, applied: dict[str, str], known: dict[str, Migration]) -> None:
    newer = [version for version in applied if version not in known]
    if newer:
        raise DatabaseNewerError(
            f"{name} has {module} {', '.join(newer)}, and this code knows versions up to "
            f"{next(reversed(known), 'none')}; update the code"
        )
    changed = [version for version, digest in applied.items() if digest != known[version].digest]
    if changed:
        raise MigrationError(
            f"{name} was given {module} {changed[0]} in another form than the released one, from a working tree "
            "perhaps; restore it from before, or begin with an empty database"
        )
    skipped = [version for version in list(known)[: len(applied)] if version not in applied]
    if skipped:
        raise MigrationError(f"{name} lacks {module} {skipped[0]} and has later versions; restore it from before them")
