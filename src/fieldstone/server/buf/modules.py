"""Modules: to find, to list and to create them."""

from __future__ import annotations

import re
from typing import Any

from fieldstone.errors import Conflict, Invalid
from fieldstone.registry.sql import audit
from fieldstone.registry.sql.catalog import create_module
from fieldstone.server.buf.messages import MODULE, message
from fieldstone.server.buf.pages import page_of
from fieldstone.server.buf.references import References, as_module
from fieldstone.server.callers import Caller

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
        if caller.may("read", module.name) and (not owners or module.owner in owners)
    ]
    page, following = page_of(seen, request.page_size, request.page_token)
    return message(f"{MODULE}.ListModulesResponse")(modules=map(as_module, page), next_page_token=following)


def create_modules(references: References, request: Any, caller: Caller) -> Any:
    """Create modules: all of them or none.

    Raises:
        Conflict: one exists already.
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
            existing = references.catalog.module(value.name)
            if existing and existing.owner:
                raise Conflict(f"module {value.name} exists already, as {existing.owner}/{value.name}")
            create_module(connection, value.name, value.owner_ref.name, value.description)
            entry = audit.Entry(
                "create-module", caller.name, caller.credential, value.name, {"owner": value.owner_ref.name}
            )
            audit.append(connection, entry, is_sqlite=database.is_sqlite)
    names = {value.name for value in request.values}
    created = [module for module in references.catalog.modules() if module.name in names]
    return message(f"{MODULE}.CreateModulesResponse")(modules=map(as_module, created))
