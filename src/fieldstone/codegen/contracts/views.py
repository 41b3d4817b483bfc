"""Views that the templates of contracts and of storage share: imports, and conversions between DTOs."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct


class ImportView(Struct, frozen=True, kw_only=True):
    """One line `from module import name as alias`, or `import module` where `name` is empty."""

    module: str
    name: str = ""
    alias: str = ""

    @property
    def line(self) -> str:
        """The line of Python."""
        if not self.name:
            return f"import {self.module}"
        return f"from {self.module} import {self.name}" + (f" as {self.alias}" if self.alias else "")


class UpcastArgumentView(Struct, frozen=True, kw_only=True):
    """A function that the caller of an upcast gives, for a field that cannot be derived.

    `statements` use it, over `old` and `new`; `comment` says what it does.
    """

    name: str
    type: str
    statements: Sequence[str]
    comment: str


class UpcastView(Struct, frozen=True, kw_only=True):
    """A DTO and the one that takes its place.

    Attributes:
        name: "upcast_step_v1_to_v2" or "downcast_step_v2_to_v1".
        source: the class of the DTO to convert; target: that of the result.
        statements: over `old` and `new`, one after the other.
        arguments: keyword arguments for what cannot be derived.
        lost: fields of the source that the target has no place for.
        parses_json: whether a text of the source must be JSON.
    """

    name: str
    source: str
    target: str
    statements: Sequence[str]
    arguments: Sequence[UpcastArgumentView]
    lost: Sequence[str]
    parses_json: bool
