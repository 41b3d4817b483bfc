"""Package: build from a release in the registry what other teams install."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fieldstone.codegen.client_package import ClientPackage
from fieldstone.codegen.names import contracts_distribution, import_name, python_version
from fieldstone.packaging.tree import add_all
from fieldstone.registry.manifest import Release
from fieldstone.workflows.client_package import client_package, find_release, needed_release
from fieldstone.workflows.project import Project

LANGUAGES = ("python", "typescript", "java", "go")
"""What packages are built for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What packaging came to.

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


def package(project: Project, reference: str, *, language: str, out: Path | None = None, post: int = 0) -> Outcome:
    """Build the packages of a release.

    Args:
        project: where the registry is.
        reference: `MODULE` or `MODULE@VERSION`.
        language: one of `LANGUAGES`.
        out: the folder of the finished packages; by default that of the settings.
        post: which package of the release it is: 0 for the first.

    Raises:
        FieldstoneError: there is no such release, it cannot be packaged, or a package of its name is there with another
            content; nothing was added.
    """
    release = find_release(project, reference)
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        _BUILDERS[language](project, release, post, Path(scratch))
        built = add_all(Path(scratch), out or project.settings.packages)
    return Outcome(release.name, release.version, tuple(built))


def check(project: Project, reference: str, *, language: str, post: int = 0) -> Outcome:
    """Build the packages of a release in a scratch folder, install them where nothing else is, and use them.

    Args:
        project: where the registry is.
        reference: `MODULE` or `MODULE@VERSION`.
        language: one of `LANGUAGES`.
        post: which package of the release it is.

    Raises:
        FieldstoneError: there is no such release, it cannot be packaged, or its package does not work.
    """
    release = find_release(project, reference)
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        messages = _CHECKS[language](project, release, post, Path(scratch))
    return Outcome(release.name, release.version, messages=messages)


def _build_python(project: Project, release: Release, post: int, folder: Path) -> ClientPackage:
    from fieldstone.codegen.clients.python import python_package
    from fieldstone.packaging import wheel

    client = client_package(project, release, post=post)
    wheel.build(python_package(client), folder, at=datetime.fromisoformat(release.released_at))
    return client


def _check_python(project: Project, release: Release, post: int, folder: Path) -> int:
    from fieldstone.packaging import python_check

    _build_python(project, release, post, folder)
    for needed in _needed(project, release):
        _build_python(project, needed, 0, folder)
    name = contracts_distribution(release.name, release.version)
    version = python_version(release.version) + (f".post{post}" if post else "")
    return python_check.check(f"{name}=={version}", import_name(name), folder)


def _needed(project: Project, release: Release) -> Iterator[Release]:
    """The releases whose packages one needs."""
    packaged = {needed.module for needed in client_package(project, release).needs}
    for link in release.dependencies:
        if link.name in packaged:
            yield needed_release(project, release, link)


_BUILDERS: dict[str, Callable[[Project, Release, int, Path], object]] = {"python": _build_python}
_CHECKS: dict[str, Callable[[Project, Release, int, Path], int]] = {"python": _check_python}
