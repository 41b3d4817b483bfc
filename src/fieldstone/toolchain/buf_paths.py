"""Paths as flags on the command line of buf."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from fieldstone.errors import Unavailable

_COMMAND_LINE = 30_000 if os.name == "nt" else 500_000
"""The bytes of arguments that every system accepts: Windows 32,767 characters, macOS 1 MB with the environment."""

_WORD = 9
"""The bytes of an argument besides its text: a pointer, and the byte that ends it."""


def exclusions(paths: Iterable[str]) -> list[str]:
    """Flags that leave these paths alone."""
    return [argument for path in paths for argument in ("--exclude-path", _one_value(path))]


def selection(only: Iterable[str], within: Iterable[str]) -> list[str]:
    """Flags that select these files, else the module; none, which selects the whole target, if it is the module.

    Raises:
        FieldstoneError: the flags that select the module exceed the length of a command line.
    """
    files, module = path_flags(only), path_flags(within)
    if files and _fits(files):
        return files
    if not _fits(module):
        raise Unavailable(
            f"a module that shares its path or its buf.yaml with others takes {len(module) // 2:,} arguments of buf",
            fix="list it in buf.yaml (version v2) with a path of its own",
        )
    return module


def fits(paths: Iterable[str]) -> bool:
    """Whether these files can be selected: buf drops a path that it does not find without a word."""
    return _fits(path_flags(paths))


def path_flags(paths: Iterable[str]) -> list[str]:
    """Flags that select these paths alone."""
    return [argument for path in paths for argument in ("--path", _one_value(path))]


def _fits(flags: Iterable[str]) -> bool:
    sizes = [-1 if "\r" in flag else len(os.fsencode(flag)) + _WORD for flag in flags]  # CSV drops a carriage return
    return -1 not in sizes and sum(sizes) <= _COMMAND_LINE


def _one_value(path: str) -> str:
    """A path as the value of a flag that accepts several, separated by commas (CSV, RFC 4180)."""
    quoted = path.replace('"', '""')
    return f'"{quoted}"' if {",", '"', "\n", "\r"} & {*path} else path


def portions(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    """The paths in portions that fit a command line, with a flag for each."""
    longest = max((len(os.fsencode(path)) for path in paths), default=0)
    size = _COMMAND_LINE // (longest + len("--path") + 2 * _WORD)
    return (paths[start : start + size] for start in range(0, len(paths), size))
