"""Whether a registry has all that was acknowledged, once, in versions without a gap, and an audit that tells of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import text

from fieldstone.cache import Cache
from fieldstone.registry import Registry, open_registry
from fieldstone.registry.release import SOURCES, Release
from fieldstone.registry.sql.database import Database
from tests.server.replicas.writers import Acknowledged, fieldstone
from tests.server.running import LONGEST, Serving

_FIELD = re.compile(rb"  string (\w+) = \d+;")
_SECONDS_OF_A_RELEASE = 2
_COUNTED = """
    SELECT name, releases, count(version), coalesce(max(number), 0), coalesce(min(number), 1)
    FROM modules LEFT JOIN releases ON module = name GROUP BY name, releases
"""


def require_each_once(registry: Registry, acknowledged: Iterable[Acknowledged]) -> int:
    """See that each field came with one release and is still there, and that versions have no gap.

    Returns:
        the number of releases.
    """
    expected: dict[str, set[str]] = {}
    for told in acknowledged:
        expected.setdefault(told.module, set()).add(told.field)
    count = 0
    for module in registry.modules():
        releases = registry.releases(module)
        assert [release.version for release in releases] == [f"1.{number}.0" for number in range(len(releases))], module
        before: set[str] = set()
        for release in releases:
            now = _fields(registry, release)
            assert before < now, f"{module} {release.version} adds nothing to {before}, or lacks some: {now}"
            before = now
        lost = expected.pop(module, set()) - before
        assert not lost, f"acknowledged, and not in {module}: {sorted(lost)}"
        count += len(releases)
    assert not expected, f"modules with acknowledged releases are gone: {sorted(expected)}"
    return count


def require_one_admin(database: str) -> None:
    """See that servers which started at once on an empty database made one first token."""
    with Database(database).reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM tokens")).scalar_one() == 1


def _fields(registry: Registry, release: Release) -> set[str]:
    files = [registry.read(release, f"{SOURCES}{path}") for path in release.sources]
    return {name.decode() for content in files for name in _FIELD.findall(content)}


def require_counts(database: str, commits: Iterable[str] = ()) -> None:
    """See in the database that releases are numbered without a gap, and that it has some commits."""
    with Database(database).reading() as connection:
        for module, *numbers in connection.execute(text(_COUNTED)):
            told, count, last, first = numbers
            assert (told, count, first) == (last, last, 1), f"{module}: {numbers}"
        known = {commit for (commit,) in connection.execute(text("SELECT commit_id FROM releases"))}
        assert {*commits} <= known


def require_verified(served: Serving, folder: Path, audit_head: str = "", *, releases: int = 0) -> str:
    """See that `registry verify` finds nothing, and that the audit goes on from an earlier head; the new head."""
    seconds = 5 * LONGEST + releases * _SECONDS_OF_A_RELEASE
    options = ["--audit-head", audit_head] if audit_head else []
    ran = fieldstone(served, folder, "registry", "verify", served.url, *options, seconds=seconds)
    assert ran.code == 0, ran
    found = re.search(r"head (\S+)", ran.err)
    assert found, ran
    return found[1]


def opened(served: Serving, folder: Path) -> Registry:
    """The registry of a server, whose files are kept in a folder; FIELDSTONE_TOKEN is set."""
    return open_registry(served.url, Cache(folder))
