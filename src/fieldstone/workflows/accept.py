"""Accept: take a release that a client drafted, after everything in it was recomputed under the registry's policy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from fieldstone.checking.judgement import today_utc
from fieldstone.checking.release_audit import Audit
from fieldstone.errors import Damaged, Invalid
from fieldstone.project.settings import Settings
from fieldstone.registry import manifest
from fieldstone.registry.archive import unpack
from fieldstone.registry.buffered import BufferedStore
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.lines import ancestry
from fieldstone.registry.release import IMAGE, NAME, Release
from fieldstone.registry.sql import SqlStore, audit, open_store
from fieldstone.schema.descriptors import load_schema
from fieldstone.workflows.pushing.facts import release_facts
from fieldstone.workflows.pushing.names import claim


class Sent(Struct, frozen=True, kw_only=True):
    """A release as a client sends it.

    Attributes:
        module: the module that it was sent to.
        archive: see `registry.archive`.
        who: the name of who sends it.
        credential: the id of their token.
        address: the address of the registry in messages.
        is_copy: whether it comes from another registry, which judged it: then its contents and its place in the chain
            are verified, and no policy is applied.
    """

    module: str
    archive: bytes
    who: str = ""
    credential: str = ""
    address: str = ""
    is_copy: bool = False


def accept(address: str, sent: Sent, policy: Mapping[str, Any]) -> str:
    """Judge a release, and add it to the registry; returns its version.

    Args:
        address: the address of a database registry; see `open_registry`.
        sent: the release.
        policy: the settings of modules, by name, as below `[modules]` in the settings.

    Raises:
        Conflict: the version exists already, or another release was added meanwhile.
        Invalid: the release is not what its sources come to, or the policy refuses it.
        FieldstoneError: it is no release, or the registry cannot be read or written.
    """
    store = open_store(address)
    text, files = unpack(sent.archive)
    release = _read(sent, text, files)
    buffer = BufferedStore(store, sent.address)
    buffer.add(release, text, files)
    registry = FetchedRegistry(buffer)
    _refuse_defects(registry, release, policy, is_copy=sent.is_copy)
    _write(store, buffer, release, sent)
    return release.version


def _read(sent: Sent, text: bytes, files: Mapping[str, bytes]) -> Release:
    """The manifest of a release, which names exactly the files that came with it."""
    try:
        release = manifest.from_toml(text.decode("utf-8"), where=NAME)
    except (UnicodeDecodeError, Damaged) as error:
        raise Invalid(str(error)) from error
    if release.name != sent.module:
        raise Invalid(f"the release is one of {release.name}, and was sent to {sent.module}")
    if release.seal != manifest.seal_of(text.decode()) or text != manifest.to_toml(release).encode():
        raise Invalid(f"the manifest of {release.name} {release.version} does not match its seal")
    own = {*release.own_files}
    if files.keys() != own:
        other = min(files.keys() ^ own)
        raise Invalid(f"{release.name} {release.version} does not have exactly the files that it names: {other}")
    return release


def _refuse_defects(registry: FetchedRegistry, release: Release, policy: Mapping[str, Any], *, is_copy: bool) -> None:
    defects = [defect for defect in registry.defects(release.name) if defect.version == release.version]
    if not defects:
        audited = _audit(registry, release, policy)
        defects = audited.content_defects() if is_copy else audited.defects()
    if defects:
        told = "\n".join(f"{defect.problem} ({defect.kind})" for defect in defects)
        raise Invalid(f"{release.name} {release.version} is refused: {told}", fix=defects[0].fix)


def _audit(registry: FetchedRegistry, release: Release, policy: Mapping[str, Any]) -> Audit:
    settings = Settings(Path(), values={"modules": policy}).module(release.name)
    line = [*ancestry(registry, release)][:0:-1]
    return Audit(registry, release, line, settings, today_utc())


def _write(store: SqlStore, buffer: BufferedStore, release: Release, sent: Sent) -> None:
    with store.database.transaction() as connection:
        buffer.write()
        image = FetchedRegistry(store).read(release, IMAGE)
        types = [] if release.retired else load_schema(image, where=IMAGE, own_files=release.sources.keys()).types()
        claim(connection, release.name, release.protos, [element.full_name for element in types])
        entry = audit.Entry(
            "copy" if sent.is_copy else "release", sent.who, sent.credential, release.name, release_facts(release)
        )
        audit.append(connection, entry, is_sqlite=store.database.is_sqlite)
