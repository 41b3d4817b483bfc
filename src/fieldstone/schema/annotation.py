"""What buf reports about a place in a source."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Annotation:
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
