"""The result of a check of one module, for every verb that goes on from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from fieldstone.checking.judgement import Side
    from fieldstone.compatibility.finding import ModuleReport


class Checked(Struct, frozen=True):
    """A module that was judged.

    Attributes:
        report: the findings and the verdict.
        image: the compiled module with all that it imports, in bytes; empty where it was not compiled as a whole.
        new: the module as it was compared: with the files that left, where it imports them now. None without `image`.
    """

    report: ModuleReport
    image: bytes = b""
    new: Side | None = None
