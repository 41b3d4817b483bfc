"""What goes with the verdict of Fieldstone's rules on compatibility, and can be left out."""

from __future__ import annotations

from msgspec import Struct


class Evidence(Struct, frozen=True):
    """What to hold against a verdict, and what to judge beside it.

    Attributes:
        witness: whether to prove what breaks the wire or JSON by a message.
        second_opinion: whether `buf breaking` judges the same images, and a disagreement ends the check.
        style: whether `buf lint` and the naming rules judge the style.
    """

    witness: bool = True
    second_opinion: bool = True
    style: bool = True


ALL_EVIDENCE = Evidence()
"""What a check has by default, and a release always."""
