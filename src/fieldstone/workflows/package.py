"""Package: build from a release in the registry what other teams install."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from fieldstone.codegen.names import CONTRACTS, contracts_distribution, distribution, import_name, python_version
from fieldstone.errors import FieldstoneError
from fieldstone.packaging.tree import add_all, write_tree
from fieldstone.project.project import Project
from fieldstone.registry.release import Release
from fieldstone.workflows.generating.client_package import client_package, find_release, needed_release


class Outcome(Struct, frozen=True):
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
        language: one of `codegen.clients.LANGUAGES`.
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
        language: one of `codegen.clients.LANGUAGES`.
        post: which package of the release it is.

    Raises:
        FieldstoneError: there is no such release, it cannot be packaged, or its package does not work.
    """
    release = find_release(project, reference)
    if language not in _CHECKS:
        raise FieldstoneError(
            f"--check uses packages of {' and '.join(_CHECKS)}, not of {language}",
            fix=f"build it, and run `{_COMPILED_BY[language]}` in its folder",
        )
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        messages = _CHECKS[language](project, release, post, Path(scratch))
    return Outcome(release.name, release.version, messages=messages)


def _build_python(project: Project, release: Release, post: int, folder: Path) -> None:
    from fieldstone.codegen.clients.python import python_package
    from fieldstone.packaging import wheel

    client = client_package(project, release, post=post)
    wheel.build(python_package(client), folder, at=datetime.fromisoformat(release.released_at))


def _build_typescript(project: Project, release: Release, post: int, folder: Path) -> None:
    from fieldstone.codegen.clients.typescript import typescript_package
    from fieldstone.packaging import npm

    client = client_package(project, release, post=post)
    npm.build(typescript_package(client, scope=project.settings.npm_scope), folder)


def _build_java(project: Project, release: Release, post: int, folder: Path) -> None:
    from fieldstone.codegen.clients.java import java_package, maven_version

    group = _named(project, project.settings.maven_group, "maven-group", "a Maven project takes a groupId")
    files = java_package(client_package(project, release, post=post), group=group)
    write_tree(files, folder / _folder_of(release, maven_version(release.version, post), "java"))


def _build_go(project: Project, release: Release, post: int, folder: Path) -> None:
    from fieldstone.codegen.clients.go import go_package

    prefix = _named(project, project.settings.go_prefix, "go-prefix", "a Go module is found by a path")
    files = go_package(client_package(project, release, post=post), prefix=prefix)
    write_tree(files, folder / _folder_of(release, release.version, "go"))


def _named(project: Project, value: str, key: str, why: str) -> str:
    if not value:
        where = project.settings.file or "pyproject.toml"
        raise FieldstoneError(
            f"{why}, and the settings name none", fix=f"set {key} in [tool.fieldstone.package] in {where}"
        )
    return value


def _folder_of(release: Release, version: str, language: str) -> str:
    return f"{distribution(release.name, CONTRACTS)}-{version}-{language}"


def _check_python(project: Project, release: Release, post: int, folder: Path) -> int:
    from fieldstone.packaging import python_check

    _build_python(project, release, post, folder)
    for needed in _needed(project, release):
        _build_python(project, needed, 0, folder)
    name = contracts_distribution(release.name, release.version)
    version = python_version(release.version) + (f".post{post}" if post else "")
    return python_check.check(f"{name}=={version}", import_name(name), folder)


def _check_typescript(project: Project, release: Release, post: int, folder: Path) -> int:
    from fieldstone.packaging import npm

    own, others = folder / "own", folder / "others"
    _build_typescript(project, release, post, own)
    for needed in _needed(project, release):
        _build_typescript(project, needed, 0, others)
    (tarball,) = own.iterdir()
    return npm.check(tarball, sorted(others.glob("*"))).messages


def _needed(project: Project, release: Release) -> Iterator[Release]:
    """The releases whose packages one needs."""
    packaged = {needed.module for needed in client_package(project, release).needs}
    for link in release.dependencies:
        if link.name in packaged:
            yield needed_release(project, release, link)


_BUILDERS: dict[str, Callable[[Project, Release, int, Path], None]] = {
    "python": _build_python,
    "typescript": _build_typescript,
    "java": _build_java,
    "go": _build_go,
}
_CHECKS: dict[str, Callable[[Project, Release, int, Path], int]] = {
    "python": _check_python,
    "typescript": _check_typescript,
}
_COMPILED_BY = {"java": "mvn verify", "go": "go vet ./..."}
"""What shows that the package of a language works that `check` does not use."""
