"""The parts of a check that can be left out."""

from __future__ import annotations

from msgspec import Struct


class CheckOptions(Struct, frozen=True):
    """The proofs of a verdict, and what is judged beside compatibility.

    Attributes:
        witness: whether to prove what breaks the wire or JSON by a message.
        second_opinion: whether `buf breaking` judges the same images, and a disagreement ends the check.
        style: whether `buf lint` and the naming rules judge the style.
    """

    witness: bool = True
    second_opinion: bool = True
    style: bool = True


DEFAULT_OPTIONS = CheckOptions()
"""All parts: the default of a check, and always those of a release."""
