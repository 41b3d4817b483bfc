"""The optional parts of a check."""

from __future__ import annotations

from msgspec import Struct


class CheckOptions(Struct, frozen=True):
    """Optional parts of a check: witnesses, second opinion, style.

    Attributes:
        witness: whether to show an example message for each wire or JSON break.
        second_opinion: whether `buf breaking` runs on the same images; a disagreement ends the check with an error.
        style: whether `buf lint` and the naming rules run.
        linter: whether `buf lint` is a part of style.
        all_errors: whether a module with changed files that do not compile is compiled as a whole, to list the errors
            in unchanged files that import them. That takes as long as the whole module does.
    """

    witness: bool = True
    second_opinion: bool = True
    style: bool = True
    linter: bool = True
    all_errors: bool = True


DEFAULT_OPTIONS = CheckOptions()
"""All parts: the default of a check; a release has them all, but may leave style out."""
