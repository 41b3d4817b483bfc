"""Fieldstone's annotations, as a file that a module can import."""

from __future__ import annotations

from importlib.resources import files

VOCABULARY = "fieldstone/v1/annotations.proto"
"""Its import path."""


def vocabulary_text() -> str:
    """The text of the file, as this version of Fieldstone provides it."""
    return files("fieldstone").joinpath("vocabulary", *VOCABULARY.split("/")).read_text("utf-8")
