"""The audit: every write to the registry, newest first, for its admins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from msgspec import Struct, json
from starlette.concurrency import run_in_threadpool

from fieldstone.errors import Invalid
from fieldstone.registry.sql.audit_search import Sought, newest_rows
from fieldstone.server.pages.addresses import of_proposal, of_release
from fieldstone.server.pages.page import Page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from fieldstone.registry.sql.audit import Entry, Row
    from fieldstone.registry.sql.database import Database
    from fieldstone.server.pages.endpoint import Pages
    from fieldstone.server.pages.visitor import Visitor

_ON_A_PAGE = 50
_RECENT = 1_000
"""The rows whose actions are offered to choose from."""
_LARGEST = 2**62
_OF_PROPOSALS = {"propose", "judge-proposal", "decide-proposal", "release-proposal"}
_OF_RELEASES = {"release", "copy"}
_LONGEST = 200


class Fact(Struct, frozen=True):
    """A detail of a write: its name, and its value as text."""

    name: str
    value: str


class Written(Struct, frozen=True):
    """A row of the audit.

    Attributes:
        number: its number.
        at: the time in UTC, as RFC 3339.
        action: what was done.
        who: the name of the token or identity.
        credential: the id of the token, or the subject of the identity.
        module: the module; empty without one.
        about: the address of the page of what was written; empty if it has none.
        facts: the details.
        hash: its hash, which covers all rows before it.
    """

    number: int
    at: str
    action: str
    who: str
    credential: str
    module: str
    about: str
    facts: tuple[Fact, ...]
    hash: str


class AuditPage(Struct, frozen=True):
    """The data of the page.

    Attributes:
        rows: the rows, newest first.
        sought: the filter.
        head: number and hash of the newest row of all; empty before there is one.
        verify: the command that checks the whole chain.
        actions: the actions of recent rows, sorted.
        older: the address of the rows that follow; empty if there are none.
    """

    rows: tuple[Written, ...]
    sought: Sought
    head: str
    verify: str
    actions: tuple[str, ...]
    older: str


def audit_page(pages: Pages, database: Database) -> list[Route]:
    """The routes."""

    async def show(request: Request, visitor: Visitor) -> Page:
        visitor.caller.require_admin()
        query = request.query_params
        sought = Sought(*(query.get(name, "").strip()[:_LONGEST] for name in ("action", "module", "who")))
        address = str(request.base_url).rstrip("/")
        data = await run_in_threadpool(_found, database, sought, _number(query.get("before", "")), address)
        return Page(template="audit", title="Audit", data=data)

    return pages.shows("/audit", show)


def _number(wish: str) -> int:
    """The number of the row before which the page begins.

    Raises:
        Invalid: the text is none.
    """
    if not wish:
        return _LARGEST
    if not (wish.isdecimal() and wish.isascii() and len(wish) < len(str(_LARGEST))):
        raise Invalid(f"{wish[:40]!r} is no number of a row of the audit", fix="open /audit")
    return int(wish)


def _found(database: Database, sought: Sought, before: int, address: str) -> AuditPage:
    recent = newest_rows(database, Sought(), _LARGEST, _RECENT)
    rows = newest_rows(database, sought, before, _ON_A_PAGE + 1)
    shown = tuple(_written(row) for row in rows[:_ON_A_PAGE])
    head = f"{recent[0].number}:{recent[0].hash}" if recent else ""
    return AuditPage(
        rows=shown,
        sought=sought,
        head=head,
        verify=f"fieldstone registry verify {address} --audit-head {head}" if head else "",
        actions=tuple(sorted({row.entry.action for row in recent})),
        older=_address(sought, before=str(shown[-1].number)) if len(rows) > _ON_A_PAGE else "",
    )


def _address(sought: Sought, **more: str) -> str:
    wishes = {"action": sought.action, "module": sought.module, "who": sought.who, **more}
    return f"/audit?{urlencode({name: wish for name, wish in wishes.items() if wish})}"


def _written(row: Row) -> Written:
    entry = row.entry
    facts = tuple(Fact(name, _text(value)) for name, value in entry.details.items() if value not in ("", [], {}))
    return Written(
        row.number, entry.at, entry.action, entry.who, entry.credential, entry.module, _about(entry), facts, row.hash
    )


def _about(entry: Entry) -> str:
    """The address of the page of what an entry is about; empty if it has none."""
    number, version = entry.details.get("number"), entry.details.get("version")
    if entry.action in _OF_PROPOSALS and isinstance(number, int):
        return of_proposal(number)
    if entry.action in _OF_RELEASES and isinstance(version, str):
        return of_release(entry.module, version)
    return ""


def _text(value: Any) -> str:
    """A value of JSON, for people."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {_text(one)}" for name, one in value.items())
    return json.encode(value).decode()
