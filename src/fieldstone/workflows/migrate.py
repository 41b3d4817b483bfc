"""Migrate: bring a database to the tables of the newest release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.codegen.storage.build import outbox_table
from fieldstone.codegen.storage.dialects import all_dialects, url_advice
from fieldstone.codegen.storage.sql import migration_views
from fieldstone.codegen.storage.views import MigrationView
from fieldstone.errors import Conflict, Invalid, NotFound, Unavailable
from fieldstone.installing import beside
from fieldstone.project.project import Project
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.model import Schema
from fieldstone.workflows.generating.generated_modules import compile_one, current_version, released_schemas
from fieldstone.workflows.taking_over.baseline import Fit, fits
from fieldstone.workflows.taking_over.differences import Difference
from fieldstone.workflows.taking_over.introspection import Cursor, introspection
from fieldstone.workspace.modules import Module

if TYPE_CHECKING:
    from fieldstone_runtime.migrations import Migration

    from fieldstone.codegen.storage.dialects import Dialect, OpenDatabase


class Migrated(Struct, frozen=True):
    """The migrations applied for a module.

    Attributes:
        module: its name.
        applied: the versions whose migrations were applied, oldest first.
        newest: the newest version with a migration, which the database has now.
        recorded: the versions that were recorded for tables that were there already, oldest first.
        indexes: the statements that made indexes which these tables lacked.
    """

    module: str
    applied: tuple[str, ...]
    newest: str
    recorded: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()


class TakenOver(Struct, frozen=True):
    """An existing database that was taken over, or why it was not.

    Attributes:
        migrated: the migrations of each module; none where there are differences.
        differences: the differences from what generated code needs, module by module.
    """

    migrated: Sequence[Migrated] = ()
    differences: Mapping[str, Sequence[Difference]] = {}


def migrate(project: Project, url: str, names: Sequence[str] = (), *, unreleased: bool = False) -> list[Migrated]:
    """Apply the migrations that a database lacks, module by module.

    Args:
        project: where the modules are.
        url: the database: "sqlite:///telemetry.db" (a fourth slash begins an absolute path) or
            "postgresql://user@host/database".
        names: the modules; by default all that store something.
        unreleased: applies what is in the working tree too. A database that was given an unreleased
            form cannot take the released one if that came out otherwise.

    Raises:
        FieldstoneError: there is nothing to apply at all, or the database refused; what was applied
            for the modules before stays, and nothing is half applied.
    """
    wanted = _wanted(project, names, unreleased=unreleased)
    name, dialect = _dialect_of(url)
    with (
        _storage_errors(in_the_way="take over tables that are there already with --baseline"),
        closing(dialect.open(url)) as database,
    ):
        return [_apply(database, name, module, views) for module, views in wanted.items()]


def take_over(project: Project, url: str, names: Sequence[str] = (), *, unreleased: bool = False) -> TakenOver:
    """Record the migrations whose tables a database has already, and apply the others: all of it or nothing.

    A module of which migrations are recorded already is migrated only.

    Args:
        project: where the modules are.
        url: the database, as for `migrate`.
        names: the modules; by default all that store something.
        unreleased: takes what is in the working tree too.

    Raises:
        FieldstoneError: there is no such database, or no table of the modules in it, or it refused.
    """
    wanted = _wanted(project, names, unreleased=unreleased)
    name, dialect = _dialect_of(url)
    with _storage_errors():
        with introspection(name).inspecting(url) as cursor:
            found = fits(cursor, name, wanted)
        if listed := {module: fit.differences for module, fit in found.items() if fit.differences}:
            return TakenOver(differences=listed)
        if not any(fit.migrations or fit.is_recorded for fit in found.values()):
            raise NotFound(
                f"the database has no table of {', '.join(wanted)}", fix="leave out --baseline to make the tables"
            )
        with closing(dialect.open(url)) as database, database.exclusively(), database.transaction() as cursor:
            if fits(cursor, name, wanted) != found:
                raise Conflict("another process has changed the tables meanwhile", fix="try again")
            for module, fit in found.items():
                _record(database, cursor, module, _of_dialect(wanted[module][: fit.migrations], name), fit.indexes)
            migrated = [_apply(database, name, module, views) for module, views in wanted.items()]
    return TakenOver(migrated=[_with_recorded(done, wanted[done.module], found[done.module]) for done in migrated])


def _record(
    database: OpenDatabase, cursor: Cursor, module: str, migrations: Sequence[Migration], indexes: Sequence[str]
) -> None:
    """Record migrations whose tables are there, and make the indexes that these lack."""
    from fieldstone_runtime.migrations import take_over

    if migrations:
        take_over(database, module, migrations)
        for statement in indexes:
            cursor.execute(statement)


def _with_recorded(done: Migrated, views: Sequence[MigrationView], fit: Fit) -> Migrated:
    recorded = tuple(view.version for view in views[: fit.migrations])
    return replace(done, recorded=recorded, indexes=tuple(fit.indexes))


def _wanted(project: Project, names: Sequence[str], *, unreleased: bool) -> dict[str, list[MigrationView]]:
    _require_runtime()
    modules = project.modules(names)
    found = {module.name: _migrations(project, module, unreleased=unreleased) for module in modules}
    empty = [name for name, views in found.items() if not views]
    where = "their releases and in the working tree" if unreleased else "their releases"
    fix = "annotate a message with (fieldstone.v1.entity)" if unreleased else "release them, or use --unreleased"
    if names and empty:
        raise Invalid(f"{', '.join(empty)} store nothing in {where}", fix=fix)
    if len(empty) == len(found):
        raise NotFound(f"no module of {project.workspace.root} stores anything in {where}", fix=fix)
    return {name: views for name, views in found.items() if views}


def _migrations(project: Project, module: Module, *, unreleased: bool) -> list[MigrationView]:
    history = released_schemas(project, module)
    if unreleased:
        history += _unreleased(project, module)
    return migration_views(history, outbox=outbox_table(module.name))


def _unreleased(project: Project, module: Module) -> list[tuple[str, Schema]]:
    """The working tree, under the version that it would become; nothing where it is as released."""
    version, unreleased = current_version(project, module, lambda: compile_one(project, module), start=Path.cwd())
    if not unreleased:
        return []
    return [(version, load_schema(compile_one(project, module), where=module.path, with_imports=True))]


def _apply(database: OpenDatabase, dialect: str, module: str, views: Sequence[MigrationView]) -> Migrated:
    from fieldstone_runtime import migrations
    from fieldstone_runtime.outbox_tables import migrate_outbox

    applied = migrations.migrate(database, module, _of_dialect(views, dialect))
    for view in views:
        if view.outbox:
            migrate_outbox(database, view.outbox)
    return Migrated(module, applied, views[-1].version)


def _of_dialect(views: Sequence[MigrationView], dialect: str) -> list[Migration]:
    from fieldstone_runtime.migrations import Migration

    return [Migration(view.version, tuple(view.statements[dialect])) for view in views]


@contextmanager
def _storage_errors(*, in_the_way: str = "") -> Iterator[None]:
    """Turns an error of the runtime into one of the tool; with this advice for a table that is there already."""
    from fieldstone_runtime.errors import StorageError

    try:
        yield
    except StorageError as error:
        raise Unavailable(str(error), fix=in_the_way if "already exists" in str(error) else "") from error


def _dialect_of(url: str) -> tuple[str, Dialect]:
    """The dialect that opens a URL, and its name."""
    for name, dialect in all_dialects().items():
        if url.startswith(dialect.addresses):
            return name, dialect
    scheme, colon, _ = url.partition(":")
    shown = scheme if colon and scheme.isalnum() else "no scheme"  # the rest may hold a password
    raise Invalid(f"the URL of the database begins with {shown}", fix=url_advice())


def _require_runtime() -> None:
    if find_spec("fieldstone_runtime") is None:
        drivers = [f"[{dialect.extra}] for {dialect.title}" for dialect in all_dialects().values() if dialect.extra]
        fix = f"`{beside('fieldstone-runtime')}`, with {', '.join(drivers)}"
        raise Unavailable("migrating takes fieldstone-runtime, which is not installed", fix=fix)
