"""The modules that a buf configuration lists, with their paths as written.

Reads the configuration formats of https://buf.build/docs/configuration/: `buf.yaml` v1beta1 (one module, perhaps of
several roots), `buf.yaml` v1 (one module), `buf.work.yaml` v1 (a list of directories) and `buf.yaml` v2 (a workspace).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import Struct

from fieldstone.errors import Conflict, Invalid, NotFound
from fieldstone.workspace.config.text import load_config

_VERSIONS_OF_ONE_MODULE = ("v1", "v1beta1")


class ListedModule(Struct, frozen=True):
    """One module in a configuration; paths are relative to the workspace.

    Attributes:
        path: the folder that its import paths are relative to.
        key: the path that tells it from the other modules: `path`, or the first of `includes` where two modules have
            one path.
        target: the folder that buf takes on its command line to compile it.
        documents: the folders in which buf looks for its LICENSE and README.md, in order.
    """

    path: str
    key: str
    target: str
    documents: tuple[str, ...]
    buf_name: str = ""
    excludes: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()


def listed_modules(root: Path, *, bare: bool, joined: bool = False) -> tuple[str, list[ListedModule]]:
    """The name of a workspace's configuration, and the modules that it lists.

    A module of v1beta1 with several `build.roots` counts as one module for each root, as `buf config migrate` makes
    of it.

    Args:
        root: the folder of buf.yaml or buf.work.yaml.
        bare: whether a folder without a configuration counts as one module, as in buf.
        joined: whether several `build.roots` are one module: buf compiles it, but no path leads from it to its files.

    Raises:
        FieldstoneError: there is no configuration, or it cannot be read.
    """
    work = root / "buf.work.yaml"
    if work.is_file():
        directories = map(_normal, _texts(load_config(work), "directories", work))
        return work.name, [entry for path in directories for entry in _entries_v1(root, path, joined=joined)]
    config = root / "buf.yaml"
    if bare and not config.is_file():
        return config.name, [ListedModule(".", ".", ".", (".",))]
    if not config.is_file():
        fix = "change to a folder that has one, or set this one up: `fieldstone init`"
        raise NotFound(f"no buf.yaml in {root}", fix=fix)
    content = load_config(config)
    version = content.get("version")
    if version == "v2":
        return config.name, entries_v2(content, config)
    if version not in _VERSIONS_OF_ONE_MODULE:
        said = f"is of version {version}" if version else "says no version"
        raise Invalid(f"{config} {said}", fix="Fieldstone reads v1beta1, v1 and v2")
    return config.name, _entries_v1(root, ".", joined=joined)


def entries_v2(content: Mapping[str, Any], config: Path) -> list[ListedModule]:
    """The modules that a buf.yaml of v2 lists, in its order.

    Args:
        content: its content.
        config: its path, for the error.

    Raises:
        FieldstoneError: the list is malformed, or two modules cannot be told apart.
    """
    listed = content.get("modules") or [{"path": ".", "name": content.get("name", "")}]
    if not isinstance(listed, list) or not all(isinstance(module, dict) for module in listed):
        raise Invalid(f"modules in {config} is no list of modules")
    paths = Counter(_normal(str(module.get("path", "."))) for module in listed)
    entries = [_entry_v2(module, config, paths) for module in listed]
    twice = [key for key, count in Counter(entry.key for entry in entries).items() if count > 1]
    if twice:
        raise Invalid(
            f"{config} lists two modules at {twice[0]} that cannot be told apart",
            fix="give all but one of them `includes`: the folders that belong to it",
        )
    return entries


def _entry_v2(module: Mapping[str, Any], config: Path, paths: Mapping[str, int]) -> ListedModule:
    path = _normal(str(module.get("path", ".")))
    includes = tuple(map(_normal, _texts(module, "includes", config)))
    return ListedModule(
        path=path,
        key=includes[0] if includes and paths[path] > 1 else path,
        target=path,
        documents=(path, "."),
        buf_name=str(module.get("name", "")),
        excludes=_texts(module, "excludes", config),
        includes=includes,
    )


def _entries_v1(root: Path, path: str, *, joined: bool) -> list[ListedModule]:
    """The modules of a buf.yaml of v1 or v1beta1: one, or one for each root."""
    config = root / path / "buf.yaml"
    content = load_config(config) if config.is_file() else {}
    build = content.get("build") or {}
    if not isinstance(build, dict):
        raise Invalid(f"build in {config} is no mapping")
    excludes = tuple(_normal(f"{path}/{folder}") for folder in _texts(build, "excludes", config))
    name = str(content.get("name", ""))
    roots = _texts(build, "roots", config) or (".",)
    if roots == (".",):
        return [ListedModule(path, path, path, (path,), name, excludes)]
    if joined and len(roots) > 1:
        includes = tuple(_normal(f"{path}/{root}") for root in roots)
        return [ListedModule(path, path, path, (path,), name, excludes, includes)]
    return [
        ListedModule(
            path=found,
            key=found,
            target=path,
            documents=(path,),
            buf_name=name,
            excludes=tuple(folder for folder in excludes if PurePosixPath(folder).is_relative_to(found)),
        )
        for found in (_normal(f"{path}/{folder}") for folder in roots)
    ]


def _texts(content: Mapping[str, Any], key: str, config: Path) -> tuple[str, ...]:
    """A list of texts in a configuration; empty if the key is missing."""
    listed = content.get(key) or []
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise Invalid(f"{key} in {config} is no list of paths")
    return tuple(listed)


def _normal(path: str) -> str:
    return PurePosixPath(path).as_posix()


def module_names(entries: Sequence[ListedModule], given: Mapping[str, str], config: Path) -> list[str]:
    """The names of the modules: those of the settings, or the last part of their buf name or path.

    Args:
        entries: the modules.
        given: module keys to their names in the settings; such a name stays, even if another module would have it, too.
        config: the path of the buf configuration.

    Raises:
        FieldstoneError: two modules would have one name.
    """
    short = [given.get(entry.key) or _short_name(entry, config.parent) for entry in entries]
    seen = Counter(short)
    names = [
        name if seen[name] == 1 or entry.key in given else entry.key.replace("/", "-")
        for name, entry in zip(short, entries, strict=True)
    ]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise Conflict(
            f"{config} lists two modules that would both be called {twice[0]}",
            fix="name them in the settings: `[tool.fieldstone.modules.NAME]` with their `path`",
        )
    return names


def _short_name(entry: ListedModule, root: Path) -> str:
    if entry.buf_name:
        return entry.buf_name.rpartition("/")[2]
    return PurePosixPath(entry.key).name or root.name


def third_party_names(entries: Sequence[ListedModule]) -> list[str]:
    """The names of third-party modules: their paths, with a slash, so that none is the name of an own module."""
    return [entry.key if "/" in entry.key else f"{entry.key}/" for entry in entries]
