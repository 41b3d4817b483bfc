"""The result of a check of one module, shared by all commands that build on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from fieldstone.checking.judgement import Side
    from fieldstone.compatibility.finding import ModuleReport


class Checked(Struct, frozen=True):
    """The result of a check of one module.

    Attributes:
        report: the findings and the verdict.
        image: the compiled module with all its imports; empty if only a part of it was compiled.
        new: the module as compared: with removed files that it now imports from elsewhere. None without `image`.
    """

    report: ModuleReport
    image: bytes = b""
    new: Side | None = None
