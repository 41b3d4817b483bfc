"""The local buf version, and the releases already verified with it."""

from __future__ import annotations

from pathlib import Path

from fieldstone.project.project import Project
from fieldstone.registry.release import Release
from fieldstone.toolchain import buf
from fieldstone.workspace.modules import Module

_COMPILERS = "compilers"
_SOUND = "sound"


def compiler(project: Project) -> str:
    """The name and version of the local compiler, as in manifests.

    It is cached by the stat of the binary: running buf for it would take as long as a small check.

    Raises:
        FieldstoneError: there is no buf.
    """
    if not buf.is_beside():
        return buf.compiler()
    path = buf.find_buf()
    stat = Path(path).stat()
    key = f"{path} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"
    store = project.cache.store
    known = store.get(_COMPILERS, key)
    if known is None:
        known = buf.compiler().encode()
        store.put(_COMPILERS, {key: known})
    return known.decode("utf-8", "replace")


def is_sound(project: Project, module: Module, release: Release) -> bool:
    """Whether this buf, with the current configuration, has nothing to report on the sources of a release.

    Raises:
        FieldstoneError: there is no buf.
    """
    unchanged = release.compiler == compiler(project) and release.style == project.style_digest(module)
    return unchanged or project.cache.store.get(_SOUND, _key(project, module, release)) is not None


def mark_sound(project: Project, module: Module, release: Release) -> None:
    """Record that a full check of a release had no findings.

    Raises:
        FieldstoneError: there is no buf.
    """
    project.cache.store.put(_SOUND, {_key(project, module, release): b""})


def _key(project: Project, module: Module, release: Release) -> str:
    return f"{release.seal} {compiler(project)} {project.style_digest(module)}"
