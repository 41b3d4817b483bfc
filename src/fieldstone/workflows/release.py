"""Release: write a module to the registry under the smallest version that its changes allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace
from semver import Version

from fieldstone.checking.baseline import ledger_of, released
from fieldstone.checking.drafting import Draft, Origin, Snapshot, draft, in_order
from fieldstone.checking.findings.stale_waivers import spent
from fieldstone.checking.judgement import Side
from fieldstone.checking.module_identity import renamed_modules
from fieldstone.checking.options import CheckOptions
from fieldstone.compatibility.finding import ModuleReport
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.verdict import may_carry
from fieldstone.errors import Conflict, FieldstoneError, Invalid
from fieldstone.incremental.slices import remember
from fieldstone.project.project import Project
from fieldstone.registry.lines import MAIN, beside, minor_of
from fieldstone.registry.release import UNRELEASED, Link, Release
from fieldstone.regular_file import read_file
from fieldstone.schema.descriptors import load_schema
from fieldstone.toolchain import buf, git
from fieldstone.workflows.check import check
from fieldstone.workflows.setup.naming import SAYS_NOTHING
from fieldstone.workflows.signing import signed
from fieldstone.workspace.dependencies import Dependencies, RemoteDependency
from fieldstone.workspace.modules import DOCUMENTS, Module


class Released(Struct, frozen=True):
    """The result of releasing a module.

    Attributes:
        report: the report of the preceding check.
        release: the new release, with `dry_run` a draft of it; None if there is none.
        refused: the reason why the version was refused; empty if it was not.
        spent: the fixes for the waivers that the release used: they are no longer needed.
    """

    report: ModuleReport
    release: Release | None = None
    refused: str = ""
    spent: tuple[str, ...] = ()


def release(
    project: Project,
    name: str,
    *,
    version: str = "",
    dry_run: bool = False,
    style: bool = True,
    now: datetime | None = None,
    expected: Mapping[str, Release] = MappingProxyType({}),
    start: Path | None = None,
) -> Released:
    """Release a module from the working tree; the cache is used only if it was enabled explicitly.

    Args:
        project: the project with the module.
        name: the module.
        version: the version to give it; by default the smallest that its changes allow.
        dry_run: check the module and determine the version, but write nothing.
        style: whether faults of style refuse the release; if not, later checks judge the style of all its files.
        now: the time of the release in UTC, whose day it is judged as of; by default the current time.
        expected: the releases of other modules that a dry run would have made before this one, by module.
        start: the folder that paths in the report are relative to; the working directory by default.

    Raises:
        FieldstoneError: the version is invalid, the module is retired, a dependency is not released, a release of any
            module is incomplete or has stray files, or the registry cannot be written.
    """
    made = now or datetime.now(UTC)
    wanted = parse_version(version) if version else None
    project = replace(project, permission=project.permission.only_if_asked())
    require_order(project)
    project.require_living(name)
    options = CheckOptions(style=style)
    if _is_renamed(project, name):
        return Released(check(project, [name], full=True, options=options, today=made.date()).report.modules[0])
    module = project.module(name)
    _require_telling_name(project, module)
    sources = module.contents()
    checked = check(project, [name], full=True, options=options, today=made.date(), start=start)
    (report,) = checked.report.modules
    if not report.allowed:
        return Released(report)
    if module.contents() != sources:
        raise Conflict(f"the sources of {name} changed while they were being released", fix="release again")
    number = wanted or (Version.parse(report.version) if report.version else None)
    judged = checked.modules[name]
    if number is None or judged.new is None:
        return Released(report)
    refused = refusal(project, name, number, report)
    if refused:
        return Released(report, refused=refused)
    snapshot = _snapshot(project, module, sources, judged.image, judged.new, expected=expected)
    origin = _origin(project, module, style=style)
    drafted = _draft(project, module, snapshot, report, version=str(number), made=made, origin=origin)
    written = drafted.release
    if not dry_run:
        project.registry.add(signed(project, drafted.release), drafted.files)
        written = project.registry.release(name, drafted.release.version)
        with suppress(FieldstoneError):  # the release is written, even if others are damaged
            remember(project, written)
    return Released(report, written, spent=spent(project, report))


def _require_telling_name(project: Project, module: Module) -> None:
    """Raise if a first release on a server or in a database would give a module the name of a folder such as `proto`.

    Raises:
        Invalid: neither the settings nor buf.yaml name it.
    """
    is_named = module.buf_name or module.key in project.settings.module_names or module.name not in SAYS_NOTHING
    if not is_named and project.settings.registry_folder is None and not project.registry.versions(module.name):
        raise Invalid(
            f"module {module.name} has only its folder's name, which would be permanent in {project.registry.address}",
            fix=f'name it in the settings: [modules.NAME] with path = "{module.key}"; `fieldstone init` derives a name',
        )


def _snapshot(
    project: Project,
    module: Module,
    sources: Mapping[str, bytes],
    image: bytes,
    compared: Side,
    *,
    expected: Mapping[str, Release],
) -> Snapshot:
    """The checked module; its imports are read without the cache."""
    where = f"the image of {module.path}"
    dependencies = Dependencies(project.workspace)
    return Snapshot(
        sources=sources,
        image=image,
        schema=compared.schema if compared.image is image else load_schema(image, where=where),
        compared=compared.schema,
        imports=[*_imports(project, module, dependencies, expected)],
        third_party={path: read_file(Path(file)) for path, file in module.third_party_paths.items()},
        imported={path: read_file(file) for path, file in dependencies.third_party_imports(module).items()},
    )


def _draft(
    project: Project,
    module: Module,
    snapshot: Snapshot,
    report: ModuleReport,
    *,
    version: str,
    made: datetime,
    origin: Origin,
) -> Draft:
    newest = project.newest(module)
    baseline = (newest, released(project, newest).side.schema) if newest else None
    return draft(
        snapshot,
        version,
        report,
        baseline=baseline,
        ledger=ledger_of(project.registry, newest) if newest else Ledger(),
        line=project.line_of(module.name),
        beside=beside(project.registry, module.name, project.line_of(module.name) or MAIN),
        made=in_order(made, newest),
        origin=origin,
    )


def _origin(project: Project, module: Module, *, style: bool) -> Origin:
    """The origin of a release; without a digest of its style if that was not judged."""
    return Origin(
        commit=git.source_commit(module.root, module.files.values(), lambda path: _is_source(module, path)),
        style=project.style_digest(module) if style else "",
        compiler=buf.compiler(),
    )


def require_order(project: Project) -> None:
    """Raise if the registry is in disorder; in a shared registry, the modules of this workspace count.

    Raises:
        FieldstoneError: a release is incomplete, or has stray files.
    """
    released = project.registry.modules()
    for name in released if project.owns_registry else {*released}.intersection(project.workspace.modules):
        project.registry.releases(name)


def _is_renamed(project: Project, name: str) -> bool:
    """Whether a name is the old or the new name of a renamed module."""
    renamed = renamed_modules(project)
    return name in renamed or name in {module.name for module in renamed.values()}


def parse_version(version: str) -> Version:
    """A requested version, parsed.

    Raises:
        FieldstoneError: it is not a semantic version, or has build metadata.
    """
    try:
        parsed = Version.parse(version)
    except ValueError as error:
        raise Invalid(f"{version} is no semver version", fix="write it as 1.2.3 or 2.0.0-rc.1") from error
    if parsed.build:
        raise Invalid(
            f"{version} has build metadata, which semver leaves out of the order of versions", fix="leave it out"
        )
    return parsed


def refusal(project: Project, name: str, number: Version, report: ModuleReport) -> str:
    """The reason why a module cannot be released under a version; empty if it can.

    Args:
        project: the project with the registry.
        name: the module.
        number: the version.
        report: the report of the module's check.
    """
    versions, line = project.versions(name), project.line_of(name)
    if versions and not report.version:
        return f"nothing changed in {name} since {versions[-1]}; there is nothing to release as {number}"
    if versions and number <= versions[-1]:
        of_line = f"the newest release of {name}" + (f" in line {line}" if line else "")
        return f"{number} does not follow {versions[-1]}, {of_line}"
    if line and minor_of(number) != line:
        return f"{number} is not in line {line} of {name}, which continues with {report.version}"
    if minor_of(number) in map(minor_of, project.versions_beside(name)):
        return f"{number} is in a line of {name} of its own; the main line continues with {report.version}"
    if versions and not may_carry(number, versions, Version.parse(report.version)):
        return f"{number} is too small for {name}: its changes are {report.bump}, and ask for {report.version}"
    return ""


def _older_release(project: Project, name: str, digest: str) -> Release | None:
    """The highest release with a digest: what a minor line imports may be older than the newest release."""
    releases = (project.registry.release(name, str(version)) for version in reversed(project.registry.versions(name)))
    return next((release for release in releases if release.digest == digest), None)


def _is_source(module: Module, path: str) -> bool:
    """Whether a file, given relative to the module's root, would be part of a release."""
    return module.owns(path) or path in DOCUMENTS


def _imports(
    project: Project, module: Module, dependencies: Dependencies, expected: Mapping[str, Release]
) -> Iterator[Link]:
    """All that the module imports from; each release must be unchanged since, and its module's newest.

    A minor line, and what is pushed to a shared registry, may import an older one.
    """
    for other in dependencies.of(module):
        project.require_living(other.name)
        digest = dependencies.digest(other)
        newest = expected.get(other.name) or project.newest(other)
        may_be_older = project.line_of(module.name) or not project.owns_registry
        if newest is not None and newest.digest != digest and may_be_older:
            newest = _older_release(project, other.name, digest) or newest
        if newest is None or newest.digest != digest:
            state = f"differs from {newest.version}, its newest release" if newest else "has no release yet"
            raise Invalid(
                f"{module.name} imports {other.name}, which {state}", fix=f"run `fieldstone release {other.name}` first"
            )
        yield Link(other.name, newest.version, digest)
    for other in dependencies.third_party(module):
        yield Link(other.name, UNRELEASED, dependencies.digest(other))
    for remote in dependencies.remote(module):
        yield _remote_import(project, module, remote)


def _remote_import(project: Project, module: Module, remote: RemoteDependency) -> Link:
    """The reference to a module of buf.lock: a release, if it comes from the registry that is released to.

    Raises:
        Invalid: it comes from there, and is no release.
    """
    host, _, name = remote.name.partition("/")
    if host != urlsplit(project.registry.address).netloc:
        return Link(remote.name, remote.commit, remote.digest)
    found = _older_release(project, name.rpartition("/")[2], remote.digest)
    if found is None:
        raise Invalid(
            f"{module.name} imports {remote.name}, and buf.lock pins a commit of it that is no release",
            fix="run `buf dep update`; a draft must be released first",
        )
    return Link(found.name, found.version, found.digest)
