"""The page of a field, or of any other element: its life, who uses it, and whether it can go."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.consumers.answer import UNCLAIMED
from fieldstone.report.documents.readers import next_step
from fieldstone.server.pages.addresses import of_module, of_release, part
from fieldstone.server.pages.page import Crumb, Page
from fieldstone.server.pages.releases.released import released_versions

if TYPE_CHECKING:
    from starlette.requests import Request

    from fieldstone.compatibility.reader import Reader
    from fieldstone.consumers.answer import Answer
    from fieldstone.documentation.life import Life
    from fieldstone.registry.sql.catalog import Catalog
    from fieldstone.server.pages.releases.library import Library
    from fieldstone.server.pages.visitor import Visitor


class FieldPage(Struct, frozen=True):
    """The data of the page.

    Attributes:
        life: its life.
        answer: whether it can be removed; None if it is gone.
        readers: the known uses of it.
        not_claimed: the limits of the answer.
        next_step: what can be done next; empty if it is gone.
        today: the day of the answer (UTC).
    """

    life: Life
    answer: Answer | None
    readers: tuple[Reader, ...]
    not_claimed: str
    next_step: str
    today: date


async def field_page(request: Request, visitor: Visitor, catalog: Catalog, library: Library) -> Page:
    """The page of an element."""
    module, name = request.path_params["module"], request.path_params["name"]
    await released_versions(catalog, visitor, module)
    found = await library.traced(module, name, visitor.caller.credential)
    life = found.life
    crumbs = [Crumb(module, of_module(module))]
    if not life.until:
        above = life.owner if life.kind != "extension" else ""
        release = of_release(module, life.newest)
        crumbs.append(Crumb(life.newest, release))
        crumbs += [Crumb(above, f"{release}/{part(above)}")] if above else []
    step = next_step(found.answer) if found.answer else ""
    data = FieldPage(life, found.answer, found.readers, UNCLAIMED, step, datetime.now(UTC).date())
    return Page(template="field", title=life.subject, data=data, crumbs=tuple(crumbs))
