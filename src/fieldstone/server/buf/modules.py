"""Modules: to find and to list them, to create, change and delete them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fieldstone.errors import Invalid
from fieldstone.registry.clock import now
from fieldstone.registry.sql import audit
from fieldstone.registry.sql.catalog import MAIN, create_module, delete_module, update_module
from fieldstone.server.access.callers import Caller
from fieldstone.server.buf.errors import AlwaysThere, ExistsAlready
from fieldstone.server.buf.messages import MODULE, message
from fieldstone.server.buf.pages import in_order, page_of
from fieldstone.server.buf.references import References, as_module, owner_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LONGEST_TEXT = 350
"""The most characters of a description, as in buf."""
_PRIVATE, _DEPRECATED = 2, 2
"""The numbers of MODULE_VISIBILITY_PRIVATE and MODULE_STATE_DEPRECATED."""
_NAME = re.compile(r"[a-z][a-z0-9._-]{1,99}")
_OWNER = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")
"""The names that buf accepts in a buf.yaml."""


def get_modules(references: References, request: Any, caller: Caller) -> Any:
    """The modules of some references."""
    found = [references.module(ref, caller) for ref in request.module_refs]
    return message(f"{MODULE}.GetModulesResponse")(modules=map(as_module, found))


def list_modules(references: References, request: Any, caller: Caller) -> Any:
    """The modules that the caller may read, by name."""
    caller.require("read")
    owners = {ref.name for ref in request.owner_refs}
    seen = [
        module
        for module in references.catalog.modules()
        if caller.may("read", module.name) and (not owners or owner_of(module) in owners)
    ]
    page, following = page_of(in_order(seen, request.order), request.page_size, request.page_token)
    return message(f"{MODULE}.ListModulesResponse")(modules=map(as_module, page), next_page_token=following)


def create_modules(references: References, request: Any, caller: Caller) -> Any:
    """Create modules: all of them or none.

    Raises:
        ExistsAlready: one exists already.
        Denied: the caller may not push it.
        Invalid: a name cannot be one of a module.
    """
    database = references.catalog.database
    for value in request.values:
        caller.require("push", value.name)
        if not _NAME.fullmatch(value.name) or not _OWNER.fullmatch(value.owner_ref.name):
            raise Invalid(
                f"{value.owner_ref.name}/{value.name} is no name of a module",
                fix="use lower-case letters, digits, `-`, `_` and `.`, and begin with a letter",
            )
    with database.transaction() as connection:
        for value in request.values:
            _refuse_text(value.name, value.description)
            _refuse_default_label(value.default_label_name)
            existing = references.catalog.module(value.name)
            if existing and existing.owner:
                raise ExistsAlready(f"module {value.name} exists already, as {existing.owner}/{value.name}")
            create_module(connection, value.name, value.owner_ref.name, value.description)
            entry = audit.Entry(
                "create-module", caller.name, caller.credential, value.name, {"owner": value.owner_ref.name}
            )
            audit.append(connection, entry, is_sqlite=database.is_sqlite)
    names = {value.name for value in request.values}
    created = [module for module in references.catalog.modules() if module.name in names]
    return message(f"{MODULE}.CreateModulesResponse")(modules=map(as_module, created))


def update_modules(references: References, request: Any, caller: Caller) -> Any:
    """Change the description, the URL or the deprecation of modules: of all of them or none.

    Raises:
        Denied: the caller may not push one.
        Invalid: a value asks for what the registry's policy decides.
        NotFound: there is no such module.
    """
    database = references.catalog.database
    with database.transaction() as connection:
        changed = [_updated(references, connection, value, caller) for value in request.values]
    found = [module for name in changed if (module := references.catalog.module(name))]
    return message(f"{MODULE}.UpdateModulesResponse")(modules=map(as_module, found))


def delete_modules(references: References, request: Any, caller: Caller) -> Any:
    """Delete modules that have no release: all of them or none.

    Raises:
        AlwaysThere: a module has releases, which are for ever.
        Denied: the caller is no admin.
        NotFound: there is no such module.
    """
    database = references.catalog.database
    with database.transaction() as connection:
        for ref in request.module_refs:
            module = references.module(ref, caller)
            caller.require("admin", module.name)
            if module.releases:
                raise AlwaysThere(
                    f"{module.name} has {module.releases} releases, which stay for ever",
                    fix="deprecate it: `buf registry module deprecate`",
                )
            delete_module(connection, module.name)
            entry = audit.Entry("delete-module", caller.name, caller.credential, module.name)
            audit.append(connection, entry, is_sqlite=database.is_sqlite)
    return message(f"{MODULE}.DeleteModulesResponse")()


def _refuse_default_label(label: str) -> None:
    if label not in {"", MAIN}:
        raise Invalid(
            f"the default label of every module is {MAIN}, not {label}",
            fix="create it with `buf registry module create`, and push releases without a label",
        )


def _refuse_text(module: str, *texts: str) -> None:
    """Raise if a text about a module is too long, or has control characters."""
    for text in texts:
        if len(text) > _LONGEST_TEXT or not text.replace("\n", "").isprintable():
            raise Invalid(f"{text[:40]!r} is no description or URL of {module}", fix="use plain text")


def _updated(references: References, connection: Connection, value: Any, caller: Caller) -> str:
    """The name of a module, after one value of a request changed it."""
    module = references.module(value.module_ref, caller)
    caller.require("push", module.name)
    if value.HasField("visibility") and value.visibility != _PRIVATE:
        raise Invalid(f"the registry's policy says who reads {module.name}", fix="ask an admin of the registry")
    if value.HasField("default_label_name"):
        _refuse_default_label(value.default_label_name)
    _refuse_text(module.name, value.description, value.url)
    changes = {name: getattr(value, name) for name in ("description", "url") if value.HasField(name)}
    if value.HasField("state"):
        changes["deprecated_at"] = now() if value.state == _DEPRECATED else ""
    update_module(connection, module.name, changes)
    entry = audit.Entry("update-module", caller.name, caller.credential, module.name, changes)
    audit.append(connection, entry, is_sqlite=references.catalog.database.is_sqlite)
    return module.name
