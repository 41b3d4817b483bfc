"""The settings file of a folder: fieldstone.toml, or pyproject.toml with `[tool.fieldstone]`."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fieldstone.errors import Invalid, Unavailable
from fieldstone.project.waiver_table import with_text_dates

OWN_FILE = "fieldstone.toml"
"""The name of the file with settings only."""

_TABLE = "fieldstone"
"""The table of the settings below [tool] in pyproject.toml."""


def load_settings_file(folder: Path) -> tuple[Path, Mapping[str, Any]] | None:
    """The settings file of a folder and its settings, not validated; None if the folder has none.

    Raises:
        FieldstoneError: the folder has two, or the file cannot be read, is not TOML, or is a fieldstone.toml with a
            table [tool.fieldstone].
    """
    pyproject, own = folder / "pyproject.toml", folder / OWN_FILE
    in_pyproject = _has_table(shared := _load_toml(pyproject) if _is_there(pyproject) else {})
    if not _is_there(own):
        return (pyproject, with_text_dates(shared["tool"][_TABLE])) if in_pyproject else None
    if in_pyproject:
        raise Invalid(
            f"two files hold the settings: {own}, and {pyproject} with [tool.{_TABLE}]",
            fix="move everything into one of them and delete the other",
        )
    values = _load_toml(own)
    if _has_table(values):
        raise Invalid(
            f"{own} has a table [tool.{_TABLE}]",
            fix=f"drop [tool.{_TABLE}]: in {OWN_FILE} the keys stand at the top",
        )
    return own, with_text_dates(values)


def _has_table(content: Mapping[str, Any]) -> bool:
    """Whether a file has the table [tool.fieldstone]."""
    return isinstance(content.get("tool"), dict) and _TABLE in content["tool"]


def _is_there(file: Path) -> bool:
    """Whether a settings file exists; raises for a broken link or a folder, which would hide the settings silently."""
    if os.path.lexists(file) and not file.is_file():
        raise Invalid(f"{file} is not a file that can be read", fix="restore it, or remove it")
    return file.is_file()


def parse_settings(content: bytes, *, name: str, where: str) -> Mapping[str, Any]:
    """The settings in a file that others extend, not validated.

    Args:
        content: its content.
        name: its name: a pyproject.toml has them in [tool.fieldstone], any other file at the top.
        where: its path or address, for error messages.

    Raises:
        FieldstoneError: it is not TOML, or has no such table.
    """
    values = parse_toml(content, where=where)
    if name == "pyproject.toml" and not _has_table(values):
        raise Invalid(f"{where} has no table [tool.{_TABLE}]", fix="name the file with the shared settings")
    settings: Mapping[str, Any] = with_text_dates(values["tool"][_TABLE] if name == "pyproject.toml" else values)
    return settings


def _load_toml(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unavailable(f"cannot read {path}: {error.strerror}") from error
    return parse_toml(content, where=str(path))


def parse_toml(content: bytes, *, where: str) -> dict[str, Any]:
    """The content of a TOML file.

    Args:
        content: its bytes.
        where: its path or address, for error messages.

    Raises:
        FieldstoneError: it is not TOML.
    """
    import tomllib

    try:
        return tomllib.loads(content.decode("utf-8").replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{where} is not TOML: {error}") from error
    except ValueError as error:  # from the digit limit of Python's `int`
        raise Invalid(f"{where} is not TOML: a number in it is too long (TOML has 64 bits)") from error
    except RecursionError as error:
        raise Invalid(f"{where} is not TOML that can be read: arrays or tables in it are too deep") from error
