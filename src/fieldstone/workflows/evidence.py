"""What goes with the verdict of Fieldstone's own rules, and can be left out."""

from __future__ import annotations

from msgspec import Struct


class Evidence(Struct, frozen=True):
    """What to hold against a verdict.

    Attributes:
        witness: whether to prove what breaks the wire or JSON by a message.
        second_opinion: whether `buf breaking` judges the same images; what only buf finds is found by it alone.
    """

    witness: bool = True
    second_opinion: bool = True


ALL_EVIDENCE = Evidence()
"""What a check has by default, and a release always."""
