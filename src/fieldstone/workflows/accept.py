"""Accept: take a release that a client drafted, after everything in it was recomputed under the registry's policy."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from fieldstone.checking.judgement import today_utc
from fieldstone.checking.release_audit import Audit
from fieldstone.checking.since.policy import exempts, permits
from fieldstone.compatibility.waiver import Waiver
from fieldstone.consumers.published import Known
from fieldstone.errors import Conflict, Damaged, Invalid
from fieldstone.project.server_policy import Policy
from fieldstone.project.settings import ModuleSettings
from fieldstone.registry import Defect, manifest
from fieldstone.registry.archive import unpack
from fieldstone.registry.buffered import BufferedStore
from fieldstone.registry.chain import broken_links, broken_retirements
from fieldstone.registry.consumers.sql import SqlConsumers
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.lines import ancestry
from fieldstone.registry.release import IMAGE, IMPORTS, LEDGER, NAME, SOURCES, THIRD_PARTY, Release
from fieldstone.registry.sql import SqlStore, audit, open_store
from fieldstone.registry.sql.catalog import give_owner
from fieldstone.schema.digest import file_digest
from fieldstone.workflows.pushing.messages import Sent
from fieldstone.workflows.pushing.names import claim
from fieldstone.workflows.pushing.upload import refuse_path, refuse_same_but_case
from fieldstone.workflows.release import parse_version
from fieldstone.workflows.server_policy import newest_policy
from fieldstone.workflows.signing import signature_problem
from fieldstone.workspace.module_name import REQUIREMENT, is_module_name

_ATTEMPTS = 3
"""The most times that a release is judged because another write was faster: its own conflicts stay."""


def accept(address: str, sent: Sent) -> str:
    """Judge a release, and add it to the registry; returns its version.

    Args:
        address: the address of a database registry; see `open_registry`.
        sent: the release.

    Raises:
        Conflict: the version exists already, or another release was added meanwhile.
        Invalid: the release is not what its sources come to, or the policy refuses it.
        FieldstoneError: it is no release, or the registry cannot be read or written.
    """
    for _ in range(_ATTEMPTS):
        try:
            return _accepted(address, sent)
        except Conflict as error:
            overtaken = error
    raise overtaken


def _accepted(address: str, sent: Sent) -> str:
    """One attempt."""
    store = open_store(address, existing=True)
    policy = newest_policy(store.database)
    store.actor = audit.Actor(sent.who, sent.credential, policy.number)
    text, files = unpack(sent.archive)
    release = _read(sent, text)
    buffer = BufferedStore(store, sent.address)
    buffer.add(release, text, files, is_copy=sent.is_copy)
    _refuse_other_files(release, files)
    if not sent.is_copy:
        refuse_same_but_case(release.name, release.sources)
    with tempfile.TemporaryDirectory(prefix="fieldstone-accept-") as scratch:
        settings = policy.settings(Path(scratch), {release.name: {}}).module(release.name)
        ask = SqlConsumers(store.database).known
        refusal = _refusal(FetchedRegistry(buffer), release, settings, ask, is_copy=sent.is_copy)
        if refusal is None and not sent.is_copy and policy.demands_signature(release.name):
            refusal = _unsigned(release, text, policy, Path(scratch))
    if refusal is not None:
        _record_refusal(store, release, refusal.problem)
        raise refusal
    _write(store, buffer, release, policy.default_owner)
    return release.version


def _read(sent: Sent, text: bytes) -> Release:
    """The manifest of a release.

    Raises:
        Invalid: it is no manifest of a release of that module.
    """
    if not is_module_name(sent.module):
        raise Invalid(f"{sent.module!r} cannot be the name of a module", fix=REQUIREMENT)
    try:
        release = manifest.from_toml(text.decode("utf-8"), where=NAME)
        _ = release.released_time
    except (UnicodeDecodeError, Damaged) as error:
        raise Invalid(str(error)) from error
    parse_version(release.version)
    if release.name != sent.module:
        raise Invalid(f"the release is one of {release.name}, and was sent to {sent.module}")
    if release.accepted and not sent.is_copy:
        raise Invalid(
            f"{release.name} {release.version} says that it is history, which only a copy may be",
            fix="adopt it into a folder, and have an admin copy that: `fieldstone registry copy`",
        )
    foreign = [link.name for link in release.dependencies if link.is_remote]
    if foreign and not sent.is_copy:
        raise Invalid(
            f"{release.name} {release.version} imports {foreign[0]}, which is in another registry",
            fix="push that module to this registry, or keep its files as third-party schemas (`imports-only`)",
        )
    sealed = release.seal == manifest.seal_of(text.decode())
    if not sealed or not (sent.is_copy or text == manifest.to_toml(release).encode()):
        raise Invalid(f"the manifest of {release.name} {release.version} does not match its seal")
    return release


def _refuse_other_files(release: Release, files: Mapping[str, bytes]) -> None:
    """Raise if a release came with other files than it names.

    Raises:
        Invalid: it did, or it names files that no release has.
    """
    what, own = f"{release.name} {release.version}", {*release.own_files}
    if files.keys() != own:
        raise Invalid(f"{what} does not have exactly the files that it names: {min(files.keys() ^ own)}")
    for path in release.files.keys() - {IMAGE, LEDGER}:
        folder = next((folder for folder in (SOURCES, THIRD_PARTY, IMPORTS) if path.startswith(folder)), "")
        if not folder:
            raise Invalid(f"{path} is no file of a release")
        refuse_path(release.name, path.removeprefix(folder))
    for path, content in files.items():
        if file_digest(content) != release.files[path]:
            raise Invalid(f"{path} is not the one that {what} names ({len(content)} bytes)", fix="release again")
    if missing := {IMAGE, LEDGER} - release.files.keys():
        raise Invalid(f"{what} has no {min(missing)}")


def _refusal(
    registry: FetchedRegistry, release: Release, settings: ModuleSettings, ask: Callable[[], Known], *, is_copy: bool
) -> Invalid | None:
    """The error that tells why a release is refused; None if it is not."""
    try:
        defects = [*_defects(registry, release, settings, ask, is_copy=is_copy)]
    except Damaged as error:
        return Invalid(f"{release.name} {release.version} is refused: {error.problem}")
    if not defects:
        return None
    told = "; ".join(f"{defect.problem} ({defect.kind})" for defect in defects)
    way_out = "copy a sound registry" if is_copy else "undo the change, or ask an admin to change the registry's policy"
    return Invalid(
        f"{release.name} {release.version} is refused: {told}",
        fix=f"{way_out}; `fieldstone explain {defects[0].kind}` says more",
    )


def _unsigned(release: Release, text: bytes, policy: Policy, folder: Path) -> Invalid | None:
    """The error about a release that no allowed signer signed; None if one did."""
    allowed = folder / "allowed_signers"
    allowed.write_text(policy.allowed_signers, "utf-8")
    problem = signature_problem(release, text, allowed)
    fix = f"sign it: `fieldstone release {release.name} --sign KEY`, with a key in `allowed-signers` of the policy"
    return Invalid(f"{release.name} {release.version} is refused: {problem}", fix=fix) if problem else None


def _defects(
    registry: FetchedRegistry, release: Release, settings: ModuleSettings, ask: Callable[[], Known], *, is_copy: bool
) -> Iterator[Defect]:
    """The defects of a release: those of its place in the chain, else those of its contents and claims."""
    releases = registry.releases(release.name)
    chain = [
        *broken_links(releases, registry.label, registry.remedy),
        *broken_retirements(releases, registry.label, registry.remedy),
    ]
    own = [defect for defect in chain if defect.version == release.version]
    if own:
        yield from own
        return
    before = [*ancestry(registry, release)][:0:-1]
    judged = Audit(registry, release, before, settings, today_utc(), ask=ask)
    if is_copy:
        yield from judged.content_defects()
        return
    yield from _without_permission(registry, release, settings)
    yield from judged.defects()


def _without_permission(registry: FetchedRegistry, release: Release, settings: ModuleSettings) -> Iterator[Defect]:
    """Permissions that the release records, and that the policy does not give."""
    said: dict[str, str] = {}
    for waiver in release.waivers:
        if not any(_is_given_by(held, waiver) for held in settings.waivers):
            said[f"it records that {waiver.text}, and the policy of the registry has no such waiver"] = "waiver-wrong"
    for exemption in release.exemptions:
        if not exempts(settings, exemption):
            said[f"it records that {exemption.text}, and the policy of the registry does not"] = "exemption-wrong"
    for problem, kind in said.items():
        where = registry.label(release)
        yield Defect(f"registry-{kind}", release.name, release.version, where, problem, "")


def _is_given_by(held: Waiver, waiver: Waiver) -> bool:
    """Whether a waiver of the policy is the one that a release records, until the same day or a later one."""
    same = (held.owner, held.reason) == (waiver.owner, waiver.reason)
    return same and permits(replace(held, module=""), replace(waiver, module=""))


def _record_refusal(store: SqlStore, release: Release, why: str) -> None:
    with store.database.transaction() as connection:
        details = {"version": release.version, "seal": release.seal, "why": why}
        audit.append(connection, store.actor.entry("refuse", release.name, details), is_sqlite=store.database.is_sqlite)


def _write(store: SqlStore, buffer: BufferedStore, release: Release, owner: str) -> None:
    store.upload(buffer.contents)
    with store.database.transaction() as connection:
        buffer.write()
        if owner:
            give_owner(connection, release.name, owner)
        claim(connection, FetchedRegistry(store), release)
