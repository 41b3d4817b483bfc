"""Release: give a module the smallest version that its changes may carry, and write it to the registry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace
from semver import Version

from fieldstone.checking.baseline import history, released
from fieldstone.checking.module_identity import renamed_modules
from fieldstone.checking.release_changes import FIRST_RELEASE, release_changes
from fieldstone.compatibility import RULES_VERSION
from fieldstone.compatibility.finding import ModuleReport
from fieldstone.compatibility.verdict import may_carry
from fieldstone.compatibility.waiver import Waiver
from fieldstone.errors import FieldstoneError
from fieldstone.incremental.slices import remember
from fieldstone.project.project import Project
from fieldstone.registry.release import IMAGE, LEDGER, SOURCES, Link, Release
from fieldstone.schema.descriptors import read_schema
from fieldstone.schema.digest import manifest
from fieldstone.schema.image import with_own
from fieldstone.schema.location import Location
from fieldstone.toolchain import buf, git
from fieldstone.workflows.check import check
from fieldstone.workspace.dependencies import Dependencies
from fieldstone.workspace.modules import DOCUMENTS, Module
from fieldstone.workspace.references import compile_module


class Outcome(Struct, frozen=True):
    """What a release came to.

    Attributes:
        report: the check that came before it.
        release: what was, or with `dry_run` would have been, released; None if nothing was.
        refused: why a version was refused; empty if it was not.
        spent: where the waivers stand that the release has used up.
    """

    report: ModuleReport
    release: Release | None = None
    refused: str = ""
    spent: tuple[Location, ...] = ()


def release(
    project: Project, name: str, *, version: str = "", dry_run: bool = False, now: datetime | None = None
) -> Outcome:
    """Release a module as it is in the working tree; from the cache nothing is taken unless that was asked for.

    Args:
        project: where the module is.
        name: the module.
        version: the version to give it; by default the smallest that its changes may carry.
        dry_run: judge and number, and write nothing.
        now: the time of the release, in UTC, which is judged as of its day; the time of the call by default.

    Raises:
        FieldstoneError: the version is none, the module is retired, a dependency is not released, a release of any
            module is half or holds what is no part of it, or the registry cannot be written.
    """
    made = now or datetime.now(UTC)
    wanted = parse_version(version) if version else None
    project = replace(project, permission=project.permission.only_if_asked())
    require_order(project)
    project.require_living(name)
    if _is_renamed(project, name):
        return Outcome(check(project, [name], full=True, today=made.date()).modules[0])
    module = project.module(name)
    contents = module.contents()
    (report,) = check(project, [name], full=True, today=made.date()).modules
    if not report.allowed:
        return Outcome(report)
    image = compile_module(project.workspace, module, outside=project.settings.registry_folder)
    if module.contents() != contents:
        raise FieldstoneError(f"the sources of {name} changed while they were being released", fix="release again")
    number = wanted or (Version.parse(report.version) if report.version else None)
    if number is None:
        return Outcome(report)
    refused = refusal(project, name, number, report)
    if refused:
        return Outcome(report, refused=refused)
    files = _files(project, module, contents, image, str(number))
    exact = Dependencies(project.workspace)
    draft = _manifest(project, module, files, str(number), report, made=made, dependencies=exact)
    if not dry_run:
        project.registry.add(draft, files)
        draft = project.registry.release(name, draft.version)
        with suppress(FieldstoneError):  # it is released, whatever else the registry may have wrong
            remember(project, draft)
    return Outcome(report, draft, spent=tuple(project.settings.waivers[waiver] for waiver in used_waivers(report)))


def require_order(project: Project) -> None:
    """Refuse to build on a registry in disorder, whichever module it is of.

    Raises:
        FieldstoneError: a release of any module is half, or holds what is no part of it.
    """
    for name in project.registry.modules():
        project.registry.releases(name)


def _is_renamed(project: Project, name: str) -> bool:
    """Whether a name is that of a renamed module, before or after."""
    renamed = renamed_modules(project)
    return name in renamed or name in {module.name for module in renamed.values()}


def parse_version(version: str) -> Version:
    """The version that a release is asked to have.

    Raises:
        FieldstoneError: it is no semantic version, or has build metadata.
    """
    try:
        parsed = Version.parse(version)
    except ValueError as error:
        raise FieldstoneError(f"{version} is no semver version", fix="write it as 1.2.3 or 2.0.0-rc.1") from error
    if parsed.build:
        raise FieldstoneError(
            f"{version} has build metadata, which semver leaves out of the order of versions", fix="leave it out"
        )
    return parsed


def refusal(project: Project, name: str, number: Version, report: ModuleReport) -> str:
    """Why a module cannot be released under a version; empty if it can.

    Args:
        project: where the registry is.
        name: the module.
        number: the version.
        report: what the check of the module came to.
    """
    versions = project.registry.versions(name)
    if versions and not report.version:
        return f"nothing changed in {name} since {versions[-1]}; there is nothing to release as {number}"
    if versions and number <= versions[-1]:
        return f"{number} does not follow {versions[-1]}, the newest release of {name}"
    if versions and not may_carry(number, versions, Version.parse(report.version)):
        return f"{number} is too small for {name}: its changes are {report.bump}, and ask for {report.version}"
    return ""


def _files(
    project: Project, module: Module, contents: Mapping[str, bytes], image: bytes, version: str
) -> dict[str, bytes]:
    """All that a release holds beside its manifest."""
    schema = read_schema(image, where=f"the image of {module.path}")
    ledger = history(project, module).advance(schema, version)
    sources = {SOURCES + path: content for path, content in contents.items()}
    return sources | {IMAGE: image, LEDGER: ledger.to_json().encode()}


def _manifest(
    project: Project,
    module: Module,
    files: Mapping[str, bytes],
    version: str,
    report: ModuleReport,
    *,
    made: datetime,
    dependencies: Dependencies,
) -> Release:
    """The manifest; `dependencies` read every file, so that a release takes nothing for granted."""
    newest = project.newest(module)
    return Release(
        name=module.name,
        version=version,
        digest=dependencies.digest(module),
        bump=report.bump if newest else "first",
        released_at=made.strftime("%Y-%m-%dT%H:%M:%SZ"),
        commit=git.source_commit(module.root, module.files.values(), lambda path: _is_source(module, path)),
        style=project.workspace.style_digest(module),
        compiler=buf.compiler(),
        rules=RULES_VERSION,
        changes=tuple(_changes(project, module, newest, files[IMAGE], dependencies)),
        waivers=recorded_waivers(report),
        previous=newest.link if newest else None,
        dependencies=tuple(_dependencies(project, module, dependencies)),
        files=manifest(files),
    )


def _is_source(module: Module, path: str) -> bool:
    """Whether a file at a path below the module's root would be part of a release."""
    return module.owns(path) or path in DOCUMENTS


def recorded_waivers(report: ModuleReport) -> tuple[Waiver, ...]:
    """The waivers that a release records: those that permitted something, without the module, which it names itself."""
    return tuple(replace(waiver, module="") for waiver in used_waivers(report))


def used_waivers(report: ModuleReport) -> Iterable[Waiver]:
    """The waivers in force that permitted something, each once."""
    return dict.fromkeys(finding.waiver for finding in report.findings if finding.waiver)


def _changes(
    project: Project, module: Module, newest: Release | None, image: bytes, dependencies: Dependencies
) -> list[str]:
    if newest is None:
        return [FIRST_RELEASE]
    where = f"the image of {module.path}"
    left = newest.protos.keys() - module.proto_paths.keys()
    return release_changes(
        released(project, newest).side.schema,
        read_schema(with_own(image, left, where=where), where=where),
        left=left,
        since=newest.version,
        same_digest=newest.digest == dependencies.digest(module),
        same_sources=newest.sources == manifest(module.contents()),
    )


def _dependencies(project: Project, module: Module, dependencies: Dependencies) -> Iterator[Link]:
    """The releases that the module imports from, each the newest of its module and as the sources are now."""
    for other in dependencies.of(module):
        project.require_living(other.name)
        newest = project.newest(other)
        digest = dependencies.digest(other)
        if newest is None or newest.digest != digest:
            state = f"differs from {newest.version}, its newest release" if newest else "has no release yet"
            raise FieldstoneError(
                f"{module.name} imports {other.name}, which {state}", fix=f"run `fieldstone release {other.name}` first"
            )
        yield Link(other.name, newest.version, digest)
    for remote in dependencies.remote(module):
        yield Link(remote.name, remote.commit, remote.digest)
