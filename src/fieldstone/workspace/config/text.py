"""Parses a configuration of buf or pre-commit: YAML with limits on nesting and aliases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fieldstone.errors import FieldstoneError, Invalid
from fieldstone.regular_file import read_file

_DEEPEST = 100
_MOST = 1_000_000


def load_config(path: Path) -> Mapping[str, Any]:
    """The content of a buf configuration; an empty file gives an empty mapping.

    Raises:
        FieldstoneError: it cannot be read, or is no mapping.
    """
    return parse_config(read_file(path), path)


def parse_config(content: bytes, path: Path, kind: str = "a buf configuration") -> Mapping[str, Any]:
    """The content of a configuration; an empty file gives an empty mapping.

    Args:
        content: its bytes.
        path: its path, for the error.
        kind: what it is, for the error.

    Raises:
        FieldstoneError: it is no YAML, no mapping, or nests deeper or contains more than a configuration does.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_deep(yaml.parse(content, Loader=loader), path, kind)
        parsed = yaml.load(content, Loader=loader)  # noqa: S506 - both are safe loaders
    except (yaml.YAMLError, ValueError, LookupError, AttributeError) as error:  # values that do not fit their tag
        raise Invalid(f"{path} is not YAML: {error}") from error
    if parsed is None:
        return {}
    if not isinstance(parsed, dict):
        raise Invalid(f"{path} is not {kind}: it holds no mapping")
    _refuse_endless(parsed, path, kind)
    return parsed


def _refuse_deep(events: Iterable[Any], path: Path, kind: str) -> None:
    """Refuse deep nesting, which would overflow the stack while loading."""
    import yaml

    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise _too_much(path, kind)


def _refuse_endless(parsed: Any, path: Path, kind: str) -> None:
    """Refuse aliases that are recursive or multiply to too many values, and NULs."""
    due, seen = [(parsed, 1)], 0
    while due:
        value, depth = due.pop()
        if isinstance(value, str) and "\0" in value:
            raise Invalid(f"{path} is not {kind}: {value[:80]!r} holds a NUL", fix="remove it")
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple | set) else ()
        seen += len(inside)
        if depth > _DEEPEST or seen > _MOST:
            raise _too_much(path, kind)
        due += [(item, depth + 1) for item in inside]


def _too_much(path: Path, kind: str) -> FieldstoneError:
    return Invalid(
        f"{path} is not {kind}: it nests more than {_DEEPEST} levels, or holds more than {_MOST:,} values",
        fix="replace its aliases by their values",
    )
