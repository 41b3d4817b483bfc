"""Copies of remote modules in the repository, as `buf export` writes them, in the place of `deps`.

buf has no option for it. So it runs in a folder of links to the workspace's files, with a configuration that lists the
copies as modules and has neither `deps` nor a lock. Paths in that folder are those of the workspace.
"""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from fieldstone.regular_file import read_file
from fieldstone.toolchain import buf
from fieldstone.workspace.config.listed_modules import ListedModule
from fieldstone.workspace.config.text import load_config
from fieldstone.workspace.imports_only import is_at_or_below

_CONFIGS = ("buf.yaml", "buf.work.yaml", "buf.lock")
_PACKAGE = re.compile(rb"(?:^|;)\s*package\s+([\w.]+)\s*;", re.MULTILINE)


def copies_among(paths: Iterable[str], entries: Sequence[ListedModule], root: Path) -> tuple[str, ...]:
    """The third-party paths that are import roots of their own, and that the buf configuration does not list.

    That is where a file lies in the folders of its package: google/api/http.proto below the path.

    Args:
        paths: the paths of the setting, relative to the workspace.
        entries: the listed modules.
        root: the folder of the buf configuration.

    Raises:
        FieldstoneError: a file cannot be read.
    """
    listed = [entry.path for entry in entries]
    unlisted = [path for path in paths if not is_at_or_below(path, [p for p in listed if p != "."])]
    return tuple(path for path in unlisted if not _is_above(path, listed) and _is_import_root(root / path))


def _is_above(path: str, listed: Iterable[str]) -> bool:
    return any(is_at_or_below(module, [path]) for module in listed if module != ".")


def _is_import_root(folder: Path) -> bool:
    first = min(folder.rglob("*.proto"), default=None) if folder.is_dir() else None
    if first is None or not first.is_file():
        return False
    declared = _PACKAGE.search(read_file(first))
    inner = PurePosixPath(first.relative_to(folder).as_posix()).parent.as_posix()
    return declared is not None and inner == declared[1].decode().replace(".", "/")


def laid_out(root: Path, config: str, copies: tuple[str, ...]) -> Path:
    """A folder in which buf finds the workspace with its copies; it is removed when the process ends.

    Args:
        root: the folder of the buf configuration.
        config: the name of that file.
        copies: the paths of the copies, relative to `root`.

    Raises:
        FieldstoneError: the configuration cannot be read, or buf cannot convert it to version v2.
    """
    content = load_config(root / config)
    folders = ["."] if config == "buf.yaml" else [".", *map(str, content.get("directories") or ())]
    texts = {
        f"{folder}/{name}": read_file(root / folder / name)
        for folder in folders
        for name in _CONFIGS[:2]
        if (root / folder / name).is_file()
    }
    top = tuple(sorted(entry.name for entry in root.iterdir()))
    return _laid_out(root, tuple(sorted(texts.items())), tuple(folders), copies, top)


@cache
def _laid_out(
    root: Path, texts: tuple[tuple[str, bytes], ...], folders: tuple[str, ...], copies: tuple[str, ...], _: object
) -> Path:
    scratch = Path(tempfile.mkdtemp(prefix="fieldstone-")).resolve()
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    for folder in folders:
        _link_entries(root / folder, scratch / folder, [other for other in folders if other != folder])
    for path, _content in texts:
        _write(scratch / path, {k: v for k, v in load_config(root / path).items() if k != "deps"})
    if load_config(scratch / texts[0][0]).get("version") != "v2":
        buf.migrate(cwd=scratch)
    config = scratch / "buf.yaml"
    _write(config, _with_copies(load_config(config), copies))
    return scratch


def _link_entries(source: Path, target: Path, inner: Sequence[str]) -> None:
    """Link the entries of a folder, but for configurations and for the folders of modules with their own."""
    target.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        link = target / entry.name
        if entry.name not in {*_CONFIGS, ".git"} and entry.name not in inner and not link.exists():
            link.symlink_to(entry)


def _with_copies(config: Mapping[str, Any], copies: Sequence[str]) -> dict[str, Any]:
    named = {"name": config["name"]} if "name" in config else {}
    modules = [dict(module) for module in config.get("modules") or [{"path": ".", **named}]]
    for module in modules:
        path = PurePosixPath(str(module.get("path", "."))).as_posix()
        excludes = [str(exclude) for exclude in module.get("excludes") or ()]
        inside = [copy for copy in copies if is_at_or_below(copy, [path]) and not is_at_or_below(copy, excludes)]
        kept = [exclude for exclude in excludes if not is_at_or_below(exclude, inside)]
        if inside:
            module["excludes"] = [*kept, *inside]
    rest = {key: value for key, value in config.items() if key not in {"modules", "name"}}
    return {**rest, "modules": [*modules, *({"path": copy} for copy in copies)]}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    import yaml

    path.write_text(yaml.safe_dump(dict(content), sort_keys=False), "utf-8")
