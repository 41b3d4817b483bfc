"""What buf reports about a place in a source."""

from __future__ import annotations

import json

from msgspec import Struct

# What Go's encoder escapes besides what JSON asks for (https://pkg.go.dev/encoding/json#Marshal).
_ESCAPED = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})


class Annotation(Struct, frozen=True):
    """One line of buf's `--error-format json`; lines and columns count from 1, 0 where unknown.

    `path` is as buf printed it: relative to the working directory, or to the module in an image.
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
        """What buf sorts by."""
        return (self.path, self.line, self.column, self.rule, self.message, self.end_line, self.end_column)

    def as_text(self) -> str:
        """The line of `--error-format text`."""
        return f"{self.path or '<input>'}:{self.line}:{self.column}:{self.message}"

    def as_json(self) -> str:
        """The line of `--error-format json`; keys without a value are left out."""
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
