"""Owners of modules, and the signed-in caller: `buf registry login`, `buf registry whoami`, names of dependencies."""

from __future__ import annotations

from typing import Any

from fieldstone.errors import Denied, NotFound
from fieldstone.registry.sql.identities import owner_id, user_id
from fieldstone.server.access.callers import Caller
from fieldstone.server.buf.messages import OWNER, message
from fieldstone.server.buf.references import References, owner_of

_LOGIN = "buf.alpha.registry.v1alpha1.GetCurrentUserResponse"


def get_owners(references: References, request: Any, caller: Caller) -> Any:
    """The owners of some ids or names.

    Raises:
        NotFound: no module that the caller may read has such an owner.
    """
    caller.require("read")
    visible = {owner_of(module) for module in references.catalog.modules() if caller.may("read", module.name)}
    by_id = {owner_id(name): name for name in visible}
    found = message(f"{OWNER}.GetOwnersResponse")()
    for ref in request.owner_refs:
        name = by_id.get(ref.id) if ref.WhichOneof("value") == "id" else ref.name if ref.name in visible else None
        if name is None:
            raise NotFound(f"no owner {ref.id or ref.name} in this registry")
        found.owners.add().organization.MergeFrom(message(f"{OWNER}.Organization")(id=owner_id(name), name=name))
    return found


def get_current_user(_references: References, _request: Any, caller: Caller) -> Any:
    """The caller, for `buf registry whoami`.

    Raises:
        Denied: the request has no token.
    """
    name = _signed_in(caller)
    return message(f"{OWNER}.GetCurrentUserResponse")(user={"id": user_id(name), "name": name})


def log_in(_references: References, _request: Any, caller: Caller) -> Any:
    """The caller, for `buf registry login`.

    Raises:
        Denied: the request has no token.
    """
    name = _signed_in(caller)
    return message(_LOGIN)(user={"id": user_id(name), "username": name})


def _signed_in(caller: Caller) -> str:
    if caller.token is None:
        raise Denied("this needs a token", fix="log in with `buf registry login`")
    return caller.name
