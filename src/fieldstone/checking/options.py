"""The optional parts of a check."""

from __future__ import annotations

from msgspec import Struct


class CheckOptions(Struct, frozen=True):
    """Optional parts of a check: witnesses, second opinion, style.

    Attributes:
        witness: whether to show an example message for each wire or JSON break.
        second_opinion: whether `buf breaking` runs on the same images; a disagreement ends the check with an error.
        style: whether `buf lint` and the naming rules run.
    """

    witness: bool = True
    second_opinion: bool = True
    style: bool = True


DEFAULT_OPTIONS = CheckOptions()
"""All parts: the default of a check; a release has them all, but may leave style out."""
