"""`fieldstone.style.toml`: the style faults that existed when Fieldstone was set up, by rule and file.

Each rule of `buf lint` has a table of paths, relative to the file, with the number of its faults there. Up to that
number they are not reported, so that new names are held to the style and old ones are not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import Struct

from fieldstone.errors import Invalid, Unavailable

KNOWN_STYLE = "fieldstone.style.toml"
"""The name of the file, which lies beside the settings."""

Faults = Mapping[tuple[str, str], int]
"""The number of faults by rule and path."""

_RULE = re.compile(r"[A-Z][A-Z0-9_]*")
_HEAD = """\
# Faults of style that existed when Fieldstone was set up: rule, file, number. New ones are refused.
# Fix some, and `fieldstone check` says which lines to lower or delete.
# In a pull request, more of them weaken the policy.
"""


class KnownStyle(Struct, frozen=True):
    """The known faults.

    Attributes:
        file: the absolute path of the file; None if there is none.
        faults: the number of faults by rule and path; paths are relative to the file.
    """

    file: Path | None = None
    faults: Faults = {}

    def shared(self, other: KnownStyle) -> KnownStyle:
        """The faults that both know, in the smaller number, under this file's name."""
        both = {key: min(count, other.faults[key]) for key, count in self.faults.items() if key in other.faults}
        return KnownStyle(self.file, both)

    def line(self, rule: str, path: str) -> int:
        """The number of the line with an entry, from 1; 0 if it is not found."""
        table = ""
        for number, text in enumerate(self.file.read_text("utf-8").splitlines() if self.file else (), 1):
            if header := re.match(r"\s*\[\s*(\w+)\s*\]", text):
                table = header[1]
            elif table == rule and text.lstrip().startswith((json.dumps(path, ensure_ascii=False), f"'{path}'")):
                return number
        return 0


def load_known_style(folder: Path) -> KnownStyle:
    """The known faults beside the settings in a folder; none if there is no such file.

    Raises:
        FieldstoneError: the file cannot be read, or is not of this form.
    """
    import tomllib

    file = folder / KNOWN_STYLE
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return KnownStyle()
    except OSError as error:
        raise Unavailable(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{file} is not TOML: {error}") from error
    return KnownStyle(file, {(rule, path): count for rule, path, count in _entries(content, file)})


def to_toml(faults: Faults) -> str:
    """The text of the file, sorted by rule and path."""
    lines = [_HEAD]
    table = ""
    for (rule, path), count in sorted(faults.items()):
        lines += [f"\n[{rule}]\n"] if rule != table else []
        lines.append(f"{json.dumps(path, ensure_ascii=False)} = {count}\n")
        table = rule
    return "".join(lines)


def _entries(content: Mapping[str, Any], file: Path) -> Iterator[tuple[str, str, int]]:
    for rule, paths in content.items():
        if not _RULE.fullmatch(rule) or not isinstance(paths, dict):
            raise Invalid(
                f"{file} has {rule!r}, which is no table of a rule of buf", fix="write [RULE] as buf names it"
            )
        for path, count in paths.items():
            if not _is_relative(path):
                raise Invalid(f"{rule} in {file} has the path {path!r}", fix="write it relative to that file, with `/`")
            if not isinstance(count, int) or isinstance(count, bool) or count < 1:
                raise Invalid(
                    f"{rule} in {file} has {count!r} for {path}", fix="write the number of faults, or delete it"
                )
            yield rule, path, count


def _is_relative(path: str) -> bool:
    return "\0" not in path and "\\" not in path and path == PurePosixPath(path).as_posix() and not path.startswith("/")
