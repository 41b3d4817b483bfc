"""The value of an argument that was left out, where None is a value."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
"""Left out: `update_` leaves the attribute as it is."""
