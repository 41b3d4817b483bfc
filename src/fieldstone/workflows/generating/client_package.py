"""A release in the registry -> the input of its client packages; the working tree takes no part."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from fieldstone.checking.baseline import released
from fieldstone.codegen.client_package import ClientPackage, Needed
from fieldstone.codegen.contracts.deprecation import with_deprecations
from fieldstone.codegen.known_packages import KNOWN
from fieldstone.codegen.names import CONTRACTS, distribution
from fieldstone.codegen.published import with_code
from fieldstone.codegen.vocabulary import without_annotations
from fieldstone.compatibility.changes import describe
from fieldstone.consumers.uses import Uses
from fieldstone.errors import Conflict, Damaged, Invalid, NotFound
from fieldstone.packaging.changelog import changelog, section
from fieldstone.project.project import Project
from fieldstone.registry.lines import ancestry
from fieldstone.registry.release import IMAGE, NAME, SOURCES, Link, Release
from fieldstone.schema.model import Schema
from fieldstone.suggestions import did_you_mean
from fieldstone.workflows.generating.narrowing import Part, narrow


def find_release(project: Project, reference: str) -> Release:
    """The release that `MODULE` or `MODULE@VERSION` names, the newest where it says no version.

    Raises:
        FieldstoneError: the registry has no such release, or it retired the module.
    """
    registry = project.registry
    module, at, version = reference.partition("@")
    if at and not version:
        raise Invalid(f"{reference} names no version", fix=f"write {module}@1.2.3, or {module} for the newest")
    versions = registry.versions(module)
    if not versions:
        has = f"it has {', '.join(registry.modules()) or 'none'}; `fieldstone release` makes one"
        fix = did_you_mean(module, registry.modules(), has)
        raise NotFound(f"no release of {module} in {registry.address}", fix=fix)
    release = registry.release(module, version or str(versions[-1]))
    if release.retired:
        last = release.previous.version if release.previous else "none"
        raise Invalid(
            f"{module} is retired since {release.version}, which holds nothing to package",
            fix=f"the last release that can be packaged is {module}@{last}",
        )
    return release


def client_package(project: Project, release: Release, *, post: int = 0, uses: Uses | None = None) -> ClientPackage:
    """The input of a release's client packages.

    Args:
        project: where the registry is, and what the settings say of the module.
        release: the release.
        post: which package of it it is: 0 for the first.
        uses: what the consumer uses whom the packages are narrowed for; None for the whole release.

    Raises:
        FieldstoneError: no code is generated from it, it lacks something that is used, another module has its
            package's name, what it imports is not released, or a file of it is missing or damaged.
    """
    files = _files(project, release)
    if not files:
        raise Invalid(
            f"{release.name} {release.version} has no files that code is generated from",
            fix=f"`generate = true` in [tool.fieldstone.modules.{release.name}] asks for it where it has options alone",
        )
    _refuse_one_name_for_two(project, release)
    released_image = project.registry.read(release, IMAGE)
    part = narrow(project, release, uses, released_image, files) if uses else Part(released_image, files)
    where = f"{project.registry.label(release)}/{IMAGE}"
    image = without_annotations(with_deprecations(part.image, where=where), where=where)
    reached = {file.name for file in image.file}
    return ClientPackage(
        module=release.name,
        version=release.version,
        post=post,
        digest=release.digest,
        released_at=datetime.fromisoformat(release.released_at),
        annotated=part.image,
        image=image,
        files=part.files,
        license=_document(project, release, "LICENSE"),
        readme=_document(project, release, "README.md"),
        changelog=changelog(release.name, _sections(project, release)),
        needs=tuple(needed for needed in _needs(project, release) if not reached.isdisjoint(needed.files)),
        known=KNOWN.extended(project.settings.known_packages),
        signed={NAME: project.registry.text(release), IMAGE: released_image} if release.signature else {},
        narrowing=part.narrowing,
    )


def needed_release(project: Project, release: Release, link: Link) -> Release:
    """The release that another one imports from, as it was then.

    Raises:
        FieldstoneError: the registry does not have it, or has another of that number.
    """
    who = f"{release.name} {release.version}"
    known = map(str, project.registry.versions(link.name))
    if link.version not in known:
        raise NotFound(
            f"{who} imports {link.name} {link.version}, which is not in {project.registry.address}",
            fix=f"{project.registry.remedy}: a package needs the packages of all that it imports",
        )
    needed = project.registry.release(link.name, link.version)
    if needed.digest != link.digest:
        raise Damaged(
            f"{who} imports {link.name} {link.version} with another digest than {project.registry.label(needed)} has",
            fix=f"{project.registry.remedy}; `fieldstone registry verify` tells more",
        )
    return needed


def _files(project: Project, release: Release) -> tuple[str, ...]:
    paths = [path for path in release.sources if path.endswith(".proto")]
    return tuple(with_code(paths, asked=project.settings.module(release.name).generate))


def _refuse_one_name_for_two(project: Project, release: Release) -> None:
    name = distribution(release.name, CONTRACTS)
    for other in project.registry.modules():
        if other != release.name and distribution(other, CONTRACTS) == name:
            raise Conflict(
                f"modules {release.name} and {other} would both be the package {name}",
                fix="release one of them under another name: `[tool.fieldstone.modules.NAME]` with its `path`",
            )


def _document(project: Project, release: Release, name: str) -> str:
    if SOURCES + name not in release.files:
        return ""
    return project.registry.read(release, SOURCES + name).decode("utf-8", "replace")


def _sections(project: Project, release: Release) -> Iterator[str]:
    """The changes of each release, in the words of `fieldstone diff`, from this one back to the first of its line."""
    told = [*ancestry(project.registry, release)]
    after = _schema(project, release)
    for made, before in zip(told, [*told[1:], None], strict=True):
        heading = f"{made.version} - {made.released_at.partition('T')[0]}"
        if before is None:
            yield f"## {heading}\n\nThe first release.\n"
            return
        earlier = _schema(project, before)
        yield section(heading, describe(earlier, after), made.waivers)
        after = earlier


def _schema(project: Project, release: Release) -> Schema:
    return released(project, release).side.schema


def _needs(project: Project, release: Release) -> Iterator[Needed]:
    """The releases with packages of their own; the files of a remote registry's modules go with what imports them."""
    for link in sorted(release.dependencies, key=lambda link: link.name):
        if link.is_release:
            needed = needed_release(project, release, link)
            files = _files(project, needed)
            if files:
                yield Needed(module=needed.name, version=needed.version, files=files)
