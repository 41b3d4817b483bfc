"""The storage half of what is generated for a module: records, mapper, repositories, servicers, migrations, upcasts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from fieldstone.codegen.class_names import DtoModule
from fieldstone.codegen.contracts.packages import SQL, storage_folder
from fieldstone.codegen.names import STORAGE, package
from fieldstone.codegen.render import has_template, render
from fieldstone.codegen.scopes import settled, settled_with_names
from fieldstone.codegen.storage.application import Application
from fieldstone.codegen.storage.application.completion import with_ready_converters
from fieldstone.codegen.storage.asynchronous import async_protocol, async_twin
from fieldstone.codegen.storage.build import module_view, outbox_table
from fieldstone.codegen.storage.dialects import all_dialects
from fieldstone.codegen.storage.examples import with_examples
from fieldstone.codegen.storage.refusals import is_stored_or_served, refuse
from fieldstone.codegen.storage.service_views import ServicerView
from fieldstone.codegen.storage.sql import migration_views, script
from fieldstone.codegen.storage.views import ModuleView
from fieldstone.schema.model import Schema

_WITH_TABLES = ("repository", "memory", "migrations", "contract")


def storage_view(
    schema: Schema,
    module: str,
    *,
    contracts: str,
    prefix: str = "",
    own_files: Collection[str],
    root: str,
    history: Sequence[tuple[str, Schema]],
    record_paths: Sequence[Path],
    dto_module: DtoModule,
) -> ModuleView | None:
    """The view of a module; None for one without entities.

    Args:
        schema: the working tree with all imported files, these without annotations of storage.
        module: the module's name.
        contracts: the name to import its contracts package by.
        prefix: the setting python-prefix.
        own_files: the paths of the module's own files.
        root: the module's folder as people see it.
        history: version and schema of each release, oldest first, with the working tree as the last
            where it differs from its newest release.
        record_paths: the source roots of the application's own classes.
        dto_module: where each file's DTOs are.

    Raises:
        FieldstoneError: an annotation cannot be met; the error lists all that cannot.
    """
    if not is_stored_or_served(schema, own_files):
        return None
    application = Application(record_paths)
    refuse(schema, module, own=own_files, application=application, root=root)
    return module_view(
        with_ready_converters(schema, application),
        module,
        contracts=contracts,
        storage=package(module, STORAGE, prefix),
        dto_module=dto_module,
        application=application,
        migrations=migration_views(history, outbox=outbox_table(module)),
        own_files=own_files,
    )


def storage_files(view: ModuleView, prefix: str = "") -> dict[str, str]:
    """The files of a module's storage package and its SQL, by path below the output folder; Python unformatted."""
    root = f"{storage_folder(view.module, prefix)}/{view.storage}"
    view = with_examples(view)
    files = {f"{root}/{name}.py": _python(f"storage/{name}.py.j2", view=view) for name in _modules(view)}
    if view.entities:
        files |= {f"{root}/{name}.py": text for name, text in _repositories(view)}
    for servicer in view.servicers:
        files[f"{root}/{servicer.module}.py"] = _python("storage/servicer.py.j2", view=view, servicer=servicer)
    for migration in view.migrations:
        for name, statements in migration.statements.items():
            folder = all_dialects()[name].folder
            files[f"{SQL}/{view.module}/{folder}/{migration.version}.sql"] = script(statements)
    return files


def _python(template: str, **views: ModuleView | ServicerView) -> str:
    """A module from its template, the names of the schema told apart from its own."""
    return settled(render(template, **views))


def _repositories(view: ModuleView) -> Iterator[tuple[str, str]]:
    """The repository of each database by its module's name, and the async twin where there is a template for it."""
    for name, dialect in all_dialects().items():
        rendered = render(f"{name}/repository.py.j2", view=view)
        text, names = settled_with_names(rendered)
        yield name, text
        if has_template(f"{name}/async_repository.py.j2"):
            yield f"async_{name}", async_twin(view, name, rendered, names, is_awaited=dialect.is_awaited)
    yield "async_repository", async_protocol(view, render("storage/repository.py.j2", view=view))


def _modules(view: ModuleView) -> Iterator[str]:
    if view.records or view.enums:
        yield "records"
    if view.converters:
        yield "converters"
    yield "mapper"
    if view.entities:
        yield from _WITH_TABLES
    if view.groups:
        yield "groups"
