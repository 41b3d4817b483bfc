"""The remote dependencies of a buf workspace, for the error when buf cannot fetch them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_UNREACHABLE = re.compile(
    r"server hosted at that remote is unavailable|no such host|connection refused|i/o timeout|deadline exceeded"
    r"|network is unreachable|TLS handshake|x509:|unauthenticated|you are not authenticated|not present in buf\.lock",
    re.IGNORECASE,
)
_UNRESOLVED = re.compile("imported file does not exist")
_FOLDERS = ("third_party", "third-party", "vendor", "include", "proto_deps", "deps", ".")
_SHOWN = 12


def unfetched(problem: str, folder: Path) -> tuple[str, str]:
    """The modules that buf could not fetch, and the ways out; both empty if its error is about something else.

    Args:
        problem: buf's error message.
        folder: the folder that buf ran in.
    """
    named, locked = remote_modules(folder)
    if _UNREACHABLE.search(problem) and named | locked:
        names, what = sorted(named | locked), "buf cannot fetch"
    elif _UNRESOLVED.search(problem) and named - locked:
        names, what = sorted(named - locked), "no buf.lock pins"
    else:
        return "", ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{what} {', '.join(names[:_SHOWN])}{more}", _ways_out(names, folder)


def remote_modules(folder: Path) -> tuple[set[str], set[str]]:
    """The modules that a workspace's buf configurations name as dependencies, and those that its locks pin.

    Those that the workspace has itself, under that name, are left out. Files that cannot be read name none.
    """
    named: set[str] = set()
    locked: set[str] = set()
    own = {""}
    for place in (folder, *_directories(folder)):
        config, lock = _load(place / "buf.yaml"), _load(place / "buf.lock")
        named |= {str(dep).partition(":")[0] for dep in _list(config, "deps")}
        locked |= {_locked(dep) for dep in _list(lock, "deps") if isinstance(dep, dict)}
        own |= {str(config.get("name", ""))} | {str(m.get("name")) for m in _list(config, "modules") if _is_map(m)}
    return named - own, locked - own


def copy_of(name: str, folder: Path) -> str:
    """The path of a folder that looks like a copy of a module, by its name; empty without one.

    Args:
        name: the module: buf.build/googleapis/googleapis.
        folder: the root of the workspace.
    """
    parts = name.split("/")
    for place in _FOLDERS:
        for ending in ("/".join(parts), "/".join(parts[1:]), parts[-1]):
            found = folder / place / ending
            if found.is_dir() and next(found.rglob("*.proto"), None):
                return found.relative_to(folder).as_posix()
    return ""


def _ways_out(names: list[str], folder: Path) -> str:
    copies = {name: path for name in names if (path := copy_of(name, folder))}
    missing = [name for name in names if name not in copies]
    ways = ["reach the registry (network, proxy, `buf registry login`) and run `buf dep update`"]
    if missing:
        exported = f"`buf export {missing[0]} -o third_party/{missing[0].rpartition('/')[2]}`"
        ways.append(f"or where it can be reached, copy each one into this repository: {exported}")
    paths = [*copies.values(), *(f"third_party/{name.rpartition('/')[2]}" for name in missing)]
    listed = ", ".join(f'"{path}"' for path in dict.fromkeys(paths))
    there = f"{', '.join(copies.values())} {'looks' if len(copies) == 1 else 'look'} like a copy: " if copies else ""
    ways.append(f"{there}set imports-only = [{listed}] in the settings, and the copies stand for `deps`")
    return "; ".join(ways)


def _directories(folder: Path) -> Iterator[Path]:
    for path in _list(_load(folder / "buf.work.yaml"), "directories"):
        yield folder / str(path)


def _locked(dep: dict[str, Any]) -> str:
    """The name of a module in a lock: of version v2 in one key, of v1 in three."""
    if dep.get("name"):
        return str(dep["name"])
    parts = [str(dep.get(key, "")) for key in ("remote", "owner", "repository")]
    return "/".join(parts) if all(parts) else ""


def _load(path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_bytes())
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}


def _list(content: dict[str, Any], key: str) -> list[Any]:
    found = content.get(key)
    return found if isinstance(found, list) else []


def _is_map(value: object) -> bool:
    return isinstance(value, dict)
