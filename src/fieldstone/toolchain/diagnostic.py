"""A diagnostic of buf's about a location in a source."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from msgspec import Struct

from fieldstone.errors import FieldstoneError

COMPILE = "COMPILE"
"""The rule of an annotation that is a compiler error."""

# Characters that Go's encoder escapes beyond the JSON standard (https://pkg.go.dev/encoding/json#Marshal).
_ESCAPED = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})


class Diagnostic(Struct, frozen=True):
    """One line of buf's `--error-format json`; lines and columns count from 1, 0 if unknown.

    `path` is as buf printed it: relative to the working directory, or for an image to the module.
    """

    rule: str
    message: str
    path: str = ""
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0

    @property
    def order(self) -> tuple[str | int, ...]:
        """The key that buf sorts by."""
        return (self.path, self.line, self.column, self.rule, self.message, self.end_line, self.end_column)

    def as_text(self) -> str:
        """The line of `--error-format text`."""
        return f"{self.path or '<input>'}:{self.line}:{self.column}:{self.message}"

    def as_json(self) -> str:
        """The line of `--error-format json`, without empty keys."""
        fields = {
            "path": self.path,
            "start_line": self.line,
            "start_column": self.column,
            "end_line": self.end_line,
            "end_column": self.end_column,
            "type": self.rule,
            "message": self.message,
        }
        given = {key: value for key, value in fields.items() if value}
        return json.dumps(given, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPED)

    @property
    def as_line(self) -> str:
        """The location, if there is one, and the message on one line, as errors list them."""
        location = f"{self.path}:{self.line}:{self.column}: " if self.path else ""
        return " ".join(f"{location}{self.message}".split())


def annotation_of(line: str) -> Diagnostic | None:
    """A parsed line of `--error-format json`; None for any other line."""
    try:
        found = json.loads(line) if line.startswith("{") else None
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    return Diagnostic(
        rule=found.get("type", ""),
        message=found.get("message", ""),
        path=found.get("path", ""),
        line=found.get("start_line", 0),
        column=found.get("start_column", 0),
        end_line=found.get("end_line", 0),
        end_column=found.get("end_column", 0),
    )


class CompileError(FieldstoneError):
    """Sources that do not compile. The text has one line; several errors follow it, one a line.

    Args:
        what: the beginning of the sentence: "schemas/telemetry does not compile".
        errors: the compiler's errors, at least one; duplicates are removed.
    """

    def __init__(self, what: str, errors: Iterable[Diagnostic]) -> None:
        self.errors: Sequence[Diagnostic] = sorted(dict.fromkeys(errors), key=lambda error: error.order)
        only = len(self.errors) == 1
        super().__init__(f"{what}: {self.errors[0].as_line if only else f'{len(self.errors)} errors'}")

    def __str__(self) -> str:
        """The problem, followed by a line for each error if there are several."""
        lines = [error.as_line for error in self.errors] if len(self.errors) > 1 else []
        return "\n".join((super().__str__(), *lines))
