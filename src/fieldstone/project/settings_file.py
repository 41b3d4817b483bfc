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


def _load_toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Unavailable(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} is not TOML: {error}") from error
    except ValueError as error:  # from the digit limit of Python's `int`
        raise Invalid(f"{path} is not TOML: a number in it is too long (TOML has 64 bits)") from error
    except RecursionError as error:
        raise Invalid(f"{path} is not TOML that can be read: arrays or tables in it are too deep") from error
