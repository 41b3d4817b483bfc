"""The modules that a buf configuration lists, with their paths as written.

Reads the configuration formats of https://buf.build/docs/configuration/: `buf.yaml` v1 (one module), `buf.work.yaml` v1
(a list of directories) and `buf.yaml` v2 (a workspace).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import Struct

from fieldstone.errors import Invalid, NotFound
from fieldstone.workspace.config_text import load_config

_VERSIONS_OF_ONE_MODULE = ("v1", "v1beta1")


class ListedModule(Struct, frozen=True):
    """One module in a configuration; paths are relative to the workspace."""

    path: str
    buf_name: str = ""
    excludes: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    shares_documents: bool = False
    has_roots: bool = False


def refuse_several_roots(entries: list[ListedModule], config: Path) -> None:
    """Refuse `build.roots` of v1beta1: import paths would be relative to several folders.

    Args:
        entries: the modules.
        config: the configuration that lists them.

    Raises:
        FieldstoneError: a module has several roots, or one that is not its own folder.
    """
    for entry in entries:
        if entry.has_roots:
            file = config.parent / entry.path / "buf.yaml"
            raise Invalid(f"{file} has build.roots of version v1beta1", fix="run `buf config migrate`")


def listed_modules(root: Path, *, bare: bool) -> tuple[str, list[ListedModule]]:
    """The name of a workspace's configuration, and the modules that it lists.

    Args:
        root: the folder of buf.yaml or buf.work.yaml.
        bare: whether a folder without a configuration counts as one module, as in buf.

    Raises:
        FieldstoneError: there is no configuration, or it cannot be read.
    """
    work = root / "buf.work.yaml"
    if work.is_file():
        directories = _texts(load_config(work), "directories", work)
        return work.name, [_entry_v1(root, _normal(path)) for path in directories]
    config = root / "buf.yaml"
    if bare and not config.is_file():
        return config.name, [ListedModule(".")]
    if not config.is_file():
        raise NotFound(f"no buf.yaml in {root}", fix="run `fieldstone init`, or `buf config init`")
    content = load_config(config)
    version = content.get("version")
    if version == "v2":
        return config.name, _entries_v2(content, config)
    if version not in _VERSIONS_OF_ONE_MODULE:
        said = f"is of version {version}" if version else "says no version"
        raise Invalid(f"{config} {said}", fix="Fieldstone reads v1 and v2")
    return config.name, [_entry_v1(root, ".")]


def _entries_v2(content: Mapping[str, Any], config: Path) -> list[ListedModule]:
    listed = content.get("modules") or [{"path": ".", "name": content.get("name", "")}]
    if not isinstance(listed, list) or not all(isinstance(module, dict) for module in listed):
        raise Invalid(f"modules in {config} is no list of modules")
    return [
        ListedModule(
            path=_normal(str(module.get("path", "."))),
            buf_name=str(module.get("name", "")),
            excludes=_texts(module, "excludes", config),
            includes=_texts(module, "includes", config),
            shares_documents=True,
        )
        for module in listed
    ]


def _entry_v1(root: Path, path: str) -> ListedModule:
    config = root / path / "buf.yaml"
    content = load_config(config) if config.is_file() else {}
    build = content.get("build") or {}
    if not isinstance(build, dict):
        raise Invalid(f"build in {config} is no mapping")
    excludes = tuple(f"{path}/{folder}" for folder in _texts(build, "excludes", config))
    has_roots = build.get("roots", ["."]) != ["."]
    return ListedModule(path=path, buf_name=str(content.get("name", "")), excludes=excludes, has_roots=has_roots)


def _texts(content: Mapping[str, Any], key: str, config: Path) -> tuple[str, ...]:
    """A list of texts in a configuration; empty if the key is missing."""
    listed = content.get(key) or []
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise Invalid(f"{key} in {config} is no list of paths")
    return tuple(listed)


def _normal(path: str) -> str:
    return PurePosixPath(path).as_posix()
