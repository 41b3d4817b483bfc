"""Brings a database to the tables of a release: forward only, in one transaction, by one process at a time."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from fieldstone_runtime.errors import DatabaseNewerError, MigrationError
from fieldstone_runtime.older_code import ADDITIVE, effect
from fieldstone_runtime.outbox import now_us

TABLE = """CREATE TABLE IF NOT EXISTS fieldstone_migrations (
    module TEXT NOT NULL, version TEXT NOT NULL, digest TEXT NOT NULL, applied_at BIGINT NOT NULL, effect TEXT,
    PRIMARY KEY (module, version)
)"""
"""The applied migrations; `applied_at` is in microseconds since 1970, UTC; `effect` is that of a `Migration`."""

ADD_EFFECT = "ALTER TABLE fieldstone_migrations ADD COLUMN effect TEXT"
"""For a `TABLE` that was made before it had this column."""


class Applied(NamedTuple):
    """A migration that a database has: the digest of its statements and its effect; None where it was not recorded."""

    digest: str
    effect: str | None


class Migration(NamedTuple):
    """The changes of a release to a database: its semver version, and SQL statements without semicolons."""

    version: str
    statements: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The SHA-256 of the statements, in hex."""
        from hashlib import sha256

        return sha256("\0".join(self.statements).encode()).hexdigest()

    @property
    def effect(self) -> str:
        """`older_code.ADDITIVE`, or the first statement that code of an older release cannot work beside."""
        return effect(self.statements)


class Database(Protocol):
    """The part of a kind of database in its migrations; the methods but the first are called inside it."""

    name: str
    """The database's name for people: a path, or an address without its password."""

    def exclusively(self) -> AbstractContextManager[object]:
        """A transaction beside which no other migration runs, in this process or another."""

    def applied(self, module: str) -> dict[str, Applied]:
        """The migrations that were applied, by version; makes `TABLE` and its columns where they are missing."""

    def apply(self, module: str, migration: Migration, applied_at: int) -> None:
        """Run the statements of a migration, and record it."""

    def record(self, module: str, migration: Migration, applied_at: int) -> None:
        """Write a migration into `TABLE` as applied; where it is there already, its effect alone."""


def migrate(database: Database, module: str, migrations: Iterable[Migration]) -> tuple[str, ...]:
    """Apply the migrations that a database lacks, all or none, and give their versions, oldest first.

    Args:
        database: what to bring forward.
        module: whose tables they are; each module is counted on its own.
        migrations: of every release that changed a table, oldest first.

    Older code may go on with a database that newer code migrated, as long as each newer migration is recorded as
    additive (`older_code`).

    Raises:
        DatabaseNewerError: the database has a version that is not among `migrations`, and not recorded as additive.
        MigrationError: a version was applied in another form than this one, or a newer one before it.
        StorageError: the database refuses a statement, or is locked.
    """
    known = {migration.version: migration for migration in migrations}
    with database.exclusively():
        applied = database.applied(module)
        _refuse(database.name, module, applied, known)
        missing = [migration for migration in known.values() if migration.version not in applied]
        for version, found in applied.items():
            if found.effect is None and version in known:
                database.record(module, known[version], now_us())
        for migration in missing:
            database.apply(module, migration, now_us())
    return tuple(migration.version for migration in missing)


def take_over(database: Database, module: str, migrations: Iterable[Migration]) -> tuple[str, ...]:
    """Record migrations as applied without running them, for tables that are there already; gives their versions.

    Raises:
        MigrationError: migrations of the module are recorded already.
        StorageError: the database refuses to record them, or is locked.
    """
    recorded = list(migrations)
    with database.exclusively():
        if database.applied(module):
            raise MigrationError(f"{database.name} has recorded migrations of {module} already; run `migrate()`")
        for migration in recorded:
            database.record(module, migration, now_us())
    return tuple(migration.version for migration in recorded)


def _refuse(name: str, module: str, applied: dict[str, Applied], known: dict[str, Migration]) -> None:
    newer = [version for version in applied if version not in known]
    for version in newer:
        if (found := applied[version].effect) != ADDITIVE:
            does = "of which nothing is recorded" if found is None else f"which does: {' '.join(found.split())}"
            raise DatabaseNewerError(
                f"{name} has {module} {', '.join(newer)}, and this code knows versions up to "
                f"{next(reversed(known), 'none')}; update the code: it cannot work beside {version}, {does}"
            )
    for version, migration in known.items():
        if version in applied and applied[version].digest != migration.digest:
            raise MigrationError(
                f"{name} was given {module} {version} in another form than the released one, from a working tree "
                "perhaps; restore it from before, or begin with an empty database"
            )
    skipped = [version for version in list(known)[: len(applied)] if version not in applied]
    if skipped:
        raise MigrationError(f"{name} lacks {module} {skipped[0]} and has later versions; restore it from before them")
