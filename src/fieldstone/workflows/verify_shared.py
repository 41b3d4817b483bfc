"""Verify a shared registry from outside: its releases, the chain of its audit, and that both tell the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.errors import Invalid
from fieldstone.project.project import Project
from fieldstone.project.server_policy import load
from fieldstone.registry import Defect, open_registry
from fieldstone.registry.sql.audit import Row, breaks
from fieldstone.registry.sql.policies import StoredPolicy
from fieldstone.schema.digest import file_digest
from fieldstone.workflows.administering import open_administration
from fieldstone.workflows.heads import lost_heads
from fieldstone.workflows.verify import verify

if TYPE_CHECKING:
    from fieldstone.registry.release import Release
    from fieldstone.workflows.heads import Head


_Seals = dict[tuple[str, str], str]
"""Module and version to seal."""


class SharedVerification(Struct, frozen=True):
    """The result.

    Attributes:
        defects: the defects; none if all is sound.
        releases: the number of releases.
        accepted: the number of those that were accepted as history.
        rows: the number of rows of the audit.
        head: the number and the hash of its last row, as `audit_head` of a later verification.
    """

    defects: Sequence[Defect]
    releases: int
    accepted: int
    rows: int
    head: str


def verify_shared(
    address: str,
    folder: Path,
    *,
    audit_head: str = "",
    trusted: Mapping[str, str] | None = None,
    anchored: Iterable[Head] = (),
) -> SharedVerification:
    """Verify a shared registry under its own policy.

    Args:
        address: see `open_administration`.
        folder: an empty folder for the policy.
        audit_head: a row that the audit had: its number, a colon, its hash.
        trusted: see `verify`.
        anchored: see `verify`.

    Raises:
        Denied: the token is none of an admin.
        FieldstoneError: the registry cannot be read.
    """
    expected = _parsed(audit_head)
    administration = open_administration(address)
    stored = administration.policy()
    registry = open_registry(address)
    modules = registry.modules()
    settings = load(stored.content, number=stored.number).settings(
        folder, {name: {} for name in modules}, registry=address
    )
    found = (
        [*verify(Project(settings), trusted=trusted, anchored=anchored)]
        if modules
        else [*lost_heads(registry, anchored)]
    )
    rows = [*administration.audit()]
    releases = [release for module in registry.modules() for release in registry.releases(module)]
    later = [*administration.audit(rows[-1].number if rows else 0)]  # others may release meanwhile
    broken = [*breaks([*rows, *later]), *_lost_head([*rows, *later], expected)]
    found += [_defect("", "", address, problem) for problem in broken or _other_policy(rows, stored)]
    if not broken:  # else the rows prove nothing
        found += _other_releases(releases, _told(rows), _told(later), address)
    return SharedVerification(
        defects=found,
        releases=len(releases),
        accepted=sum(bool(release.accepted) for release in releases),
        rows=len(rows),
        head=f"{rows[-1].number}:{rows[-1].hash}" if rows else "",
    )


def _parsed(audit_head: str) -> tuple[int, str] | None:
    number, _, digest = audit_head.partition(":")
    if not audit_head:
        return None
    if not number.isdecimal() or len(number) > 18 or not digest:  # noqa: PLR2004 - as a 64-bit number
        raise Invalid(f"{audit_head} is no row of an audit", fix="write it as NUMBER:HASH, as verify prints it")
    return int(number), digest


def _lost_head(rows: Sequence[Row], expected: tuple[int, str] | None) -> Iterator[str]:
    if expected and expected not in ((row.number, row.hash) for row in rows):
        yield f"row {expected[0]} of the audit is gone, or another one"


def _other_policy(rows: Iterable[Row], policy: StoredPolicy) -> Iterator[str]:
    """The difference between the policy and the row of the audit that tells of it."""
    digest = file_digest(policy.content.encode())
    set_to = {row.entry.details.get("number"): row.entry.details for row in rows if row.entry.action == "set-policy"}
    if policy.number and set_to.get(policy.number, {}).get("digest") != digest:
        yield f"policy {policy.number} is not the one that the audit tells of"
    if any(isinstance(number, int) and number > policy.number for number in set_to):
        yield f"the audit tells of a newer policy than {policy.number}"


def _told(rows: Iterable[Row]) -> _Seals:
    """The releases that rows of the audit tell of."""
    entries = (row.entry for row in rows)
    return {
        (entry.module, str(entry.details.get("version"))): str(entry.details.get("seal"))
        for entry in entries
        if entry.action in {"release", "copy"}
    }


def _other_releases(releases: Iterable[Release], told: _Seals, told_later: _Seals, address: str) -> Iterator[Defect]:
    """The differences between the releases of a registry and those that its audit tells of."""
    present = {(release.name, release.version): release.seal for release in releases}
    for module, version in sorted(told.keys() | present.keys()):
        seal, known = present.get((module, version)), {**told_later, **told}.get((module, version))
        where = f"{address}/{module}/{version}"
        if seal is None:
            yield _defect(module, version, where, "the audit tells of it, and it is gone")
        elif known is None:
            yield _defect(module, version, where, "no row of the audit tells who released it")
        elif seal != known:
            yield _defect(module, version, where, "it is not the release that the audit tells of")


def _defect(module: str, version: str, where: str, problem: str) -> Defect:
    fix = "compare with a backup of the database, and find out who wrote to it"
    return Defect("registry-audit-broken", module or "the registry", version, where, problem, fix)
