"""The draft of a release: manifest and files, made from the result of a check. Pure: reads and writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.checking.release_changes import FIRST_RELEASE, release_changes
from fieldstone.compatibility import RULES_VERSION
from fieldstone.errors import Unavailable
from fieldstone.registry.release import IMAGE, LAYOUT, LEDGER, SOURCES, Link, Release, schema_files
from fieldstone.schema.digest import b5, manifest

if TYPE_CHECKING:
    from fieldstone.compatibility.exemption import Exemption
    from fieldstone.compatibility.finding import ModuleReport
    from fieldstone.compatibility.ledger import Ledger
    from fieldstone.compatibility.waiver import Waiver
    from fieldstone.schema.model import Schema

SKEW = timedelta(minutes=10)
"""The largest clock difference that is accepted between two machines that release."""


class Origin(Struct, frozen=True, kw_only=True):
    """The origin of a release; see the attributes of `Release` with the same names."""

    commit: str
    style: str
    compiler: str
    accepted: str = ""


class Snapshot(Struct, frozen=True, kw_only=True):
    """A module at one moment.

    Attributes:
        sources: its files by path relative to its root, in bytes: .proto files, LICENSE and documentation.
        image: the compiled sources with all their imports.
        schema: the module's own elements, read from the image.
        compared: the schema as compared with the release before: with removed files that are now imported.
        imports: the releases, remote and third-party modules that it imports.
        third_party: the third-party files that buf lists in the module, by path relative to its root, in bytes.
        imported: the files of third-party modules that it imports, by import path, in bytes.
    """

    sources: Mapping[str, bytes]
    image: bytes
    schema: Schema
    compared: Schema
    imports: Sequence[Link]
    third_party: Mapping[str, bytes] = {}
    imported: Mapping[str, bytes] = {}

    @property
    def digest(self) -> str:
        """Its b5 digest."""
        return b5(manifest({**self.sources, **self.third_party}), (link.digest for link in self.imports))


class Draft(Struct, frozen=True):
    """A release that is not written yet.

    Attributes:
        release: its manifest.
        files: its other files by path, in bytes.
    """

    release: Release
    files: Mapping[str, bytes]


def draft(
    now: Snapshot,
    version: str,
    report: ModuleReport,
    *,
    baseline: tuple[Release, Schema] | None,
    ledger: Ledger,
    line: str = "",
    beside: Sequence[Release] = (),
    made: datetime,
    origin: Origin,
) -> Draft:
    """The draft of the next release of a module.

    Args:
        now: the module.
        version: the version to give it.
        report: the check of the module.
        baseline: the newest release with its schema; None for a first release.
        ledger: the history of the module's line up to that release.
        line: the minor line that it continues; empty in the main line.
        beside: the newest releases of the other lines.
        made: the time of the release, in UTC.
        origin: where it comes from.
    """
    newest = baseline[0] if baseline else None
    written = written_ledger(newest, ledger, ledger.advance(now.schema, version))
    files = schema_files(now.sources, now.third_party, now.imported)
    files |= {IMAGE: now.image, LEDGER: written.text}
    digests = manifest(files)
    stored = _stored(newest, digests)
    release = Release(
        name=report.module,
        version=version,
        digest=now.digest,
        bump=report.bump if newest else "first",
        released_at=made.strftime("%Y-%m-%dT%H:%M:%SZ"),
        commit=origin.commit,
        style=origin.style,
        compiler=origin.compiler,
        accepted=origin.accepted,
        rules=RULES_VERSION,
        changes=tuple(_changes(now, *baseline) if baseline else [FIRST_RELEASE]),
        waivers=recorded_waivers(report),
        exemptions=recorded_exemptions(report),
        previous=newest.link if newest else None,
        line=line,
        beside=tuple(other.link for other in beside),
        dependencies=tuple(now.imports),
        files=digests,
        layout=LAYOUT,
        stored=stored,
        ledgers=written.older,
    )
    return Draft(release, {path: content for path, content in files.items() if path not in stored})


class WrittenLedger(Struct, frozen=True):
    """The ledger that a release writes, and the references to the older ones that it continues."""

    text: bytes
    older: tuple[Link, ...] = ()


def written_ledger(newest: Release | None, before: Ledger, after: Ledger) -> WrittenLedger:
    """The ledger that a release writes: what it changed, or the whole one after `_MOST_LEDGERS` of these.

    Args:
        newest: the release before; None for a first release.
        before: the history up to that release.
        after: the history with the new one.
    """
    older = (*newest.ledgers, replace(newest.link, digest=newest.files[LEDGER], seal="")) if newest else ()
    if len(older) >= _MOST_LEDGERS:
        older = ()
    changed = after.since(before) if older else after
    return WrittenLedger(changed.to_json().encode(), older)


_MOST_LEDGERS = 24
"""The number of older ledgers that a release may continue: so many small files are read for its history."""


def _stored(newest: Release | None, files: Mapping[str, str]) -> dict[str, str]:
    """The older versions that have sources of a release already, by path."""
    if newest is None:
        return {}
    return {
        path: newest.home(path)
        for path, digest in files.items()
        if path.startswith(SOURCES) and newest.files.get(path) == digest
    }


def _changes(now: Snapshot, newest: Release, before: Schema) -> list[str]:
    return release_changes(
        before,
        now.compared,
        left=newest.protos.keys() - now.sources.keys(),
        since=newest.version,
        same_digest=newest.digest == now.digest,
        same_sources=newest.sources == manifest(now.sources),
    )


def recorded_waivers(report: ModuleReport) -> tuple[Waiver, ...]:
    """The waivers that a release records: the used ones, without their module, which the release names itself."""
    return tuple(replace(waiver, module="") for waiver in used_waivers(report))


def recorded_exemptions(report: ModuleReport) -> tuple[Exemption, ...]:
    """The exemptions that a release records: those that permit a finding, each once."""
    return tuple(dict.fromkeys(finding.exemption for finding in report.findings if finding.exemption))


def used_waivers(report: ModuleReport) -> Iterable[Waiver]:
    """The waivers in force that permit a finding, each once."""
    return dict.fromkeys(finding.waiver for finding in report.findings if finding.waiver)


def in_order(made: datetime, newest: Release | None) -> datetime:
    """The time of a release: not before that of the release that it follows.

    Args:
        made: the time that the clock of this machine says.
        newest: the release that it follows, if any.

    Raises:
        Unavailable: the clock is so far behind that one of the two times is wrong.
    """
    if newest is None or made >= newest.released_time:
        return made
    if made < newest.released_time - SKEW:
        raise Unavailable(
            f"{newest.name} {newest.version} was released at {newest.released_at}, and the clock of this machine says "
            f"{made:%Y-%m-%dT%H:%M:%SZ}",
            fix="set the clock",
        )
    return newest.released_time
