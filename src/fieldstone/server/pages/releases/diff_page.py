"""The page that compares two releases: what changed, what breaks, and for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from fieldstone.errors import NotFound
from fieldstone.server.pages.addresses import of_diff, of_module
from fieldstone.server.pages.page import Crumb, Page
from fieldstone.server.pages.paging import Part, part_of
from fieldstone.server.pages.releases.released import released_versions, require_version

if TYPE_CHECKING:
    from starlette.requests import Request

    from fieldstone.registry.sql.catalog import Catalog
    from fieldstone.server.pages.releases.library import Library
    from fieldstone.server.pages.visitor import Visitor

_ENTRIES = 100
"""The findings and changed types of a page."""
_MEMBERS = frozenset({"field", "extension", "enum value", "oneof", "rpc", "column", "query"})


class Group(Struct, frozen=True):
    """The changes of one type.

    Attributes:
        subject: the full name of the type; of a file or package, its name.
        is_new: whether only the new release has it.
        changes: its changes, as `compatibility.changes.Described`.
    """

    subject: str
    is_new: bool
    changes: tuple[Mapping[str, str], ...]


class DiffPage(Struct, frozen=True):
    """The data of the page.

    Attributes:
        module: the module's name.
        old: the version before.
        new: the version after.
        versions: all versions of the module, the newest first.
        address: the address of this comparison.
        bump: the bump that the changes need; empty if both versions are the same.
        part: the shown part of the findings and, after them, the changed types.
        breaking: the number of findings that need a major version.
        findings: the findings of the report, as `fieldstone check --format json` has them.
        groups: the changed types.
        waivers: the waivers that the releases in between recorded.
        impact: the consumers that break.
        doubts: why others may use what breaks.
        rules: the rules of the findings, by id.
        elements: the full names of the elements that have a page.
        not_claimed: the limits of what is known about consumers.
    """

    module: str
    old: str
    new: str
    versions: tuple[str, ...]
    address: str
    bump: str
    part: Part
    breaking: int
    findings: Sequence[Mapping[str, Any]]
    groups: Sequence[Group]
    waivers: Sequence[Mapping[str, Any]]
    impact: Sequence[Mapping[str, Any]]
    doubts: Sequence[str]
    rules: Mapping[str, Mapping[str, Any]]
    elements: frozenset[str]
    not_claimed: str


async def diff_page(request: Request, visitor: Visitor, catalog: Catalog, library: Library) -> Page:
    """The page of two releases, which its address names, or the form on it."""
    module = request.path_params["module"]
    versions = await released_versions(catalog, visitor, module)
    old, new = _chosen(request, versions)
    for version in (old, new):
        require_version(module, version, versions)
    found = await library.compared(module, old, new, visitor.caller.credential)
    findings, groups = found["findings"], _groups(found["changes"])
    part = part_of(request, len(findings) + len(groups), _ENTRIES)
    after = slice(*(max(0, at - len(findings)) for at in (part.slice.start, part.slice.stop)))
    data = DiffPage(
        module=module,
        old=old,
        new=new,
        versions=tuple(versions),
        address=of_diff(module, old, new),
        bump=found["bump"],
        part=part,
        breaking=sum(1 for finding in findings if finding["breaks"] and not finding["additive"]),
        findings=findings[part.slice],
        groups=groups[after],
        waivers=found["waivers"],
        impact=found["impact"],
        doubts=found["doubts"],
        rules=found["rules"],
        elements=frozenset(found["elements"]),
        not_claimed=found["not_claimed"],
    )
    crumbs = (Crumb(module, of_module(module)),)
    return Page(template="diff", title=f"{module}: {old} to {new}", data=data, crumbs=crumbs)


def _chosen(request: Request, versions: Sequence[str]) -> tuple[str, str]:
    """The two versions of an address: `OLD..NEW`, or those of the form; by default the last two.

    Raises:
        NotFound: the address names no two versions.
    """
    said = request.path_params.get("versions")
    if said is None:
        given = request.query_params
        before = versions[1] if len(versions) > 1 else versions[0]
        return given.get("old") or before, given.get("new") or versions[0]
    old, dots, new = said.partition("..")
    if not (old and dots and new):
        raise NotFound(f"{said} names no two versions", fix="write them as 1.0.0..2.0.0")
    return old, new


def _groups(changes: Sequence[Mapping[str, str]]) -> list[Group]:
    """The changes by the type that has them, by name."""
    found: dict[str, list[Mapping[str, str]]] = {}
    for change in changes:
        subject = change["subject"]
        owner = subject.rpartition(".")[0] if change["element"] in _MEMBERS else subject
        found.setdefault(owner, []).append(change)
    return [
        Group(subject, any(one["kind"] == "added" and one["subject"] == subject for one in of_type), tuple(of_type))
        for subject, of_type in sorted(found.items())
    ]
