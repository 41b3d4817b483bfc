"""Package: build from a release in the registry what other teams install."""

from __future__ import annotations

import tempfile
from pathlib import Path

from msgspec import Struct

from fieldstone.codegen.client_package import ClientPackage
from fieldstone.codegen.clients import LANGUAGES, Target, find_target
from fieldstone.consumers.uses import Uses
from fieldstone.errors import Invalid
from fieldstone.packaging.tree import add_all
from fieldstone.project.project import Project
from fieldstone.registry.release import Release
from fieldstone.workflows.generating.client_package import client_package, find_release, needed_release


class Packaged(Struct, frozen=True):
    """The result of packaging a release.

    Attributes:
        module: the module's name.
        version: the semver of the release.
        built: the finished packages, files and folders; empty where they were only checked.
        messages: how many messages a check sent there and back; None without a check.
    """

    module: str
    version: str
    built: tuple[Path, ...] = ()
    messages: int | None = None


def package(
    project: Project,
    reference: str,
    *,
    language: str,
    out: Path | None = None,
    post: int = 0,
    uses: Uses | None = None,
) -> Packaged:
    """Build the packages of a release.

    Args:
        project: where the registry is.
        reference: `MODULE` or `MODULE@VERSION`.
        language: one of `codegen.clients.LANGUAGES`.
        out: the folder of the finished packages; by default that of the settings.
        post: which package of the release it is: 0 for the first.
        uses: the uses to narrow the package to; None for the whole release.

    Raises:
        FieldstoneError: there is no such release, it cannot be packaged, or a package of its name is there with another
            content; nothing was added.
    """
    target, release = find_target(language), find_release(project, reference)
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        _build(project, target, release, Path(scratch), post=post, uses=uses)
        built = add_all(Path(scratch), out or project.settings.packages)
    return Packaged(release.name, release.version, tuple(built))


def check(project: Project, reference: str, *, language: str, post: int = 0, uses: Uses | None = None) -> Packaged:
    """Build the packages of a release in a scratch folder, install them where nothing else is, and use them.

    Args:
        project: where the registry is.
        reference: `MODULE` or `MODULE@VERSION`.
        language: one of `codegen.clients.LANGUAGES`.
        post: which package of the release it is.
        uses: the uses to narrow the package to; None for the whole release.

    Raises:
        FieldstoneError: there is no such release, it cannot be packaged, or its package does not work.
    """
    target, release = find_target(language), find_release(project, reference)
    if target.check is None:
        checked = [name for name in LANGUAGES if find_target(name).check is not None]
        raise Invalid(
            f"--check uses packages of {' and '.join(checked)}, not of {language}",
            fix=f"build it, and run `{target.check_command}` in its folder",
        )
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        own, needed = Path(scratch, "own"), Path(scratch, "needed")
        own.mkdir()
        needed.mkdir()
        client = _build(project, target, release, own, post=post, uses=uses)
        _build_needed(project, target, release, client, needed)
        messages = target.check(client, _setting(project, target), own, needed)
    return Packaged(release.name, release.version, messages=messages)


def _build(
    project: Project, target: Target, release: Release, folder: Path, *, post: int = 0, uses: Uses | None = None
) -> ClientPackage:
    """Build the package of a release into a folder; gives what it was built from."""
    setting = _setting(project, target)
    client = client_package(project, release, post=post, uses=uses)
    target.build(client, target.tree(client, setting), folder)
    return client


def _build_needed(project: Project, target: Target, release: Release, client: ClientPackage, folder: Path) -> None:
    """Build the packages that another one needs."""
    packaged = {needed.module for needed in client.needs}
    for link in release.dependencies:
        if link.name in packaged:
            _build(project, target, needed_release(project, release, link), folder)


def _setting(project: Project, target: Target) -> str:
    """The value of the setting that names a language's packages."""
    value = str(getattr(project.settings, target.setting.replace("-", "_"))) if target.setting else ""
    if target.needs_setting and not value:
        where = project.settings.file or "pyproject.toml"
        raise Invalid(
            f"{target.needs_setting}, and the settings name none",
            fix=f"set {target.setting} in [tool.fieldstone.package] in {where}",
        )
    return value
